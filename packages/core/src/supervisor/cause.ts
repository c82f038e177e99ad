import { sh } from '../shell/template.js';

/**
 * Shell functions of the supervisor that find out why its app was killed, where the host can tell: by the kernel for want of memory, or
 * with the login session that it belonged to.
 *
 * The cgroup counts such kills for all of its processes. So the keeper looks at the count while the app lives, and only what was added
 * after its last look is taken for the app's own end; where the kernel log may be read, it names the very pid.
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

  # notice_oom_kills: a kill in our cgroup that the app has outlived was none of the app.
  notice_oom_kills() {
    read_oom_kills
    [ "$oom_kills" != "$oom_noticed" ] && is_recorded_alive "$record_path.pid" || return 0
    write_checked "$record_path.oom" "$oom_kills" && oom_noticed=$oom_kills
  }

  # find_cause: sets cause to what has ended the app as kind and value say, - where nobody can tell.
  find_cause() {
    cause=-
    if is_stop_wanted; then cause=stop; return; fi
    if [ -n "$told" ] && is_logout; then cause=logout; return; fi
    [ "$kind $value" = 'signal 9' ] || return 0
    # Those that the keeper has noticed while the app lived on were of others.
    noticed=-
    { IFS= read -r noticed <"$record_path.oom"; } 2>/dev/null
    before=$oom_kills
    read_oom_kills
    case $oom_kills in
    - | "$before" | "$noticed") ;;
    *) cause=oom ;;
    esac
    read -r app_pid app_rest <"$record_path.pid"
    case $(dmesg 2>/dev/null | tail -n 200) in
    *"Killed process $app_pid "*) cause=oom ;;
    esac
  }
`;
