const LEASE = 'packages/core/src/shell/lease.ts';
const TESTS = 'packages/core/test/embedded/lease.test.ts';
const ALIVE = `${TESTS} > with dash as sh a follow lives as long as its client says something, and no moment longer`;

/** What only looks ends with its client. */
export const LEASE_MUTANTS = [
  {
    guard: 'a script ends when its client is silent',
    file: LEASE,
    text: 'wait "$timer_sleep"\n    end_script',
    instead: 'wait "$timer_sleep"',
    test: ALIVE,
  },
  {
    guard: 'a script goes on as long as its client is not',
    file: LEASE,
    text: 'end_timer "$earlier_timer"\n',
    instead: ':\n',
    test: ALIVE,
  },
  {
    guard: 'what a script has slept by is collected',
    file: LEASE,
    text: "trap 'end_sleep; exit 0' TERM",
    instead: ':',
    test: ALIVE,
  },
  {
    guard: 'what waits to get rid of its output ends, too',
    file: LEASE,
    text: '[ "$lease_group" != $$ ] || kill -s TERM -- "-$$" 2>/dev/null',
    instead: ':',
    test: `${TESTS} > a follow that cannot get rid of what it reads is ended with all that it has started`,
  },
  {
    guard: 'a script that is run by hand has no lease',
    file: LEASE,
    text: '[ -z "$lease_timer" ] || end_script',
    instead: 'end_script',
    test: 'packages/core/test/embedded/report.test.ts > a wait for an app that does not end is over when its time is',
  },
];
