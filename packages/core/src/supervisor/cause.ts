import { sh } from '../shell/template.js';

/**
 * Shell functions of the supervisor that find out why its app was killed, where the host can tell: by the kernel for want of memory, or
 * with the login session that it belonged to.
 *
 * The cgroup counts such kills for all of its processes, so a count that has grown while the app lived is the word of the cgroup, not of
 * the process; where the kernel log may be read, it names the very pid.
 */
export const CAUSE_FUNCTIONS = sh`
  # read_oom_kills: sets oom_kills to how many processes of our cgroup the kernel has killed for want of memory, - where it does not say.
  read_oom_kills() {
    oom_kills=-
    while IFS=: read -r hierarchy controllers cgroup; do
      case $hierarchy:,$controllers, in
      0:,,) set -- "/sys/fs/cgroup$cgroup/memory.events" /sys/fs/cgroup/memory.events ;;
      *:*,memory,*) set -- "/sys/fs/cgroup/memory$cgroup/memory.oom_control" /sys/fs/cgroup/memory/memory.oom_control ;;
      *) continue ;;
      esac
      # In a container our own cgroup may be mounted as if it were the root.
      [ -r "$1" ] || shift
      [ -r "$1" ] || continue
      while read -r counter count; do
        [ "$counter" != oom_kill ] || oom_kills=$count
      done <"$1"
    done 2>/dev/null </proc/self/cgroup
  }

  # find_cause: sets cause to what has ended the app as kind and value say, - where nobody can tell.
  find_cause() {
    cause=-
    if is_stop_wanted; then cause=stop; return; fi
    if [ -n "$told" ] && is_logout; then cause=logout; return; fi
    [ "$kind $value" = 'signal 9' ] || return 0
    earlier=$oom_kills
    read_oom_kills
    case $oom_kills in
    - | "$earlier") ;;
    *) cause=oom ;;
    esac
    read -r app_pid app_rest <"$record_path.pid"
    case $(dmesg 2>/dev/null | tail -n 200) in
    *"Killed process $app_pid "*) cause=oom ;;
    esac
  }
`;
