const LOST = 'packages/core/test/embedded/lost-answers.test.ts';
const SIGNAL = 'packages/core/src/operations/signal.ts';

/** The same request is not done twice. */
export const REQUEST_MUTANTS = [
  {
    guard: 'a start whose app was done before it was asked for again has not failed',
    file: 'packages/core/src/lifecycle/start-app.ts',
    text: '[ $(($3 - began)) -gt $((settle / 10)) ]',
    instead: 'false',
    test: 'packages/core/test/embedded/lost-answers.test.ts > a start whose app did what it had to do before its answer was asked for again has not failed',
  },
  {
    guard: 'a signal that cannot be journalled does not go out',
    file: 'packages/core/src/operations/signal.ts',
    text: 'begun" || { fail E_STATE_DIR "$app" "no space in $app_dir"; return 1; }',
    instead: 'begun"',
    test: 'packages/core/test/embedded/full-disk.test.ts > a signal that cannot be journalled on a full disk does not go out',
  },
  {
    guard: 'a signal to a tree that cannot be listed does not go out',
    file: 'packages/core/src/operations/signal.ts',
    text: `|| { rm -f "$record_path.signal"; fail E_SIGNAL_FAILED "$app" 'the processes of the host could not be listed'; return 1; }`,
    instead: '|| seen=$pid:$pid_start',
    test: 'packages/core/test/embedded/half-failures.test.ts > a list of processes that could not be made is no proof that nothing is there',
  },
  {
    guard: 'a start knows its own request',
    file: 'packages/core/src/lifecycle/start-app.ts',
    text: 'read_record "$record_path" || return 1\n    case "$record " in',
    instead: 'return 1\n    case "$record " in',
    test: `${LOST} > a start that is asked for again after its answer was lost says what it did, and starts nothing`,
  },
  {
    guard: 'a start takes no other request for its own',
    file: 'packages/core/src/lifecycle/start-app.ts',
    text: '*" $request "*) ;;\n    *) return 1 ;;',
    instead: '*) ;;',
    test: `${LOST} > a start that is asked for again after its answer was lost says what it did, and starts nothing`,
  },
  {
    guard: 'what has ended meanwhile is not started again for the same request',
    file: 'packages/core/src/lifecycle/start-app.ts',
    text: 'if is_own_request && [ -e "$record_path.exit" ]; then',
    instead: 'if false; then',
    test: 'packages/core/test/embedded/races.test.ts > the same request is not done twice',
  },
  {
    guard: 'a restart knows its own request',
    file: 'packages/core/src/operations/restart.ts',
    text: 'if is_own_request; then',
    instead: 'if false; then',
    test: `${LOST} > a restart that is asked for again does not stop what it has started`,
  },
  {
    guard: 'a stop knows its own request',
    file: 'packages/core/src/lifecycle/stop-app.ts',
    text: '*" $request "*) read_record',
    instead: '*" $request none "*) read_record',
    test: `${LOST} > a stop that is asked for again says how it went`,
  },
  {
    guard: 'a stop takes no other request for its own',
    file: 'packages/core/src/lifecycle/stop-app.ts',
    text: '*" $request "*) read_record',
    instead: '*) read_record',
    test: `${LOST} > a stop that is asked for again says how it went`,
  },
  {
    guard: 'a signal knows its own request',
    file: SIGNAL,
    text: '*" $request sent "*) say "SIGNALLED $app sent"; return 0 ;;\n      *" $request "*) return 1 ;;',
    instead: '',
    test: `${LOST} > a signal that is asked for again goes out once`,
  },
  {
    guard: 'a signal that was cut off is not sent again',
    file: SIGNAL,
    text: '*" $request "*) return 1 ;;',
    instead: '',
    test: `${LOST} > whether a signal went out that was cut off in between is not known`,
  },
  {
    guard: 'a signal is journalled before it is sent',
    file: SIGNAL,
    text: 'write_record "$record_path.signal" "$signal $(now) $by $request begun"',
    instead: ':',
    test: `${LOST} > whether a signal went out that was cut off in between is not known`,
  },
  {
    guard: 'a printed script makes a request of its own',
    file: 'packages/core/src/operations/request.ts',
    text: 'od -An -N12 -v -tx1 /dev/urandom',
    instead: 'printf 0',
    test: 'packages/core/test/embedded/half-failures.test.ts > a printed script starts as many apps as it is run for, and a stop takes one of them',
  },
];
