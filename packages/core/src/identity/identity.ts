import { sh } from '../shell/template.js';

/**
 * Shell functions that tell one process from every other: a pid alone is never an identity, pid + start time + boot id is.
 *
 * The start time is field 22 of `/proc/PID/stat`, counted behind the last `") "` because a process may put anything into its name.
 */
export const IDENTITY_FUNCTIONS = sh`
  # read_boot: sets boot to the id of this boot, - where there is none.
  read_boot() {
    boot=-
    { IFS= read -r boot </proc/sys/kernel/random/boot_id; } 2>/dev/null || boot=-
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

  # read_process PID: splits the stat of a process; fails when there is none.
  read_process() {
    process_stat=
    { IFS= read -r process_stat <"/proc/$1/stat"; } 2>/dev/null || return 1
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
