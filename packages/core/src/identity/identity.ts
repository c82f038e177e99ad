import { sh } from '../shell/template.js';

/**
 * Shell functions that tell one process from every other: a pid alone is never an identity, pid + start time + boot id is.
 *
 * Within one tick of the kernel's clock a pid may go to another process with the same start time. Two witnesses stand beside the three
 * then: the recorded end of an app, which whoever waited for it has seen, and the run's random mark in the environment of its tree.
 *
 * The start time is field 22 of `/proc/PID/stat`, counted behind the last `") "` because a process may put anything into its name.
 * Without `/proc` (macOS, the BSDs) it is the `lstart` of `ps`, whole seconds in UTC: absolute, so that it tells boots apart by itself.
 */
export const IDENTITY_FUNCTIONS = sh`
  # read_boot: sets boot to the id of this boot, - where there is none.
  read_boot() {
    boot=-
    { IFS= read -r boot </proc/sys/kernel/random/boot_id; } 2>/dev/null && return 0
    [ -r /proc/self/stat ] || boot=$(sysctl -n kern.bootsessionuuid 2>/dev/null) # macOS has one
    [ -n "$boot" ] || boot=-
  }

  # split_stat LINE: sets process_state, process_parent, process_group, process_session and process_start.
  split_stat() {
    set -f
    set -- \${1##*") "}
    set +f
    [ $# -ge 20 ] || return 1
    process_state=$1 process_parent=$2 process_group=$3 process_session=$4
    shift 19
    process_start=$1
  }

  # ask_ps PID: the same from ps, in the form that procps, macOS and the BSDs share; sessions are not told there.
  ask_ps() {
    set -f
    set -- $(LC_ALL=C TZ=UTC0 ps -o ppid= -o pgid= -o state= -o lstart= -p "$1" 2>/dev/null)
    set +f
    [ $# = 8 ] || return 1
    process_parent=$1 process_group=$2 process_session=$2 process_state=\${3%"\${3#?}"}
    process_start=l$4_$5_$6_$7_$8
  }

  # read_process PID: tells what a process is; fails when there is none.
  read_process() {
    process_stat=
    if ! { IFS= read -r process_stat <"/proc/$1/stat"; } 2>/dev/null; then
      [ ! -r /proc/self/stat ] && ask_ps "$1"
      return
    fi
    split_stat "$process_stat" && return 0
    # The name may hold a newline: then the first line is not the whole of it.
    process_stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    split_stat "$process_stat"
  }

  # is_alive PID START BOOT: true while that very process lives; a zombie counts as gone.
  is_alive() {
    case $1 in
    '' | 0 | 1 | *[!0-9]*) return 1 ;;
    esac
    [ "$3" = "$boot" ] && read_process "$1" && [ "$process_start" = "$2" ] || return 1
    case $process_state in
    Z | X) return 1 ;;
    esac
  }
`;
