const ARGUMENTS = 'packages/cli/src/ssh/openssh/arguments.ts';
const CHANNEL = 'packages/cli/src/ssh/openssh/channel.ts';
const MASTER = 'packages/cli/src/ssh/openssh/master.ts';
const PASSPHRASES = 'packages/cli/src/ssh/openssh/passphrases.ts';
const QUESTIONS = 'packages/cli/src/ssh/openssh/questions';
const STREAMS = 'packages/cli/src/ssh/openssh/streams.ts';
const CONFORMANCE = 'packages/cli/test/sshd/transport-conformance.test.ts > openssh';
const LEFTOVERS = 'packages/cli/test/sshd/openssh-leftovers.test.ts > nothing is left behind';
const TRANSPORT = 'packages/cli/test/sshd/openssh-transport.test.ts';

/** What an ssh of ours must not do, and what is known of what it did. */
export const OPENSSH_MUTANTS = [
  {
    guard: 'openssh: a changed host key is refused, whatever StrictHostKeyChecking says',
    file: ARGUMENTS,
    text: "strictHostKeyChecking === 'no' ? 'accept-new' : strictHostKeyChecking",
    instead: 'strictHostKeyChecking',
    test: `${CONFORMANCE} a host key that has changed is refused with StrictHostKeyChecking no`,
  },
  {
    guard: 'openssh: what is ours wins over what the user asks for',
    file: ARGUMENTS,
    text: "    'ClearAllForwardings=yes',\n",
    instead: '',
    test: 'packages/cli/src/ssh/openssh/arguments.test.ts > what keeps a connection safe and ours wins over what the user asks for',
  },
  {
    guard: 'openssh: an ssh whose program was killed ends',
    file: MASTER,
    text: '  kill -s TERM -- "-$$"\n  rm -rf -- "$0"\n  sleep 1\n  kill -s KILL -- "-$$"\n',
    instead: '  rm -rf -- "$0"\n',
    test: `${LEFTOVERS} by a program that was killed while it was connecting`,
  },
  {
    guard: 'openssh: the folder of a program that was killed is removed',
    file: MASTER,
    text: '  rm -rf -- "$0"\n',
    instead: '',
    test: `${LEFTOVERS} by a program that was killed while it was connected`,
  },
  {
    guard: 'openssh: an attempt that is over ends all that it has started',
    file: MASTER,
    text: 'process.kill(-pid, signal)',
    instead: 'process.kill(pid, signal)',
    test: `${LEFTOVERS} by an attempt that ran out of time, nor by its ProxyCommand`,
  },
  {
    guard: 'openssh: what nobody reads stops the program',
    file: STREAMS,
    text: 'if (this.push(bytes)) this.#payBack();',
    instead: 'this.push(bytes);\n    this.#payBack();',
    test: `${CONFORMANCE} a channel makes the program wait for a reader that is slow, and loses nothing`,
  },
  {
    guard: 'openssh: no more is sent than the server has room for',
    file: STREAMS,
    text: 'Math.min(this.#window, this.#options.maxPacket)',
    instead: 'this.#options.maxPacket',
    also: { text: ' && this.#window > 0', instead: '' },
    test: `${CONFORMANCE} a channel carries more than any buffer holds, both ways`,
  },
  {
    guard: 'openssh: a cut connection leaves the end unknown',
    file: CHANNEL,
    text: '#end: ExecEnd = { exitCode: null, signal: null };',
    instead: '#end: ExecEnd = { exitCode: 0, signal: null };',
    test: `${CONFORMANCE} a lost connection (cut) leaves the end unknown and takes no more`,
  },
  {
    guard: 'openssh: a person who gave up is asked nothing more',
    file: 'packages/cli/src/ssh/openssh/connect.ts',
    text: 'gaveUp ? undefined : await',
    instead: 'await',
    test: `${TRANSPORT} > questions that nobody answers end in E_AUTH, and off a terminal there are none`,
  },
  {
    guard: 'openssh: a passphrase that is known is not asked for again',
    file: PASSPHRASES,
    text: 'remembered.set(path, answer);',
    instead: '',
    test: `${CONFORMANCE} an encrypted key is unlocked by one question for all hosts`,
  },
  {
    guard: 'openssh: a passphrase that was wrong is asked for again',
    file: PASSPHRASES,
    text: '!last.toldTo.has(asker)',
    instead: 'last.toldTo.size >= 0',
    test: `${CONFORMANCE} an encrypted key is asked about again where that was not it, then all hosts are reached`,
  },
  {
    guard: 'openssh: who does not know a passphrase is not asked by each host',
    file: PASSPHRASES,
    text: 'triesBefore >= PASSPHRASE_TRIES',
    instead: 'triesBefore >= 10 * PASSPHRASE_TRIES',
    test: `${CONFORMANCE} an encrypted key of which a person does not know it is left out for all hosts`,
  },
  {
    guard: 'openssh: the ssh of a ProxyCommand is another one',
    file: 'packages/cli/bin/askpass.mjs',
    text: 'asker: process.ppid',
    instead: 'asker: 1',
    test: `${TRANSPORT} > questions for a key that a ProxyCommand needs as well are one`,
  },
  {
    guard: 'openssh: a host that asks for a passphrase is not told the one of a key',
    file: 'packages/cli/src/ssh/openssh/failure.ts',
    text: '/^Enter passphrase for key',
    instead: '/Enter passphrase for key',
    test: `${QUESTIONS}.test.ts > what a host asks in the words of ssh is asked for each host, with its name`,
  },
  {
    guard: 'openssh: nor where ssh does not tell who asks',
    file: `${QUESTIONS}.ts`,
    text: '(await answers.marksHostQuestions())',
    instead: '(await answers.marksHostQuestions(), true)',
    test: `${QUESTIONS}.test.ts > where a host could ask in the words of ssh, nothing is answered for all`,
  },
  {
    guard: 'openssh: a socket finds room whatever TMPDIR says',
    file: 'packages/cli/src/ssh/openssh/control-folder.ts',
    text: 'const LONGEST_BASE = 60;',
    instead: 'const LONGEST_BASE = 600;',
    test: `${TRANSPORT} > a TMPDIR that is too long for a socket does no harm`,
  },
  {
    guard: 'openssh: what a ProxyCommand says is not taken for what ssh says',
    file: 'packages/cli/src/ssh/openssh/failure.ts',
    text: 'if (isProxied) return undefined;',
    instead: '',
    test: 'packages/cli/src/ssh/openssh/failure.test.ts > dialling for proxy-unreached fails with undefined',
  },
  {
    guard: 'openssh: a login banner does not decide what went wrong',
    file: 'packages/cli/src/ssh/openssh/log-stages.ts',
    text: "lines.indexOf('debug1: SSH2_MSG_NEWKEYS received', banner)",
    instead: '-1',
    test: `${TRANSPORT} > the words of others do not decide what went wrong over openssh where the banner of the host speaks like ssh`,
  },
  {
    guard: 'a laptop without files left has an outcome for each host',
    file: 'packages/cli/src/ssh/spawn-shell.ts',
    text: "await once(child, 'spawn');",
    instead: "once(child, 'spawn').catch(() => undefined);",
    test: 'packages/cli/test/sshd/open-files.test.ts > where the laptop may open fewer files than its hosts need, each host has an outcome over openssh',
  },
];
