const TESTS = 'packages/cli/test/sshd/library.test.ts';
const RUN = 'packages/cli/src/library/fleet-run.ts';
const FLEET = 'packages/cli/src/library/fleet.ts';

/** What programs rely on that use the library. */
export const LIBRARY_MUTANTS = [
  {
    guard: 'no host is begun before a loop is done with the one before',
    file: RUN,
    text: 'return this.#isRead ? promise : undefined;',
    instead: 'void promise;',
    test: `${TESTS} > a loop over a run sets its pace, and leaving it begins no further host`,
  },
  {
    guard: 'no host is begun once a loop was left',
    file: RUN,
    text: '    this.#enough.abort();',
    instead: '',
    test: `${TESTS} > a loop over a run sets its pace, and leaving it begins no further host`,
  },
  {
    guard: 'a loop that is left waits for the hosts that were begun',
    file: RUN,
    text: 'await this.#outcomes.catch(() => undefined);',
    instead: '',
    test: `${TESTS} > a run that is left early waits for the hosts that were begun`,
  },
  {
    guard: 'what a program starts is seen over a connection of its own',
    file: 'packages/cli/src/library/host.ts',
    text: 'requireDone(await proveDetached(fresh, result, new Set()), complete.app)',
    instead: 'requireDone(limit.isTimedOut ? await proveDetached(fresh, result, new Set()) : result, complete.app)',
    test: `${TESTS} > an app is started, seen over a second connection, waited for and stopped`,
  },
  {
    guard: 'each host is sent a request of its own',
    file: 'packages/cli/src/library/asked.ts',
    text: 'request: given.request ?? createRequestId()',
    instead: "request: given.request ?? createRequestId().replace(/./g, 'a')",
    test: `${TESTS} > each request has an id of its own, and says who acts`,
  },
  {
    guard: 'the error of an app is that of its host',
    file: 'packages/cli/src/library/outcome.ts',
    text: 'return result.error instanceof OutlastError ? result.error : undefined;',
    instead: 'return undefined;',
    test: `${TESTS} > an outcome with the error of an app has what is known of it, too`,
  },
  {
    guard: 'a connection is closed as soon as a host is done',
    file: FLEET,
    text: 'if (left !== undefined && keep && isDone',
    instead: 'if (left !== undefined && isDone',
    test: `${TESTS} > connections are closed as soon as a host is done, or kept for the next run`,
  },
  {
    guard: 'a kept connection that has died is made anew',
    file: 'packages/cli/src/fleet/host-session.ts',
    text: "if (!this.#isKept || !isCode(error, 'E_CONNECTION_LOST')) throw error;",
    instead: 'throw error;',
    test: `${TESTS} > a session that is given a connection which has died makes another`,
  },
  {
    guard: 'a connection that others use is not closed by one call',
    file: 'packages/cli/src/library/host-link.ts',
    text: 'if (this.#calls <= 1) await this.#closeLeft();',
    instead: 'await this.#closeLeft();',
    test: `${TESTS} > a call that is asked again over another connection leaves the one of the others alone`,
  },
  {
    guard: 'importing the package loads no ssh2',
    file: 'packages/cli/src/index.ts',
    text: 'export { connect }',
    instead: "import './ssh/ssh2/transport.js';\nimport 'ssh2';\nexport { connect }",
    test: 'packages/cli/test/sshd/installed.test.ts > the installed package can be imported, which loads and starts nothing',
  },
];
