const RUN = 'packages/cli/src/fleet/run-fleet.ts';
const PARALLEL = 'packages/cli/src/commands/plan-parallel.ts';
const TESTS = 'packages/cli/test/sshd/fleet.test.ts';
const FILES = 'packages/cli/test/sshd/open-files.test.ts';

/** Many hosts: how many at once, and when no further one is begun. */
export const FLEET_MUTANTS = [
  {
    guard: 'no more hosts at once than files may be open for',
    file: PARALLEL,
    text: '  return possible;\n',
    instead: '  return wanted;\n',
    test: `${FILES} > where the laptop may open fewer files than its hosts need at once, fewer are done at once over openssh`,
  },
  {
    guard: 'hosts that have to be followed at once and cannot are refused',
    file: PARALLEL,
    text: '  if (atOnce) {',
    instead: '  if (false) {',
    test: `${FILES} > more hosts than files may be open for are not followed at once, and that is said before anything is sent`,
  },
  {
    guard: 'a connection waits for a file to become free',
    file: 'packages/cli/src/ssh/retry-throttled.ts',
    text: ' && !isExhaustedError(error)',
    instead: '',
    test: 'packages/cli/src/ssh/retry-throttled.test.ts > a laptop without open files tries again, since other hosts give theirs back',
  },
  {
    guard: 'only what may pass is connected to again',
    file: 'packages/cli/src/fleet/reconnect.ts',
    text: ' || signal.aborted || !isPassing(error)',
    instead: ' || signal.aborted',
    test: `${TESTS} > --retry does not ask again whoever refuses the login over ssh2`,
  },
  {
    guard: 'no batch is begun behind the answer no',
    file: RUN,
    text: 'course.declined = !(await confirmBatch(batch, done));',
    instead: 'await confirmBatch(batch, done);',
    test: 'packages/cli/test/sshd/terminal.test.ts > on a terminal --ask puts the next batch to the person: no',
  },
  {
    guard: 'a spent failure budget ends the run',
    file: RUN,
    text: '  if (failures.spent) {',
    instead: '  if (failures.spent && logins.spent) {',
    test: `${TESTS} > --max-fail lets the run go on until the budget is spent, and skips the rest`,
  },
];
