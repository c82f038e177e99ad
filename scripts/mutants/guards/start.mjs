const START = 'packages/core/src/lifecycle/start-app.ts';
const LAYOUT = 'packages/core/src/state/layout.ts';
const RACES = 'packages/core/test/embedded/races.test.ts';
const CLAIMS = 'packages/core/test/embedded/claims.test.ts';
const ENDS = 'packages/core/test/embedded/ends.test.ts';
const HALF = 'packages/core/test/embedded/half-failures.test.ts';

/** An app is started once, and what is said of it is seen. */
export const START_MUTANTS = [
  {
    guard: 'the claim of a run is a link',
    file: START,
    text: 'ln "$app_dir/claim.$$" "$app_dir/run.$next"',
    instead: 'cp "$app_dir/claim.$$" "$app_dir/run.$next"',
    test: `${CLAIMS} > of clients that claim in the same moment one has started the app`,
  },
  {
    guard: 'the commit of a pid is a link',
    file: 'packages/core/src/supervisor/supervisor-script.ts',
    text: 'ln "$record_path.pid.$$" "$record_path.pid"',
    instead: 'cp "$record_path.pid.$$" "$record_path.pid"',
    test: `${RACES} > a late child of a dead launcher does not run`,
  },
  {
    guard: 'a dead launch is aborted before it is taken over',
    file: LAYOUT,
    text: 'if [ "$phase" = abandoned ]; then\n        abort_run',
    instead: 'if [ "$phase" = abandoned ]; then\n        phase=ended; return 0',
    test: `${RACES} > a late child of a dead launcher does not run`,
  },
  {
    guard: 'an abort is a link',
    file: LAYOUT,
    text: 'ln "$abort_file" "$record_path.pid"',
    instead: 'cp "$abort_file" "$record_path.pid"',
    test: `${CLAIMS} > a child that was faster than the one who gives it up runs on`,
  },
  {
    guard: 'a launcher that lives is waited for',
    file: LAYOUT,
    text: 'phase=launching\n',
    instead: 'phase=abandoned\n',
    test: `${CLAIMS} > a launcher that takes its time is waited for`,
  },
  {
    guard: 'a claim counts only while it is of the latest run',
    file: START,
    text: '[ "$run" = "$next" ] || { rm -f "$app_dir/run.$next"; claim_run; return; }',
    instead: ':',
    test: `${CLAIMS} > a slow client does not bring back a number that was cleared away meanwhile`,
  },
  {
    guard: 'nothing is started while it is being stopped',
    file: START,
    text: 'stopping) fail E_STOPPING "$app"; return 1 ;;',
    instead: 'stopping) ;;',
    test: 'packages/core/test/embedded/stop-tree.test.ts > nobody starts an app while it is being stopped',
  },
  {
    guard: 'nothing is started beside what the last run has left',
    file: START,
    text: '[ -z "$members" ] || [ "$beside" = yes ] || { fail E_START_FAILED',
    instead: ': || { fail E_START_FAILED',
    test: `${HALF} > what a start leaves behind is named, and no second one joins it`,
  },
  {
    guard: 'a start is watched for the settle time',
    file: START,
    text: 'while [ "$phase" = running ] && [ "$waits" -lt "$settle" ]; do',
    instead: 'while false; do',
    test: `${CLAIMS} > an app that ends in the middle of its settle time has not been started`,
  },
  {
    guard: 'a claim that could not be written claims nothing',
    file: START,
    text: 'if ! read_record "$app_dir/claim.$$"; then',
    instead: 'if false; then',
    test: 'packages/core/test/embedded/full-disk.test.ts > on a full disk nothing is started, and what is in the way is named',
  },
  {
    guard: 'nothing is launched whose files could not be written',
    file: START,
    text: 'if ! { write_environment && write_run_files && write_port; }; then',
    instead: 'write_environment; write_run_files; if false; then',
    test: 'packages/core/test/embedded/full-disk.test.ts > where the disk fills behind the claim, nothing runs without its records',
  },
  {
    guard: 'a start waits for the commit',
    file: START,
    text: 'if ! await_commit && give_up "$refusal"; then return 1; fi',
    instead: ':',
    test: `${CLAIMS} > a launch that takes its time is waited for, until its pid is there`,
  },
  {
    guard: 'the supervisor holds no stream of the client',
    file: START,
    text: 'setsid -f /bin/sh "$@" </dev/null >/dev/null 2>&1 3>&-',
    instead: 'setsid -f /bin/sh "$@" </dev/null 3>&-',
    test: 'packages/core/test/embedded/launch.test.ts > the supervisor holds nothing of the client open',
  },
  {
    guard: 'only what this run has written is shown',
    file: START,
    text: 'log_starts=$(print_log_sizes)',
    instead: "log_starts='log 0'",
    test: `${ENDS} > an app that dies within the settle time fails the start with only its own lines`,
  },
  {
    guard: 'an rm takes the next run number',
    file: 'packages/core/src/lifecycle/remove-app.ts',
    text: 'ln "$app_dir/claim.$$" "$app_dir/run.$((run + 1))" 2>/dev/null',
    instead: ':',
    test: `${RACES} > an app that is started while it is forgotten runs afterwards`,
  },
  {
    guard: 'an rm yields to whoever has taken the next run number',
    file: 'packages/core/src/lifecycle/remove-app.ts',
    text: 'if [ "$claimed" != 0 ] && [ -e',
    instead: 'if false && [ -e',
    test: `${CLAIMS} > an rm yields to a start that was faster`,
  },
  {
    guard: 'an rm that was slower than another is content',
    file: 'packages/core/src/lifecycle/remove-app.ts',
    text: '[ -e "$app_dir" ] || { say "REMOVED $app unknown"; return 0; }',
    instead: ':',
    test: `${CLAIMS} > an rm is content where another has taken the folder away`,
  },
  {
    guard: 'an rm does not take another rm for a start',
    file: 'packages/core/src/lifecycle/remove-app.ts',
    text: "*' removal '* | '') say",
    instead: "'') say",
    test: `${CLAIMS} > an rm is content where another is about to take the folder away`,
  },
  {
    guard: 'an rm takes no app that runs',
    file: 'packages/core/src/lifecycle/remove-app.ts',
    text: '|| [ "$phase" != ended ] || [ -n "$members" ]',
    instead: '',
    test: `${RACES} > an app that runs is not forgotten`,
  },
];
