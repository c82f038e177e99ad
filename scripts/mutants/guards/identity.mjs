const IDENTITY = 'packages/core/src/identity/identity.ts';
const REPORT = 'packages/core/src/report/report-script.ts';
const LIST = 'packages/core/src/process/process-list-awk.ts';
const TESTS = 'packages/core/test/embedded/identity.test.ts';

/** Which process is ours. */
export const IDENTITY_MUTANTS = [
  {
    guard: 'a process is ours only with its start time',
    file: IDENTITY,
    text: 'read_process "$1" && [ "$process_start" = "$2" ] || return 1',
    instead: 'read_process "$1" || return 1',
    test: `${TESTS} > a process with the pid of the app and another start time is left alone`,
  },
  {
    guard: 'a process is ours only with its boot id',
    file: IDENTITY,
    text: '[ "$3" = "$boot" ] && read_process',
    instead: 'read_process',
    test: `${TESTS} > a process with the pid of the app and another boot is left alone`,
  },
  {
    guard: 'a pid in a record is a number above 1',
    file: IDENTITY,
    text: "'' | 0 | 1 | *[!0-9]*) return 1 ;;",
    instead: "'') return 1 ;;",
    test: `${TESTS} > the process 1 is never ours, whatever a record says`,
  },
  {
    guard: 'a zombie counts as gone when a signal is sent',
    file: IDENTITY,
    text: 'Z | X) return 1 ;;',
    instead: 'Z | X) ;;',
    test: `${TESTS} > a zombie is gone to whoever signals, looks or counts`,
  },
  {
    guard: 'the stat of one process is read behind the last bracket',
    file: IDENTITY,
    text: 'set -- \\${1##*") "}',
    instead: 'set -- \\${1#*") "}',
    test: `${TESTS} > a process is told by what stands behind its name, whatever that is`,
  },
  {
    guard: 'a process whose name holds a newline is read whole',
    file: IDENTITY,
    text: 'process_stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1',
    instead: 'return 1',
    test: `${TESTS} > a process is told by what stands behind its name, whatever that is`,
  },
  {
    guard: 'the list of processes is read behind the last bracket',
    file: LIST,
    text: 'while ((at = index(rest, ") ")) > 0) rest',
    instead: 'if ((at = index(rest, ") ")) > 0) rest',
    test: `${TESTS} > a process is told by what stands behind its name, whatever that is`,
  },
  {
    guard: 'a name with a newline does not break the list of processes',
    file: LIST,
    text: 'held = read_stat(held line) ? "" : held line " "',
    instead: 'held = read_stat(line) ? "" : ""',
    test: `${TESTS} > a process is told by what stands behind its name, whatever that is`,
  },
  {
    guard: 'find reads processes behind the last bracket',
    file: 'packages/core/src/process/parse-process-list.ts',
    text: "text.lastIndexOf(') ')",
    instead: "text.indexOf(') ')",
    test: 'packages/core/src/process/parse-process-list.test.ts > a process named ") " is read',
  },
  {
    guard: 'a report takes a process for ours only with its start time',
    file: REPORT,
    text: '|| (part[2] "") != (start[part[1]] "")',
    instead: '',
    test: `${TESTS} > a process with the pid of the app and another start time is left alone`,
  },
  {
    guard: 'a report takes a process for ours only with its boot id',
    file: REPORT,
    text: '|| (part[3] "") != boot)',
    instead: ')',
    test: `${TESTS} > a process with the pid of the app and another boot is left alone`,
  },
  {
    guard: 'a zombie counts as gone in a report',
    file: REPORT,
    text: 'return (state[part[1]] ~ /[ZX]/) ? "-" : state[part[1]]',
    instead: 'return state[part[1]]',
    test: `${TESTS} > a zombie is gone to whoever signals, looks or counts`,
  },
  {
    guard: 'without /proc the start time of ps tells processes apart',
    file: IDENTITY,
    text: 'process_start=l$4_$5_$6_$7_$8',
    instead: 'process_start=l',
    test: 'packages/core/test/embedded/no-proc.test.ts > an app is started, looked at, restarted and stopped with its tree, by the start time of ps',
  },
  {
    guard: 'a host that cannot tell processes apart is refused',
    file: 'packages/core/src/state/layout.ts',
    text: "read_process $$ || { fail E_UNSUPPORTED_HOST - 'no /proc, and no ps that tells lstart'; return 1; }",
    instead: ':',
    test: 'packages/core/test/embedded/no-proc.test.ts > a host whose ps tells no start time is refused before anything is done',
  },
  {
    guard: 'an end that was seen counts more than a process with pid and start time of the app',
    file: 'packages/core/src/state/layout.ts',
    text: 'if [ ! -e "$record_path.exit" ] && is_alive',
    instead: 'if is_alive',
    test: `${TESTS} > a process that got pid and start time of an app whose end was seen is left alone`,
  },
  {
    guard: 'an end that was seen counts in a report, too',
    file: REPORT,
    text: '(exit_record[i] == "") ? liveness(pid_record[i]) : "-"',
    instead: 'liveness(pid_record[i])',
    test: `${TESTS} > a process that got pid and start time of an app whose end was seen is left alone`,
  },
  {
    guard: 'who has the number of an app whose end was seen is not the root of its tree',
    file: 'packages/core/src/tree/tree.ts',
    text: '! read_process "$root" || root=0',
    instead: ':',
    test: `${TESTS} > a process that got pid and start time of an app whose end was seen is left alone`,
  },
];
