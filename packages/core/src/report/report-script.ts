import { raw, sh } from '../shell/template.js';

/** Holds no single quote, since it stands between two of the shell's. */
const REPORT_AWK = sh`
  function first_line(path,   line) {
    line = ""
    if ((getline line <path) < 0) line = ""
    close(path)
    return line
  }

  # The state letter of the process that a record begins with, - when that very process is gone.
  function liveness(record,   part) {
    split(record, part, " ")
    if (!(part[1] in state) || (part[2] "") != (start[part[1]] "") || (part[3] "") != boot) return "-"
    return (state[part[1]] ~ /[ZX]/) ? "-" : state[part[1]]
  }

  # The app whose tree a process belongs to: by group, by session, else as its parent does.
  function owner(pid,   depth) {
    for (depth = 0; pid > 1 && (pid in state) && depth < 100; depth++) {
      if (pid in app_of) return app_of[pid]
      if (group[pid] in app_of) return app_of[group[pid]]
      if (session[pid] in app_of) return app_of[session[pid]]
      pid = parent[pid]
    }
    return ""
  }

  function hexadecimal(digits,   value, i) {
    value = 0
    for (i = 1; i <= length(digits); i++) value = value * 16 + index("0123456789ABCDEF", substr(digits, i, 1)) - 1
    return value
  }

  function read_processes(   line, held, rest, at, field) {
    held = ""
    while (("cat /proc/[0-9]*/stat 2>/dev/null" | getline line) > 0) {
      line = held line
      rest = line
      while ((at = index(rest, ") ")) > 0) rest = substr(rest, at + 2)
      # A name may hold a newline: then this is not yet the whole of it.
      if (split(rest, field, " ") < 22) { held = line " "; continue }
      held = ""
      pid = line + 0
      state[pid] = field[1]; parent[pid] = field[2]; group[pid] = field[3]; session[pid] = field[4]
      start[pid] = field[20]; ticks[pid] = field[12] + field[13]; resident[pid] = field[22]
    }
  }

  function read_listeners(path,   line, field, at) {
    while ((getline line <path) > 0) {
      split(line, field, " ")
      if (field[4] != "0A") continue
      at = index(field[2], ":")
      port_of[field[10]] = hexadecimal(substr(field[2], at + 1))
    }
    close(path)
  }

  # Which listening sockets the processes of the trees hold.
  function read_ports(pids,   listing, line, holder, inode, name) {
    listing = "ls -l /proc/self/fd" pids " 2>/dev/null"
    while ((listing | getline line) > 0) {
      if (line ~ /^\/proc\/[0-9]+\/fd:$/) {
        holder = substr(line, 7) + 0
        visible[holder] = 1
      } else if ((at = index(line, "socket:[")) > 0) {
        inode = substr(line, at + 8) + 0
        if (!(holder in state) || !(inode in port_of)) continue
        name = owner(holder)
        if (name != "" && !((name, inode) in counted)) {
          counted[name, inode] = 1
          if (index("," ports[name] ",", "," port_of[inode] ",") == 0) ports[name] = ports[name] (ports[name] == "" ? "" : ",") port_of[inode]
        }
      }
    }
  }

  function say_record(kind, i, record) { if (record != "") print tag kind " " app[i] " " record }

  {
    count++
    app[count] = $1; run[count] = $2
    base = ENVIRON["OUTLAST_APPS"] "/" $1 "/run." $2
    if ($2 == 0) next
    claim[count] = first_line(base)
    supervisor[count] = first_line(base ".supervisor")
    pid_record[count] = first_line(base ".pid")
    stop[count] = first_line(base ".stop")
    stopped[count] = first_line(base ".stopped")
    signalled[count] = first_line(base ".signal")
    exit_record[count] = first_line(base ".exit")
    while ((getline line <(base ".spec")) > 0) specs[count] = specs[count] tag "SPEC " $1 " " line "\n"
    close(base ".spec")
  }

  END {
    read_processes()
    split(first_line("/proc/uptime"), up, " ")
    for (i = 1; i <= count; i++) {
      split(pid_record[i], part, " ")
      alive[i] = liveness(pid_record[i])
      if (alive[i] != "-") { app_of[part[1]] = app[i]; main[i] = part[1] }
      else if (exit_record[i] == "" && part[3] == boot) {
        # A supervisor that is gone may have recorded it just after we looked; one that lives is about to, unless it starts it again.
        if (liveness(supervisor[i]) == "-") tries = 2
        else tries = (supervisor[i] ~ / (on-failure|always|unless-stopped)$/) ? 0 : 20
        if (attempt < tries) unsettled = 1
      }
    }
    if (unsettled) exit 3
    pids = ""
    for (pid in state) {
      name = owner(pid)
      if (name == "") continue
      tree_ticks[name] += ticks[pid]; tree_pages[name] += resident[pid]
      pids = pids " /proc/" pid "/fd"
      if (length(pids) > 60000) { batch[++batches] = pids; pids = "" }
    }
    if (pids != "") batch[++batches] = pids
    if (batches) { read_listeners("/proc/net/tcp"); read_listeners("/proc/net/tcp6") }
    for (b = 1; b <= batches; b++) read_ports(batch[b])
    for (i = 1; i <= count; i++) {
      print tag "APP " app[i] " " run[i]
      say_record("CLAIM", i, (claim[i] == "") ? "" : liveness(claim[i]) " " claim[i])
      say_record("SUPERVISOR", i, (supervisor[i] == "") ? "" : liveness(supervisor[i]) " " supervisor[i])
      say_record("PID", i, (pid_record[i] == "") ? "" : alive[i] " " pid_record[i])
      say_record("STOP", i, (stop[i] == "") ? "" : liveness(stop[i]) " " stop[i])
      say_record("STOPPED", i, stopped[i])
      say_record("SIGNAL", i, signalled[i])
      say_record("EXIT", i, exit_record[i])
      printf "%s", specs[i]
      if (!(i in main)) continue
      printf "%sUSAGE %s %s %s %.0f %.0f\n", tag, app[i], up[1], start[main[i]], tree_ticks[app[i]], tree_pages[app[i]] * page
      print tag "PORTS " app[i] " " ((main[i] in visible) ? "visible" : "hidden") " " ports[app[i]]
    }
    print tag "REPORTED"
  }
`;

