const SESSION = 'packages/cli/src/fleet/host-session.ts';
const CUT_ANYWHERE =
  'packages/cli/test/sshd/reliability/cut-anywhere.test.ts > a start, a status and a stop that are cut behind any byte tell nothing that is not so';

/** What is told when a link breaks. */
export const LINK_MUTANTS = [
  {
    guard: 'what is asked again keeps the id of its request',
    file: SESSION,
    text: 'answer = await this.#ask(operation, options).catch',
    instead: 'answer = await this.#ask(operation, { ...options, request: createRequestId() } as Options).catch',
    test: CUT_ANYWHERE,
  },
  {
    guard: 'whether something was done whose answer was lost is not known',
    file: SESSION,
    text: 'throw this.explainSilence(operation.mutates, answer)',
    instead: 'throw this.explainSilence(false, answer)',
    also: { text: 'repeats < MAX_REPEATS', instead: 'repeats < MAX_REPEATS - 2' },
    test: CUT_ANYWHERE,
  },
  {
    guard: 'a look at what was started is made again where it was cut off',
    file: 'packages/cli/src/fleet/prove-detached.ts',
    text: 'looks === MAX_LOOKS',
    instead: 'looks < MAX_LOOKS',
    test: 'packages/cli/test/sshd/detached.test.ts > an app that was started is looked at once more where the second connection is cut off',
  },
  {
    guard: 'a connection that ends while a channel is opened is lost',
    file: 'packages/cli/src/ssh/ssh2/connection.ts',
    text: 'runs nothing.\n      if (gone) throw buildLostError(lastError);',
    instead: 'runs nothing.',
    test: 'packages/cli/test/sshd/connection.test.ts > a session that is cut while a channel opens beside another is lost, wherever that is',
  },
  {
    guard: 'an interrupt before anything was sent is no result that nobody knows',
    file: SESSION,
    text: 'signal.aborted && !context.reached && isStopped',
    instead: 'context.reached && isStopped',
    test: 'packages/cli/test/sshd/interrupt.test.ts > Ctrl-C before the login over ssh2: nothing was sent, and that is said',
  },
];
