const STOP = 'packages/core/src/lifecycle/stop-app.ts';
const TESTS = 'packages/core/test/embedded/stop-tree.test.ts';
const INTERRUPTED = 'packages/core/test/embedded/interrupted-stop.test.ts';
const TREE = 'packages/core/test/embedded/tree.test.ts';
const HALF = 'packages/core/test/embedded/half-failures.test.ts';

/** A stop ends the whole tree, and says so only then. */
export const STOP_MUTANTS = [
  {
    guard: 'the mark of a stop comes before its first signal',
    file: STOP,
    text: 'mark_stop || { fail E_STATE_DIR "$app" "no space in $app_dir"; return 1; }',
    instead: ':',
    test: `${TESTS} > nobody starts an app while it is being stopped`,
  },
  {
    guard: 'the tree is read again behind the mark',
    file: STOP,
    text: 'known=$seen\n    read_tree\n    seen=$known',
    instead: 'known=$seen\n    seen=$known',
    test: 'packages/core/test/embedded/supervisor.test.ts > an app without the mark that is started again in the moment of the stop is stopped',
  },
  {
    guard: 'a stop sends its signal first',
    file: STOP,
    text: 'signal_members "$stop_signal"\n',
    instead: '',
    test: `${TESTS} > an app gets the signal once, and the time it needs`,
  },
  {
    guard: 'what was paused is continued',
    file: STOP,
    text: 'signal_members CONT\n',
    instead: '',
    test: `${TESTS} > a paused app is continued so that it can end`,
  },
  {
    guard: 'KILL waits for the grace period',
    file: STOP,
    text: 'if [ "$clock" -gt "$deadline" ]; then',
    instead: 'if true; then',
    test: `${TESTS} > an app that ignores TERM is killed after the grace period`,
  },
  {
    guard: 'KILL comes after the grace period',
    file: STOP,
    text: 'signal_members KILL\n',
    instead: '',
    test: `${TESTS} > an app that ignores TERM is killed after the grace period`,
  },
  {
    guard: 'a stop looks at what is left',
    file: STOP,
    text: '[ -n "$members" ] || return 0\n      read_clock',
    instead: 'return 0\n      read_clock',
    test: `${TESTS} > an app that ignores TERM is killed after the grace period`,
  },
  ...['HUP', 'INT', 'TERM'].map((signal) => ({
    guard: `a stop goes on under ${signal}`,
    file: STOP,
    text: "trap '' HUP INT PIPE TERM",
    instead: `trap '' ${['HUP', 'INT', 'PIPE', 'TERM'].filter((name) => name !== signal).join(' ')}`,
    test: `${INTERRUPTED} > a ${signal} that comes to everything of the client does not end a restart half-way`,
  })),
  {
    guard: 'the shell that a stop is marked with outlives its client',
    file: 'packages/core/src/operations/stop.ts',
    text: "trap '' HUP INT PIPE TERM",
    instead: ':',
    test: `${INTERRUPTED} > a TERM that comes to everything of the client does not end a stop half-way`,
  },
  {
    guard: 'the shell that a restart is marked with outlives its client',
    file: 'packages/core/src/operations/restart.ts',
    text: 'trap : HUP INT PIPE TERM',
    instead: ':',
    test: `${INTERRUPTED} > a HUP that comes to everything of the client does not end a restart half-way`,
  },
  {
    guard: 'a restart whose client is gone goes on behind its stop',
    file: STOP,
    text: "trap '' HUP INT PIPE TERM",
    instead: "trap '' HUP INT TERM",
    test: 'packages/core/test/embedded/races.test.ts > a restart whose client dies in between leaves the app running',
  },
  {
    guard: 'what a restart starts does not inherit ignored signals',
    file: 'packages/core/src/operations/restart.ts',
    text: 'trap : HUP INT PIPE TERM',
    instead: "trap '' HUP INT PIPE TERM",
    test: `${INTERRUPTED} > an app that was restarted has its signals as they were`,
  },
  {
    guard: 'what a restart starts ignores no signal of the stop',
    file: 'packages/core/src/operations/restart.ts',
    text: '(stop_app ${options.app} ${raw(formatStopArguments(options))}) && start_app',
    instead: 'stop_app ${options.app} ${raw(formatStopArguments(options))} && start_app',
    test: `${INTERRUPTED} > an app that was restarted has its signals as they were`,
  },
  {
    guard: 'a restart checks what it needs before it stops',
    file: 'packages/core/src/operations/restart.ts',
    text: "'check_recorded' : 'check_cwd &&",
    instead: "'check_recorded' : '",
    test: `${INTERRUPTED} > a restart into a folder that is not there leaves the app running`,
  },
  {
    guard: 'a restart starts what it has stopped',
    file: 'packages/core/src/operations/restart.ts',
    text: '}) && start_app',
    instead: '})',
    test: 'packages/core/test/embedded/races.test.ts > a restart whose client dies in between leaves the app running',
  },
  {
    guard: 'who was slower tells of the KILL of another',
    file: STOP,
    text: '[ ! -e "$record_path.forced" ] || how=',
    instead: ': || how=',
    test: 'packages/core/test/embedded/lost-answers.test.ts > two stops at once agree on how it went',
  },
  {
    guard: 'without a list of processes nothing is stopped',
    file: STOP,
    text: 'list_members "$root" "$mark" || { fail_unseen; return 1; }\n    session_scope=',
    instead: 'list_members "$root" "$mark"\n    session_scope=',
    test: `${HALF} > what an app has left behind is not taken for gone because it cannot be listed`,
  },
  {
    guard: 'without a list of processes an end is not claimed',
    file: STOP,
    text: 'list_members "$group" "$mark" || { fail_unseen; return 1; }',
    instead: 'list_members "$group" "$mark"',
    test: `${TREE} > a stop whose last look fails does not claim that nothing is left`,
  },
  {
    guard: 'without a list of processes nothing is forgotten',
    file: 'packages/core/src/lifecycle/remove-app.ts',
    text: 'if ! list_members "$root" "$mark" ||',
    instead: 'list_members "$root" "$mark"; if false ||',
    test: `${TREE} > an rm that cannot see whether something is left forgets nothing`,
  },
  {
    guard: 'apps are stopped at the same time',
    file: 'packages/core/src/operations/stop.ts',
    text: '${raw(formatStopArguments(options))}) &',
    instead: '${raw(formatStopArguments(options))})',
    test: `${TESTS} > two apps are stopped at the same time`,
  },
];
