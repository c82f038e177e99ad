import { sh } from '../shell/template.js';

/**
 * Shell functions around all processes of an app: its process group, its session, its descendants, everything that carries its
 * run's mark in the environment, and everything that was seen to belong to it before.
 *
 * A daemon that leaves the group and the session and clears its environment escapes; only a cgroup could hold it.
 *
 * An adopted process may share its group and its session with strangers, such as all that a terminal runs. So neither of them counts:
 * its tree is itself and its descendants.
 */
export const TREE_FUNCTIONS = sh`
  # read_tree: of the latest run, sets mark, and root to the app's pid where its group and session can only be its own, else 0;
  # an adopted one is in seen.
  read_tree() {
    mark=none root=0 seen=''
    if read_record "$record_path"; then
      set -f
      set -- $record
      set +f
      mark=\${4:-none}
    fi
    read_record "$record_path.pid" || return 0
    set -f
    set -- $record
    set +f
    case $1 in
    '' | 0 | 1 | *[!0-9]*) return 0 ;;
    esac
    [ "$3" = "$boot" ] || return 0
    if [ "\${6-}" = adopted ]; then seen=$1:$2; return 0; fi
    # Nobody is given the number of a group that is not empty: where a stranger has it, none of ours is left in it.
    if ! read_process "$1" || [ "$process_start" = "$2" ]; then root=$1; fi
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
    seen=$(cat /proc/[0-9]*/stat 2>/dev/null | LC_ALL=C awk -v self="$$" -v root="$1" -v marked="$marked" -v seen="$seen" '
      BEGIN {
        count = split(seen, list, " "); for (i = 1; i <= count; i++) known[list[i]] = 1
        count = split(marked, list, " "); for (i = 1; i <= count; i++) hit[list[i]] = 1
      }
      {
        line = held $0; rest = line
        while ((at = index(rest, ") ")) > 0) rest = substr(rest, at + 2)
        if (split(rest, field, " ") < 20) { held = line " "; next }
        held = ""; pid = line + 0
        if (field[1] == "Z" || field[1] == "X") next
        start[pid] = field[20]; parent[pid] = field[2]
        if (root > 1 && (pid == root || field[3] == root || field[4] == root)) hit[pid] = 1
        if ((pid ":" field[20]) in known) hit[pid] = 1
      }
      END {
        if (!(self in start)) exit 1
        do {
          grown = 0
          for (pid in start) if (!(pid in hit) && (parent[pid] in hit) && (parent[pid] in start)) { hit[pid] = 1; grown = 1 }
        } while (grown)
        for (pid in hit) if ((pid in start) && pid > 1) printf "%s:%s ", pid, start[pid]
        print "whole"
      }')
    members=
    case $seen in
    *whole) seen=\${seen%whole} ;;
    *) return 1 ;;
    esac
    for member in $seen; do members="$members \${member%%:*}"; done
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
