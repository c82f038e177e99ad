const PRUNE = 'packages/core/src/operations/prune.ts';
const LAUNCHER = 'packages/core/src/lifecycle/launcher.ts';
const STOP = 'packages/core/src/lifecycle/stop-app.ts';
const RESOLVE = 'packages/core/src/state/resolve-state.ts';
const CAUSE = 'packages/core/src/supervisor/cause.ts';
const TESTS = 'packages/core/test/embedded/prune.test.ts';
const LOGOUT = 'packages/cli/test/docker/logout.test.ts';

/** How it ended, and what is forgotten because of that. */
export const END_MUTANTS = [
  {
    guard: 'what ended lately is not pruned',
    file: PRUNE,
    text: '[ $((clock_now - ended_at)) -ge "$age" ] ||',
    instead: 'true ||',
    test: `${TESTS} > what ended that long ago goes with its log; what ended later, or lives, stays`,
  },
  {
    guard: 'a dry run prunes nothing',
    file: PRUNE,
    text: 'if [ "$dry_run" = yes ]; then',
    instead: 'if false; then',
    test: `${TESTS} > a dry run tells what would go, and lets it stand`,
  },
  {
    guard: 'an end that nobody has seen has no date',
    file: PRUNE,
    text: '0) say "PRUNED $app undated"; return 0 ;;',
    instead: '0) ;;',
    test: `${TESTS} > an app that nobody saw end is kept, however old it is, since it may have ended a moment ago`,
  },
  {
    guard: 'what has left processes behind is not pruned',
    file: PRUNE,
    text: 'if ! list_members "$root" "$mark" || [ -n "$members" ]; then say "PRUNED $app processes-left"; return 0; fi',
    instead: ':',
    test: `${TESTS} > an app that has left processes behind is kept, and so are they`,
  },
  {
    guard: 'what was started in that moment is not pruned',
    file: 'packages/core/src/lifecycle/remove-app.ts',
    text: `if [ -n "\\\${2-}" ] && [ "$run" != "$2" ]; then fail E_RUNNING "$app" 'it was started meanwhile'; return 1; fi`,
    instead: ':',
    test: `${TESTS} > an app that is started in that very moment stays`,
  },
  {
    guard: 'a start that was given up does not run',
    file: RESOLVE,
    text: "if (facts.aborted) return { state: 'lost' };",
    instead: '',
    also: {
      text: 'if (facts.process === null) return',
      instead: 'if (facts.process === null && !facts.aborted) return',
    },
    test: 'packages/core/src/state/resolve-state.test.ts > from the records of real runs a start that was given up does not run, though its supervisor has not noticed yet',
  },
  {
    guard: 'a kill for want of memory is told from others by the count of the cgroup',
    file: CAUSE,
    text: '- | "$before" | "$noticed") ;;',
    instead: '*) ;;',
    also: { text: '*"Killed process $app_pid "*) cause=oom ;;', instead: 'none) ;;' },
    test: 'packages/core/test/embedded/out-of-memory.test.ts > an app that the kernel has killed for want of memory is told from one that somebody has killed',
  },
  {
    guard: 'a kill that the app has outlived is not its own',
    file: CAUSE,
    text: '- | "$before" | "$noticed") ;;',
    instead: '- | "$before") ;;',
    test: 'packages/core/test/embedded/out-of-memory.test.ts > a kill for want of memory that an app has outlived is not what it dies of later',
  },
  {
    guard: 'units and quotes of the login change nothing',
    file: 'packages/core/src/shell/stand-ins.ts',
    text: "'unset BLOCK_SIZE LS_BLOCK_SIZE BLOCKSIZE QUOTING_STYLE",
    instead: "'unset",
    test: 'packages/core/test/embedded/log-keeper.test.ts > a log is cut and read in the same way where the login has its own units and quotes',
  },
  {
    guard: 'what a keeper holds for a moment is not paused',
    file: 'packages/core/src/report/report-script.ts',
    text: 'if (alive[i] == "T" && is_held(i, part[1] ":" part[2])) alive[i] = "S"',
    instead: '',
    test: 'packages/core/test/embedded/log-keeper.test.ts > an app that is held while its log is cut is not called paused',
  },
  {
    guard: 'a link to the record of a stop is read for what it is',
    file: RESOLVE,
    text: "if (word === 'term' || word === 'kill') return rest[0];",
    instead: 'return rest[0];',
    test: 'packages/core/src/state/resolve-state.test.ts > from the records of real runs where a link to its own record says that it was stopped, the time is found behind the process',
  },
  {
    guard: 'an app that cannot be seen is not said to be stopped',
    file: STOP,
    text: '[ ! -e "$record_path.exit" ] && is_supervisor_alive || return 0',
    instead: 'return 0',
    test: 'packages/core/test/embedded/hidepid.test.ts > an app that became another user, whose processes are hidden, is never said to be stopped',
  },
  {
    guard: 'what has escaped is told',
    file: STOP,
    text: '[ -z "$escaped" ] || ! is_latest "$run" || fail E_ESCAPED',
    instead: 'true || fail E_ESCAPED',
    test: 'packages/core/test/embedded/stop-tree.test.ts > a daemon that has left everything behind but the log is told, and not signalled',
  },
  {
    guard: 'nothing is started that a logout would end',
    file: LAUNCHER,
    text: '[ "$logout_kills" != yes ] || { fail_at_logout; return 1; }',
    instead: ':',
    test: `${LOGOUT} > on a host where logind ends what a login leaves behind start refuses before it starts anything, and says what helps there`,
  },
  {
    guard: 'nothing is started in a scope that the last logout would end',
    file: LAUNCHER,
    text: 'enable-linger >/dev/null 2>&1 || { fail_at_logout; return 1; }',
    instead: 'enable-linger >/dev/null 2>&1 || :',
    test: 'packages/cli/test/docker/systemd-launcher.test.ts > without lingering it refuses before it starts anything, and names the line that helps',
  },
];
