import { PROCESS_LIST_AWK } from '../process/process-list-awk.js';
import { raw, sh } from '../shell/template.js';

/** Holds no single quote, since it stands between two of the shell's. */
const MEMBERS_AWK = sh`
  ${raw(PROCESS_LIST_AWK)}
  # Whether the group and the session of that number are the ones of the app. Once its leader is gone, strangers may have had the
  # number since: then one has to be in it that is known to be ours, or that began before the app ended. No number is
  # given out again while somebody is in its group.
  function is_ours(   pid) {
    if (root <= 1) return 0
    if (root in start) return (start[root] "") == (root_start "")
    for (pid in start) if (group[pid] == root || session[pid] == root) {
      if ((pid in hit) || ((pid ":" start[pid]) in known) || (root_end != "" && start[pid] <= root_end)) return 1
    }
    return 0
  }

  BEGIN {
    read_processes()
    # A list in which not even this script is found is not whole.
    if (!(script in start)) exit 1
    count = split(seen, list, " "); for (i = 1; i <= count; i++) known[list[i]] = 1
    count = split(marked, list, " "); for (i = 1; i <= count; i++) hit[list[i]] = 1
    ours = is_ours()
    for (pid in start) {
      if (state[pid] ~ /[ZX]/) { delete hit[pid]; delete start[pid]; continue }
      if (ours && (pid == root || group[pid] == root || session[pid] == root)) hit[pid] = 1
      if ((pid ":" start[pid]) in known) hit[pid] = 1
    }
    do {
      grown = 0
      for (pid in start) if (!(pid in hit) && (parent[pid] in hit) && (parent[pid] in start)) { hit[pid] = 1; grown = 1 }
    } while (grown)
    for (pid in hit) if ((pid in start) && pid > 1) printf "%s:%s ", pid, start[pid]
    print "whole"
  }
`;

/**
 * Shell functions around all processes of an app: its process group, its session, its descendants, everything that carries its
 * run's mark in the environment, and everything that was seen to belong to it before.
 *
 * A daemon that leaves the group and the session and clears its environment escapes. It is not signalled, since nothing proves that it is
 * the app's, but it is looked for and told: by the log that it still writes to, and by the cgroup of the login session that started it,
 * in which nothing else is left.
 *
 * An adopted process may share its group and its session with strangers, such as all that a terminal runs. So neither of them counts:
 * its tree is itself and its descendants.
 */
