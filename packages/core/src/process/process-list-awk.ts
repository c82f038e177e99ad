import { raw, sh } from '../shell/template.js';

/**
 * Prints the `stat` of every process that can be seen. It asks half as many things of the kernel a file as `cat` does, which counts where there are
 * thousands. Names may hold any bytes, so it wants `LC_ALL=C`.
 */
export const PRINT_STATS = 'grep -hs . /proc/[0-9]*/stat';

/**
 * Functions for the awk programs of our scripts, which stand between two single quotes of the shell and so hold none themselves.
 *
 * `read_processes()` fills `state`, `parent`, `group`, `session`, `start`, `ticks` (of CPU, `hz` of them a second) and
 * `resident` (in units of `page` bytes, which it sets to 1024 without `/proc`) by pid for every process that can be seen, and gives its own pid, 0 when the list is not
 * whole. Without `/proc` the list is the one of `ps` in the form that procps, macOS and the BSDs share; sessions are not told there, and
 * a process begins at its `lstart`.
 */
export const PROCESS_LIST_AWK = sh`
  # What stands behind the last ") " counts: a process may put anything into its name.
  function read_stat(line,   rest, at, field, pid) {
    rest = line
    while ((at = index(rest, ") ")) > 0) rest = substr(rest, at + 2)
    if (split(rest, field, " ") < 22) return 0
    pid = line + 0
    state[pid] = field[1]; parent[pid] = field[2]; group[pid] = field[3]; session[pid] = field[4]
    start[pid] = field[20]; ticks[pid] = field[12] + field[13]; resident[pid] = field[22]
    return pid
  }

  function read_ps(line,   field, pid, part, parts, seconds, i) {
    if (split(line, field, " ") < 11) return 0
    pid = field[1] + 0
    parent[pid] = field[2]; group[pid] = field[3]; session[pid] = field[3]; state[pid] = substr(field[4], 1, 1)
    start[pid] = "l" field[5] "_" field[6] "_" field[7] "_" field[8] "_" field[9]
    parts = split(field[10], part, /[-:]/)
    seconds = 0
    for (i = 1; i <= parts; i++) seconds = seconds * ((i == 2 && parts == 4) ? 24 : 60) + part[i]
    ticks[pid] = seconds * hz; resident[pid] = field[11]
    return pid
  }

  function read_processes(   line, held, self) {
    self = 0
    if ((getline line <"/proc/self/stat") > 0) {
      close("/proc/self/stat")
      self = read_stat(line)
      held = ""
      while (("exec ${raw(PRINT_STATS)} 2>/dev/null" | getline line) > 0) {
        # A name may hold a newline: then this is not yet the whole of it.
        held = read_stat(held line) ? "" : held line " "
        listed++
      }
      return (listed > 1) ? self : 0
    }
    page = 1024
    while (("LC_ALL=C TZ=UTC0 ps -A -o pid= -o ppid= -o pgid= -o state= -o lstart= -o time= -o rss= 2>/dev/null" | getline line) > 0) self = read_ps(line)
    return self
  }
`;
