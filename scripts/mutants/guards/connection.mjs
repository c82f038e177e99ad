const SSH = 'packages/cli/src/ssh';
const SSHD = 'packages/cli/test/sshd';
const AHEAD = `${SSHD}/sent-ahead.test.ts > a host that was met before`;

/** What a connection is trusted with, how long it may take, and what is sent before the host has answered. */
export const CONNECTION_MUTANTS = [
  {
    guard: 'a host key is judged',
    file: `${SSH}/ssh2/session.ts`,
    text: 'check.verify(key, (ok) => answerHost(answer, ok));',
    instead: 'check.verify(key, () => answerHost(answer, true));',
    test: `${SSHD}/connection-host-keys.test.ts > an unknown host key is refused before any authentication, with its fingerprint`,
  },
  {
    guard: 'a host key that changes in a rekey ends the session',
    file: `${SSH}/host-keys/host-key-check.ts`,
    text: 'answer(same);',
    instead: 'answer(true);',
    test: `${SSH}/host-keys/host-key-check.test.ts > another key on a rekey is refused, even one that would have been asked about`,
  },
  {
    guard: 'a signature of a host key is checked',
    file: `${SSH}/ssh2/inner.ts`,
    text: 'return verify(null, data, key, signature);',
    instead: 'return verify(null, data, key, signature) || true;',
    test: `${SSH}/ssh2/inner.test.ts > signatures of ed25519 keys are checked as before, only faster`,
  },
  {
    guard: 'a connection that is not there in time is given up',
    file: `${SSH}/deadline.ts`,
    text: 'timer = setTimeout(onOver, Math.max(0, left));',
    instead: 'timer = setTimeout(() => onOver, Math.max(0, left));',
    test: `${SSHD}/connection.test.ts > a port without a usable server that never answers is E_CONNECT_TIMEOUT at the deadline`,
  },
  {
    guard: 'a channel that says nothing of its end has no exit code',
    file: `${SSH}/ssh2/exec-channel.ts`,
    text: 'let end: ExecEnd = { exitCode: null, signal: null };',
    instead: 'let end: ExecEnd = { exitCode: 0, signal: null };',
    test: `${SSHD}/connection.test.ts > a session that is cut leaves the end of its channels unknown and refuses further ones`,
  },
  {
    guard: 'a host that hangs up on what is sent ahead is reached the plain way',
    file: `${SSH}/ssh2/connect-host.ts`,
    text: 'if (flight?.wasSent !== true || !hungUp) throw error;',
    instead: 'throw error;',
    test: `${SSHD}/sent-ahead.test.ts > a host that was never met and hangs up on what is sent ahead is reached the plain way, then and from then on`,
  },
  {
    guard: 'a host that takes nothing ahead is remembered',
    file: `${SSH}/ssh2/connect-host.ts`,
    text: 'notes.refuse(software);',
    instead: 'notes.refuse(software.slice(0, 1));',
    test: `${SSHD}/sent-ahead.test.ts > a host that was never met and hangs up on what is sent ahead is reached the plain way, then and from then on`,
  },
  {
    guard: 'what was sent and not answered may have run',
    file: `${SSH}/ssh2/connect-host.ts`,
    text: 'if (flight?.isOpen === true && flight.channel !== undefined) {',
    instead: 'if (flight === undefined) {',
    test: `${AHEAD} loses the link before it has answered: whatever was sent may have run, and nobody says otherwise`,
  },
  {
    guard: 'a program that was sent with a refused key is sent again, once',
    file: `${SSH}/ssh2/ahead.ts`,
    text: 'state.channel = undefined;\n        connection.dropAhead();',
    instead: '',
    test: `${AHEAD} and now wants another key gets it over the same connection, and runs the program once`,
  },
  {
    guard: 'a program is sent ahead only with the key that was let in',
    file: `${SSH}/ssh2/ahead.ts`,
    text: "return isLetIn && record.doubts < MAX_DOUBTS ? 'program' : 'authentication';",
    instead: "return record.doubts < MAX_DOUBTS ? 'program' : 'authentication';",
    test: `${SSH}/ssh2/ahead.test.ts > what is sent ahead to one that lets another key in`,
  },
  {
    guard: 'an agent signs unasked-for only with a key that is known to fit',
    file: `${SSH}/ssh2/ahead.ts`,
    text: "if (first.isHeldByAgent && identities.length > 1 && !isLetIn) return 'nothing';",
    instead: '',
    test: `${SSH}/ssh2/ahead.test.ts > what is sent ahead to one of several keys of an agent`,
  },
  {
    guard: 'a channel is foreseen only where no other is open',
    file: `${SSH}/ssh2/channel-forecast.ts`,
    text: 'begun++;\n      idle = false;',
    instead: 'begun++;',
    test: `${SSH}/ssh2/channel-forecast.test.ts > beside an open channel nothing is foreseen`,
  },
  {
    guard: 'a server that was asked before a channel was closed has said nothing of that one',
    file: `${SSH}/ssh2/channel-forecast.ts`,
    text: 'if (begun === lastBegun) idle = true;',
    instead: 'if (begun >= lastBegun) idle = open === 0;',
    test: `${SSH}/ssh2/channel-forecast.test.ts > an answer from before another channel was closed says nothing of that one`,
  },
  {
    guard: 'dropbear is sent no more input ahead than it keeps',
    file: `${SSH}/ssh2/channel-forecast.ts`,
    text: 'inputBytes: 24 * 1024',
    instead: 'inputBytes: 1024 * 1024',
    test: 'packages/cli/test/docker/sent-ahead.test.ts > dropbear takes a program ahead, with as much of its input as it keeps',
  },
  {
    guard: 'a login that host after host refuses is not tried on',
    file: 'packages/cli/src/fleet/login-budget.ts',
    text: 'spent ||= inRow >= limit;',
    instead: 'spent ||= inRow > limit;',
    test: `${SSHD}/fleet.test.ts > --max-auth-fail ends a run that host after host refuses with the same login over ssh2`,
  },
  {
    guard: 'RSA keys sign only with what the configuration allows, and never with SHA-1',
    file: `${SSH}/ssh2/session.ts`,
    text: 'inner?.limitRsa(listRsaAlgorithms(parts.settings));',
    instead: 'listRsaAlgorithms(parts.settings);',
    test: `${SSHD}/connection-identities.test.ts > what the ssh configuration says of methods an RSA key that is asked about first is asked about with nothing else`,
  },
];