export const TREE_FUNCTIONS = sh`
  # read_tree: of the latest run, sets mark, and root to the app's pid unless a stranger has it by now, then 0; root_start to when it
  # began, and root_end to when it was found to have ended, empty where nobody saw it; an adopted one is in seen.
  read_tree() {
    mark=none root=0 root_start='' root_end='' seen='' claim=
    if read_record "$record_path"; then
      claim=$record
      set -f
      set -- $record
      set +f
      mark=\${4:-none}
    fi
    # The claim in its place says that nothing was started.
    read_record "$record_path.pid" && [ "$record" != "$claim" ] || return 0
    set -f
    set -- $record
    set +f
    case $1 in
    '' | 0 | 1 | *[!0-9]*) return 0 ;;
    esac
    [ "$3" = "$boot" ] || return 0
    if [ "\${6-}" = adopted ]; then seen=$1:$2; return 0; fi
    # Nobody is given the number of a group that is not empty: where a stranger has it, none of ours is left in it.
    if ! read_process "$1" || [ "$process_start" = "$2" ]; then root=$1 root_start=$2; fi
    read_record "$record_path.exit" || return 0
    # Its end was seen: who has its number now is another, even one that began within the same tick.
    ! read_process "$root" || root=0
    set -f
    set -- $record
    set +f
    case \${7-} in
    '' | *[!0-9]*) ;;
    *) root_end=$7 ;;
    esac
  }

  # list_members ROOT MARK: sets members to the living processes of the tree of pid ROOT (0: none) and of the run MARK, and adds
  # them to seen, as pid:start, so that one which loses its parent is still known the next time. Fails where
  # the processes could not be listed: nothing seen is then no proof of nothing there.
  list_members() {
    marked=
    # Not -F, with which busybox looks no further than the first NUL.
    for environ in $(grep -ls "OUTLAST_RUN=$2" /proc/[0-9]*/environ 2>/dev/null); do
      environ=\${environ#/proc/}
      marked="$marked \${environ%/environ}"
    done
    seen=$(LC_ALL=C awk -v script="$$" -v root="$1" -v root_start="$root_start" -v root_end="$root_end" -v marked="$marked" -v seen="$seen" '
    ${raw(MEMBERS_AWK)}')
    members=
    case $seen in
    *whole) seen=\${seen%whole} ;;
    *) return 1 ;;
    esac
    for member in $seen; do members="$members \${member%%:*}"; done
  }

  # find_escaped: sets escaped to the pids outside of the tree that are the app's by all appearance.
  find_escaped() {
    folder=$(cd "$app_dir" && pwd -P)
    escaped=$(LC_ALL=C ls -ln /proc/[0-9]*/fd/[12] 2>/dev/null | OUTLAST_LOG=$folder/log LC_ALL=C awk '
      (at = index($0, " -> " ENVIRON["OUTLAST_LOG"])) { split(substr($0, index($0, "/proc/") + 6), part, "/"); if (!(part[1] in told)) printf " %s", part[1]; told[part[1]] }')
    [ -z "$escaped" ] && is_session_over || return 0
    for member in $(grep -ls "/$session_scope\$" /proc/[0-9]*/cgroup 2>/dev/null); do
      member=\${member#/proc/}
      member=\${member%/cgroup}
      read_process "$member" && [ "$process_state" != Z ] && escaped="$escaped $member"
    done
  }

  # is_session_over: true when the login of session_scope has ended, so that nothing is left in it but what it has started.
  is_session_over() {
    [ -n "$session_scope" ] || return 1
    session=\${session_scope#session-}
    while read -r line; do
      [ "$line" != STATE=closing ] || return 0
    done 2>/dev/null <"/run/systemd/sessions/\${session%.scope}"
    return 1
  }

  # read_session_scope PID: sets session_scope to the name of the cgroup that logind has made for the login which started it.
  read_session_scope() {
    session_scope=
    while read -r line; do
      case \${line##*/} in
      session-*.scope) session_scope=\${line##*/} ;;
      esac
    done 2>/dev/null <"/proc/$1/cgroup"
  }

  # send_signal SIGNAL PID: a name, or a number that means what it means on this host.
  send_signal() {
    case $1 in
    [0-9]*) kill "-$1" "$2" 2>/dev/null ;;
    *) kill -s "$1" "$2" 2>/dev/null ;;
    esac
  }

  # signal_members SIGNAL: the group at once where the app leads one, then each process that has left it; nobody gets it twice.
  # Fails when it went to none of them.
  signal_members() {
    signalled_group='' signals_sent=0
    for member in $seen; do
      is_alive "\${member%%:*}" "\${member#*:}" "$boot" || continue
      # The number of a group is that of a stranger's once all of ours have left: one that was checked just now has to be in it.
      if [ "$process_group" = "$group" ]; then signal_group "$1"; fi
      [ "$process_group" = "$signalled_group" ] || send_signal "$1" "\${member%%:*}" && signals_sent=$((signals_sent + 1))
    done
    [ "$signals_sent" -gt 0 ]
  }

  # signal_group SIGNAL: once a round.
  signal_group() {
    [ "$group" -gt 1 ] && [ -z "$signalled_group" ] || return 0
    case $1 in
    # A number before a negative pid is read as a pid by some shells.
    [0-9]*) return 0 ;;
    esac
    # busybox sends it and complains of the dashes, which the others cannot do without.
    if kill -s "$1" -- "-$group" 2>/dev/null || ! kill -s 0 -- $$ 2>/dev/null; then signalled_group=$group; fi
  }
`;
