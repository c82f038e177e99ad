const ARGUMENTS = 'packages/cli/src/ssh/openssh/arguments.ts';
const CHANNEL = 'packages/cli/src/ssh/openssh/channel.ts';
const MASTER = 'packages/cli/src/ssh/openssh/master.ts';
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
    guard: 'openssh: a socket finds room whatever TMPDIR says',
    file: 'packages/cli/src/ssh/openssh/control-folder.ts',
    text: 'const LONGEST_BASE = 60;',
    instead: 'const LONGEST_BASE = 600;',
    test: `${TRANSPORT} > a TMPDIR that is too long for a socket does no harm`,
  },
];
