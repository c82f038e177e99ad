const REPORT = 'packages/core/src/report/report-script.ts';
const TESTS = 'packages/core/test/embedded/report.test.ts';

/** What is told of apps is what was seen, and nobody stays behind to look. */
export const REPORT_MUTANTS = [
  {
    guard: 'an end that is not yet recorded is looked for again',
    file: REPORT,
    text: 'if (unsettled) exit 3',
    instead: '',
    test: `${TESTS} > an app that has ended is not called lost while its end is being recorded`,
  },
  {
    guard: 'records are read before processes',
    file: REPORT,
    text: 'read_all_records()\n    self = read_processes()',
    instead: 'self = read_processes()\n    read_all_records()',
    test: `${TESTS} > an app that starts while somebody looks is not called restarting`,
  },
  {
    guard: 'a follow ends with its client',
    file: 'packages/core/src/operations/follow.ts',
    text: '[ $((naps % 4)) != 0 ] || say BEAT',
    instead: ':',
    test: 'packages/core/test/embedded/output.test.ts > a follow ends soon after its client is gone',
  },
  {
    guard: 'a follow ends by itself',
    file: 'packages/core/src/operations/follow.ts',
    text: 'while read_clock; [ "$clock" -le "$deadline" ]; do',
    instead: 'while :; do',
    test: 'packages/core/test/embedded/output.test.ts > a follow goes on across rotation and truncation, and ends by itself',
  },
  {
    guard: 'a wait ends with its client',
    file: 'packages/core/src/operations/wait.ts',
    text: '[ $((naps % 10)) != 0 ] || say BEAT',
    instead: ':',
    test: `${TESTS} > a wait ends soon after its client is gone`,
  },
  {
    guard: 'a wait ends by itself',
    file: 'packages/core/src/operations/wait.ts',
    text: '[ "$clock" -le "$deadline" ] || break',
    instead: ':',
    test: `${TESTS} > a wait for an app that does not end is over when its time is`,
  },
  {
    guard: 'find leaves its own script out',
    file: 'packages/core/src/operations/find.ts',
    text: 'filter((stat) => !isOurs(stat, ours, stats))',
    instead: 'filter(() => true)',
    test: 'packages/core/src/operations/find.test.ts > the search does not find itself',
  },
];
