const SUPERVISOR = 'packages/core/src/supervisor/supervisor-script.ts';
const LAYOUT = 'packages/core/src/state/layout.ts';
const RUN_FILES = 'packages/core/src/lifecycle/run-files.ts';
const TESTS = 'packages/core/test/embedded/supervisor.test.ts';
const ENDS = 'packages/core/test/embedded/ends.test.ts';
const LAUNCH = 'packages/core/test/embedded/launch.test.ts';
const LIFE = 'packages/core/test/embedded/life-cycle.test.ts';
const FULL = 'packages/core/test/embedded/full-disk.test.ts';

/** The supervisor, and the last stage before the app. */
export const SUPERVISOR_MUTANTS = [
  {
    guard: 'a start that was given up is not followed by another, whatever says so',
    file: SUPERVISOR,
    text: `'' | aborted | "$claim") rm`,
    instead: `'' | aborted) rm`,
    test: 'packages/core/test/embedded/claims.test.ts > a child of a dead launcher does not run, and is not started again, where the claim itself says that it was given up',
  },
  {
    guard: 'the end has its room while the app is started again',
    file: SUPERVISOR,
    text: '[ "$stage$restarts" != launch0 ] && [ "$stage" = launch ] || rm',
    instead: 'rm',
    test: `${FULL} > an app that cannot be started again on a disk that it has filled keeps the end that it had`,
  },
  {
    guard: 'what was not launched has no end of its own',
    file: SUPERVISOR,
    text: '[ "$committed" = "$earlier" ] || return 0',
    instead: 'return 0',
    test: `${FULL} > an app that cannot be started again on a disk that it has filled keeps the end that it had`,
  },
  {
    guard: 'a stop ends the wait for another start',
    file: SUPERVISOR,
    text: '! is_end_wanted || return 1\n      waited',
    instead: 'waited',
    test: `${ENDS} > a stop ends the wait for another start at once`,
  },
  {
    guard: 'what is launched again under a stop does not run',
    file: SUPERVISOR,
    text: '! is_stop_wanted || exit 98',
    instead: ':',
    test: `${TESTS} > what was on its way to run again when the stop came does not run`,
  },
  {
    guard: 'the mark of a dead stopper says nothing',
    file: LAYOUT,
    text: '[ -e "$record_path.stopped" ] || is_stopper_alive',
    instead: '[ -e "$record_path.stopped" ] || [ -e "$record_path.stop" ]',
    test: 'packages/core/test/embedded/half-failures.test.ts > the mark of a stopper that died does not keep the supervisor from starting the app again',
  },
  {
    guard: 'a start that failed at once is not tried again',
    file: SUPERVISOR,
    text: 'is_settling && break',
    instead: ':',
    test: `${ENDS} > a start that failed is not tried again by its supervisor`,
  },
  {
    guard: 'a start that nobody watches any more is tried again',
    file: SUPERVISOR,
    text: '[ -e "$record_path.settling" ] && is_recorded_alive "$record_path"',
    instead: '[ -e "$record_path.settling" ]',
    test: `${TESTS} > an app whose launcher died in the settle time is started again`,
  },
  {
    guard: 'starting again is given up',
    file: SUPERVISOR,
    text: '[ "$failures" -lt "$max_restarts" ] || { reason=gave-up; return 1; }',
    instead: ':',
    test: `${ENDS} > an app that fails is started again, until that is given up`,
  },
  {
    guard: 'the end has its room before the app begins',
    file: SUPERVISOR,
    text: ' &&\n        printf \'%-79s\\n\' room >"$record_path.exit.room" # written later even on a disk that has filled',
    instead: '',
    test: `${FULL} > the end of an app is recorded on a disk that has filled meanwhile`,
  },
  {
    guard: 'nothing runs whose supervisor has no record',
    file: SUPERVISOR,
    text: "} 2>/dev/null || refuse 'no space for the records'",
    instead: '} 2>/dev/null',
    test: `${FULL} > a supervisor that could not record itself starts nothing, though there is room again`,
  },
  {
    guard: 'nothing runs whose log cannot be written',
    file: 'packages/core/src/logs/log-keeper.ts',
    text: '(: >>"$app_dir/$log_name") 2>/dev/null || refuse \'the log cannot be written\'',
    instead: ':',
    test: `${TESTS} > an app whose log cannot be written does not run, and the start says so`,
  },
  {
    guard: 'nothing runs whose pid cannot be recorded',
    file: SUPERVISOR,
    text: '>"$record_path.pid.$$" || refuse \'no space for the records\'',
    instead: '>"$record_path.pid.$$"',
    test: `${FULL} > where the disk fills at the last moment, nothing runs without its pid`,
  },
  {
    guard: 'the supervisor traps signals without ignoring them',
    file: SUPERVISOR,
    text: 'trap : HUP INT QUIT\n',
    instead: "trap '' HUP INT QUIT\n",
    test: `${LAUNCH} > the app has its own session, three streams, and signals as they were`,
  },
  {
    guard: 'the supervisor outlives a hangup',
    file: SUPERVISOR,
    text: 'trap : HUP INT QUIT\n',
    instead: 'trap : INT QUIT\n',
    test: `${TESTS} > the supervisor outlives what its session gets`,
  },
  {
    guard: 'the app has a session of its own',
    file: SUPERVISOR,
    text: 'setsid /bin/sh "$0" launch',
    instead: '/bin/sh "$0" launch',
    also: { text: '/bin/sh "$0" launch "$app_dir" "$run" "$user_umask" "$restarts"\n    fi', instead: ':\n    fi' },
    test: `${LAUNCH} > the app has its own session, three streams, and signals as they were`,
  },
  {
    guard: 'the app ignores HUP',
    file: RUN_FILES,
    text: 'set -- "$(command -v nohup)" ${raw(argv.join(\' \'))}',
    instead: 'set -- "$(command -v env)" ${raw(argv.join(\' \'))}',
    test: `${LAUNCH} > the app has its own session, three streams, and signals as they were`,
  },
  {
    guard: 'a signal is told from a code in yash',
    file: SUPERVISOR,
    text: 'if [ "$1" -ge 384 ]; then',
    instead: 'if false; then',
    test: `${LIFE} > with yash as sh the end of an app is told truly`,
  },
  {
    guard: 'a signal is told from a code in ksh93',
    file: SUPERVISOR,
    text: 'elif [ "$1" -gt 256 ]; then',
    instead: 'elif false; then',
    test: `${LIFE} > with ksh93 as sh the end of an app is told truly`,
  },
  {
    guard: 'a signal is told from a code in dash',
    file: SUPERVISOR,
    text: 'elif [ "$1" -gt 128 ] && [ "$1" -le 192 ]; then',
    instead: 'elif false; then',
    test: `${LIFE} > with dash as sh the end of an app is told truly`,
  },
  {
    guard: 'the app gets the umask of the caller',
    file: SUPERVISOR,
    text: 'umask "$2"\n',
    instead: '\n',
    test: `${LAUNCH} > the umask is the caller's, and the records are nobody else's business`,
  },
  {
    guard: 'a program whose name begins with a dash is no option',
    file: 'packages/core/src/shell/quote.ts',
    text: "argv[0]?.startsWith('-') ?",
    instead: 'argv.length < 0 ?',
    test: 'packages/core/src/operations/exec.test.ts > a program whose name begins with a dash is no option of the shell',
  },
];
