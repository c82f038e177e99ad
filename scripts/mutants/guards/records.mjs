const LAYOUT = 'packages/core/src/state/layout.ts';
const FACTS = 'packages/core/src/state/run-facts.ts';
const SCRIPT = 'packages/core/src/shell/script.ts';
const CORRUPT = 'packages/core/test/embedded/corrupt.test.ts';
const FOLDER = 'packages/core/test/embedded/state-folder.test.ts';
const HALF = 'packages/core/test/embedded/half-failures.test.ts';

function corrupt(name, text) {
  return `${CORRUPT} > ${name} with ${JSON.stringify(text)} in it is called corrupt, touches nothing and hides no other app`;
}

/** Records are ours, whole, and nobody else's. */
export const RECORD_MUTANTS = [
  ...['lifecycle/start-app.ts', 'lifecycle/stop-app.ts', 'operations/signal.ts', 'lifecycle/remove-app.ts'].map(
    (file) => ({
      guard: `records are checked in ${file}`,
      file: `packages/core/src/${file}`,
      text: 'check_records || return 1',
      instead: ':',
      test: corrupt('run.1.stopped', 'maybe 1\n'),
    }),
  ),
  {
    guard: 'a damaged claim is seen',
    file: LAYOUT,
    text: 'claim) [ $# = 7 ] || [ "$#:\\${8-}" = ${`8:${RECORD_VERSION}`} ] && is_number "$2" && is_number "$6" ;;',
    instead: 'claim) ;;',
    test: corrupt('run.1', 'garbage\n'),
  },
  {
    guard: 'a claim of a later version is not understood',
    file: LAYOUT,
    text: '[ "$#:\\${8-}" = ${`8:${RECORD_VERSION}`} ]',
    instead: '[ $# = 8 ]',
    test: corrupt('run.1', '1 2 3 4 5 6 99\n'),
  },
  {
    guard: 'a damaged supervisor record is seen',
    file: LAYOUT,
    text: 'supervisor) [ $# -ge 5 ] && is_number "$2" ;;',
    instead: 'supervisor) ;;',
    test: corrupt('run.1.supervisor', 'nonsense\n'),
  },
  {
    guard: 'a damaged pid is seen',
    file: LAYOUT,
    text: '{ [ $# -ge 6 ] && is_number "$2"; }',
    instead: '[ $# -ge 6 ]',
    test: corrupt('run.1.pid', '12x 55 boot 1795400830 0\n'),
  },
  {
    guard: 'a short stop record is seen',
    file: LAYOUT,
    text: '{ [ $# -ge 6 ] && is_number "$2"; }',
    instead: ':',
    test: corrupt('run.1.stop', 'x\n'),
  },
  {
    guard: 'a damaged word of how it was stopped is seen',
    file: LAYOUT,
    text: '[ "$2" = kill ] || is_number "$2" ;;',
    instead: ': ;;',
    test: corrupt('run.1.stopped', 'maybe 1\n'),
  },
  {
    guard: 'a damaged end is seen',
    file: LAYOUT,
    text: '&& is_number "\\${3-}" ;;',
    instead: ';;',
    test: corrupt('run.1.exit', 'code seven 1795400828\n'),
  },
  {
    guard: 'an empty record is damage',
    file: LAYOUT,
    text: 'if ! read_record "$2"; then [ ! -e "$2" ]; return; fi',
    instead: 'if ! read_record "$2"; then return 0; fi',
    test: corrupt('run.1.pid', ''),
  },
  {
    guard: 'the client sees damage',
    file: FACTS,
    text: 'damaged: findDamage(records),',
    instead: 'damaged: null,',
    test: corrupt('run.1.exit', 'code seven 1795400828\n'),
  },
  {
    guard: 'an empty record is damage to the client',
    file: 'packages/core/src/report/report-script.ts',
    text: 'return (found == 0 || (found > 0 && line == "")) ? "?" : line',
    instead: 'return line',
    test: corrupt('run.1.pid', ''),
  },
  {
    guard: 'a record is read back before it counts',
    file: SCRIPT,
    text: '&& read_record "$1.$$" && [ "$record" = "$2" ]; then',
    instead: '; then',
    test: 'packages/core/src/shell/script.test.ts > a record is written whole or not at all',
  },
  {
    guard: 'a record that could not be written is no record',
    file: SCRIPT,
    text: 'if { printf \'%s\\n\' "$2" >"$1.$$"; } 2>/dev/null && read_record "$1.$$" && [ "$record" = "$2" ]; then',
    instead: 'if { printf \'%s\\n\' "$2" >"$1.$$"; } 2>/dev/null; then :; fi; if true; then',
    test: 'packages/core/src/shell/script.test.ts > a full disk is noticed when a record is written, and leaves the old one',
  },
  {
    guard: 'scripts keep what they write from others',
    file: SCRIPT,
    text: 'umask 077\n',
    instead: '\n',
    test: "packages/core/test/embedded/launch.test.ts > the umask is the caller's, and the records are nobody else's business",
  },
  {
    guard: 'a state folder that is a link is refused',
    file: LAYOUT,
    text: 'if [ -L "$state" ]; then fail E_STATE_DIR - "$state is a symbolic link"; return 1; fi',
    instead: ':',
    test: 'packages/core/test/embedded/ends.test.ts > a state folder that is a symbolic link is refused by its path',
  },
  {
    guard: 'a state folder of somebody else is refused',
    file: LAYOUT,
    text: 'then fail E_STATE_DIR - "$state belongs to another user"; return 1; fi',
    instead: 'then :; fi',
    test: `${FOLDER} > a state folder of another user is refused by its path`,
  },
  {
    guard: 'a state folder that others can write is refused',
    file: LAYOUT,
    text: '*) fail E_STATE_DIR - "$state can be written by others ($1)"; return 1 ;;',
    instead: '*) ;;',
    test: `${HALF} > stop reads nothing from a state folder that others can write`,
  },
  {
    guard: 'a state folder is closed to everybody else',
    file: LAYOUT,
    text: 'chmod 700 "$state" "$state/apps" 2>/dev/null',
    instead: ':',
    test: `${FOLDER} > a state folder that others can read is closed to them by the next start`,
  },
];
