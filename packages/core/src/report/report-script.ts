import { PROCESS_LIST_AWK } from '../process/process-list-awk.js';
import { raw, sh } from '../shell/template.js';

/** Holds no single quote, since it stands between two of the shell's. */
const REPORT_AWK = sh`
  ${raw(PROCESS_LIST_AWK)}
  # The first line of a record: nothing where there is none, ? where it is empty, which no record of ours ever is.
  function first_line(path,   line, found) {
    line = ""
    found = (getline line <path)
    close(path)
    return (found == 0 || (found > 0 && line == "")) ? "?" : line
  }

  # The state letter of the process that a record begins with, - when that very process is gone.
  function liveness(record,   part) {
    split(record, part, " ")
    if (!(part[1] in state) || (part[2] "") != (start[part[1]] "") || (part[3] "") != boot) return "-"
    return (state[part[1]] ~ /[ZX]/) ? "-" : state[part[1]]
  }

  # The app whose tree a process belongs to: by group, by session, else as its parent does. Those of an adopted one may be of strangers.
  function owner(pid,   depth) {
    for (depth = 0; pid > 1 && (pid in state) && depth < 100; depth++) {
      if (pid in app_of) return app_of[pid]
      if ((group[pid] in app_of) && !(group[pid] in adopted)) return app_of[group[pid]]
      if ((session[pid] in app_of) && !(session[pid] in adopted)) return app_of[session[pid]]
      pid = parent[pid]
    }
    return ""
  }

  function hexadecimal(digits,   value, i) {
    value = 0
    for (i = 1; i <= length(digits); i++) value = value * 16 + index("0123456789ABCDEF", substr(digits, i, 1)) - 1
    return value
  }

  function read_listeners(path,   line, field, at) {
    while ((getline line <path) > 0) {
      split(line, field, " ")
      if (field[4] != "0A") continue
      listeners++
      at = index(field[2], ":")
      port_of[field[10]] = hexadecimal(substr(field[2], at + 1))
    }
    close(path)
  }

  # Which listening sockets the processes of the trees hold.
  function read_ports(pids,   listing, line, holder, inode, name) {
    listing = "exec ls -ln /proc/self/fd" pids " 2>/dev/null"
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

  function is_held(i, process,   base) {
    base = ENVIRON["OUTLAST_STATE"] "/apps/" app[i] "/log"
    return index(" " first_line(base ".held") " " first_line(base ".stdout.held") " " first_line(base ".stderr.held") " ", " " process " ") > 0
  }

  function read_page_size(   line, field) {
    while ((getline line <"/proc/self/smaps") > 0) {
      if (split(line, field, " ") < 2 || field[1] != "KernelPageSize:") continue
      page = field[2] * 1024
      break
    }
    close("/proc/self/smaps")
  }

  function say_record(kind, i, record) { if (record != "") print tag kind " " app[i] " " record }

  # What an earlier look has seen of each process: its CPU ticks, and when that was. Recent enough, it tells what is used now.
  function read_sample(path,   line, field) {
    while ((getline line <path) > 0) {
      if (split(line, field, " ") != 4) continue
      if (field[1] == "at") sampled_at = (field[2] == boot) ? field[3] : 0
      else if (sampled_at) sampled[field[1] ":" field[2]] = field[3]
    }
    close(path)
    window = sampled_at ? start[self] - sampled_at : 0
    if (window < hz || window > 600 * hz) window = 0
  }

  function write_sample(   pid, file) {
    # A second look within a second has to leave the first one where it is.
    if (sampled_at && start[self] >= sampled_at && start[self] - sampled_at < hz) return
    # No record: whoever reads half of it leaves out what is not whole. On a full disk this ends the program, which has said all by then.
    file = ENVIRON["OUTLAST_STATE"] "/sample"
    print "at", boot, start[self], "-" >file
    for (pid in state) if (app_at[pid]) print pid, start[pid], ticks[pid], "-" >file
    close(file)
  }

  function read_records(i,   base, line) {
    base = ENVIRON["OUTLAST_STATE"] "/apps/" app[i] "/run." run[i]
    claim[i] = first_line(base)
    supervisor[i] = first_line(base ".supervisor")
    pid_record[i] = first_line(base ".pid")
    # On a full disk a link to the claim says that nothing was started.
    if (pid_record[i] == claim[i] && claim[i] != "") pid_record[i] = "aborted"
    stop[i] = first_line(base ".stop")
    stopped[i] = first_line(base ".stopped")
    signalled[i] = first_line(base ".signal")
    exit_record[i] = first_line(base ".exit")
    waiting[i] = first_line(base ".waiting")
    release[i] = first_line(base ".release")
    port[i] = first_line(base ".port")
    while ((getline line <(base ".spec")) > 0) specs[i] = specs[i] tag "SPEC " app[i] " " line "\n"
    close(base ".spec")
  }

  # Names of apps, each followed by the paths of its claims, one for a run.
  !/\// { app[++count] = $0; run[count] = 0; next }
  /\/run\.[0-9]+$/ { number = $0; sub(/.*\./, "", number); if (number + 0 > run[count]) run[count] = number + 0 }

  # Whether a run lives, or its supervisor.
  function lives(i) { return exit_record[i] == "" && (liveness(pid_record[i]) != "-" || liveness(supervisor[i]) != "-") }

  # Of the latest run of each app, and of the one before where the latest is only tried beside it: before[] says which.
  function read_all_records(   i, slots, mark, line) {
    slots = count
    for (i = 1; i <= count; i++) {
      if (run[i] == 0) continue
      read_records(i)
      mark = ENVIRON["OUTLAST_STATE"] "/apps/" app[i] "/run." run[i] ".beside"
      if (run[i] == 1 || (getline line <mark) < 0) continue
      close(mark)
      before[i] = ++slots
      app[slots] = app[i]; run[slots] = run[i] - 1
      read_records(slots)
    }
  }

  END {
    read_all_records()
    self = read_processes()
    read_page_size()
    for (n = 1; n <= count; n++) {
      # What is only tried counts where it alone lives.
      told[n] = (before[n] && (lives(before[n]) || !lives(n))) ? before[n] : n
      i = told[n]
      split(pid_record[i], part, " ")
      # Who waited for it knows better than its number, which another process may have got within the same tick.
      alive[i] = (exit_record[i] == "") ? liveness(pid_record[i]) : "-"
      # A keeper has stopped it for the moment in which it cuts the log: that is no pause.
      if (alive[i] == "T" && is_held(i, part[1] ":" part[2])) alive[i] = "S"
      if (alive[i] != "-") {
        app_of[part[1]] = app[i]; main[i] = part[1]
        if (part[6] == "adopted") adopted[part[1]] = 1
      }
      else if (exit_record[i] == "" && part[3] == boot) {
        # A supervisor that is gone may have recorded it just after we looked; one that lives is about to, unless it waits.
        tries = (liveness(supervisor[i]) == "-") ? 2 : (waiting[i] == "") ? 20 : 0
        if (attempt < tries) unsettled = 1
      }
    }
    if (unsettled) exit 3
    # The seed before this one is the time of day: that spares a program.
    srand(); print tag "HOST " boot " " hz " " srand() " " state_word
    read_sample(ENVIRON["OUTLAST_STATE"] "/sample")
    for (pid in state) {
      name = owner(pid)
      if (name == "") continue
      app_at[pid] = 1
      tree_ticks[name] += ticks[pid]; tree_pages[name] += resident[pid]
      recent_ticks[name] += ticks[pid] - sampled[pid ":" start[pid]]
      if ((pid ":" start[pid]) in sampled) resampled[name] = 1
      pids[++holders] = pid
    }
    if (holders) { read_listeners("/proc/net/tcp"); read_listeners("/proc/net/tcp6") }
    for (i = 1; i <= holders; i++) {
      batch = batch " /proc/" pids[i] "/fd"
      if (length(batch) > 60000 || i == holders) { read_ports(batch); batch = "" }
    }
    for (n = 1; n <= count; n++) {
      i = told[n]
      print tag "APP " app[i] " " run[i]
      say_record("CLAIM", i, (claim[i] == "") ? "" : liveness(claim[i]) " " claim[i])
      say_record("SUPERVISOR", i, (supervisor[i] == "") ? "" : liveness(supervisor[i]) " " supervisor[i])
      say_record("PID", i, (pid_record[i] == "") ? "" : alive[i] " " pid_record[i])
      say_record("STOP", i, (stop[i] == "") ? "" : liveness(stop[i]) " " stop[i])
      say_record("STOPPED", i, stopped[i])
      say_record("SIGNAL", i, signalled[i])
      say_record("WAITING", i, waiting[i])
      say_record("EXIT", i, exit_record[i])
      say_record("RELEASE", i, release[i])
      say_record("PORT", i, port[i])
      other = (i == n) ? before[n] : n
      if (other && lives(other)) {
        split(pid_record[other], part, " ")
        say_record("BESIDE", i, ((release[other] == "") ? "-" : release[other]) " " ((liveness(pid_record[other]) == "-") ? "-" : part[1]))
      }
      printf "%s", specs[i]
      if (!(i in main)) continue
      name = app[i]
      printf "%sUSAGE %s %.2f %s %.0f %.0f", tag, name, start[self] / hz, start[main[i]], tree_ticks[name], tree_pages[name] * page
      if (window && resampled[name]) printf " %.0f %.0f", window, recent_ticks[name]
      print ""
      print tag "PORTS " name " " ((main[i] in visible) ? "visible" : "hidden") " " ports[name]
    }
    print tag "REPORTED"
    fflush()
    if (holders) write_sample()
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
  # report APP...: HOST, then for each app APP, CLAIM, PID, SUPERVISOR, EXIT, STOP, STOPPED, SIGNAL, BESIDE, SPEC, USAGE and PORTS.
  report() {
    read_boot
    ticks_per_second=100 # USER_HZ, in which the kernel tells ticks on every machine but the Alpha
    case $state in
    *[!A-Za-z0-9_./-]*) state_word=$(encode "$state") ;;
    *) state_word=$state ;;
    esac
    [ $# -gt 0 ] || { say "HOST $boot $ticks_per_second $(now) $state_word"; say REPORTED; return 0; }
    attempts=0
    while :; do
      attempts=$((attempts + 1))
      for name do
        printf '%s\n' "$name" "$state/apps/$name"/run.*[0-9]
      done | OUTLAST_STATE=$state LC_ALL=C awk -v tag="@@$nonce " -v boot="$boot" -v attempt="$attempts" \
        -v hz="$ticks_per_second" -v page=4096 -v state_word="$state_word" '
    ${raw(REPORT_AWK)}' 2>/dev/null
      [ $? = 3 ] || return 0
      nap
    done
  }
`;