/**
 * The one way in which a script tells about apps: `report APP…` says every record of each app's latest run, and what its processes
 * use, in one pass over `/proc` for all apps together.
 *
 * Every record is read before any process is looked at: a pid that was committed in time is then surely in the list of processes.
 * The other way round, an app that has just started would look lost. What an app ends with may be recorded a moment after it is gone,
 * so a missing end is looked for again before it is believed.
 */
export const REPORT_FUNCTIONS = sh`
  # report APP...: HOST, then for each app APP, CLAIM, PID, SUPERVISOR, EXIT, STOP, STOPPED, SIGNAL, SPEC, USAGE and PORTS.
  report() {
    read_boot
    say "HOST $boot $(getconf CLK_TCK 2>/dev/null || echo 100) $(now) $(encode "$state")"
    [ $# -gt 0 ] || { say REPORTED; return 0; }
    attempts=0
    while :; do
      attempts=$((attempts + 1))
      for name do
        enter_app "$name"
        latest_run
        printf '%s %s\n' "$name" "$run"
      done | OUTLAST_APPS=$state/apps LC_ALL=C awk -v tag="@@$nonce " -v boot="$boot" -v attempt="$attempts" \
        -v page="$(getconf PAGESIZE 2>/dev/null || echo 4096)" '
    ${raw(REPORT_AWK)}'
      [ $? = 3 ] || return 0
      nap
    done
  }
`;
