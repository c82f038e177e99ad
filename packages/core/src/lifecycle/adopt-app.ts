import { sh } from '../shell/template.js';

/**
 * Shell functions that make an app of a process that somebody else has started: `adopt_app`.
 *
 * The run number is claimed and the pid is committed as a start does it, each with an `ln`. Between the two stands what is meant to be
 * adopted (`run.N.adopting`), and only then is it looked whose process that is: of two who adopt the same one under two names at the same
 * moment, at least one sees the other and gives up.
 */
export const ADOPT_FUNCTIONS = sh`
  # adopt_app PID START: makes app $app of that process; - takes it whenever it began.
  adopt_app() {
    target=$1 wanted=$2
    list_apps
    examine_target && find_owner || return 1
    read_process $$
    launcher="$$ $process_start $boot"
    claim_run || return 1
    take_over && return 0
    if abort_run; then rm -f "$record_path.adopting" "$record_path.spec" "$record_path.settings" "$record_path.launch" "$record_path.sh"; fi
    return 1
  }

  check_launcher() { :; } # nothing is launched
  check_port() { :; }

  refuse_target() { fail E_ADOPT_REFUSED "$app" "pid $target $1"; }

  # read_lineage PID: sets lineage to the pids of the process and all above it, lineage_groups to their groups and sessions.
  read_lineage() {
    lineage=' ' lineage_groups=' ' ancestor=$1
    while [ "$ancestor" -gt 1 ] && read_process "$ancestor"; do
      lineage="$lineage$ancestor " lineage_groups="$lineage_groups$process_group $process_session "
      ancestor=$process_parent
    done
  }

  # examine_target: sets target_start and target_cwd; refuses what is no program of this user's own, or is what we run in.
  examine_target() {
    case $target in
    '' | 0 | 1 | 0* | *[!0-9]*) refuse_target 'is no process to adopt'; return 1 ;;
    esac
    read_process "$target" || { fail E_NO_SUCH_PROCESS "$app" "pid $target"; return 1; }
    target_start=$process_start
    if [ "$wanted" != - ] && [ "$wanted" != "$target_start" ]; then
      fail E_NO_SUCH_PROCESS "$app" "pid $target is another process by now"
      return 1
    fi
    case $process_state in
    Z | X) refuse_target 'has ended (a zombie: its parent has not noticed)'; return 1 ;;
    esac
    read_lineage $$
    case $lineage in *" $target "*) refuse_target 'carries this very connection'; return 1 ;; esac
    read_lineage "$target"
    case $lineage in *" $$ "*) refuse_target 'is part of this very request'; return 1 ;; esac
    examine_program
  }

  # examine_program: that everything can be read that a restart needs.
  examine_program() {
    arguments=$(tr -d '\000' 2>/dev/null <"/proc/$target/cmdline")
    [ -n "$arguments" ] || { refuse_target 'has no argv (a thread of the kernel?)'; return 1; }
    set -- $(grep '^Uid:' "/proc/$target/status" 2>/dev/null)
    if [ "\${2-}" != "$(id -ru)" ]; then
      set -- $(LC_ALL=C ls -ld "/proc/$target" 2>/dev/null)
      refuse_target "belongs to \${3-another user}: log in as that user"
      return 1
    fi
    kill -s 0 "$target" 2>/dev/null || { refuse_target 'cannot be signalled by this user'; return 1; }
    if ! target_cwd=$(readlink "/proc/$target/cwd" 2>/dev/null) || ! [ -r "/proc/$target/environ" ]; then
      refuse_target 'does not show its folder and its environment to this user'
      return 1
    fi
    set -- $(cat "/proc/$target/cmdline" "/proc/$target/environ" | LC_ALL=C tr -cd '\001' | wc -c)
    [ "$1" = 0 ] || { refuse_target 'has a byte 1 in its argv or environment, which cannot be recorded'; return 1; }
  }

  # find_owner: fails when another app has the process in its tree, is below it, or is about to adopt it.
  find_owner() {
    own=$app owner=''
    read_lineage "$target"
    target_lineage=$lineage target_groups=$lineage_groups
    read_mark
    for name in $apps; do
      [ "$name" != "$own" ] || continue
      enter_app "$name"
      latest_run
      if owns_target; then owner=$name; break; fi
      [ -e "$record_path.beside" ] || continue
      enter_run $((run - 1))
      if owns_target; then owner=$name; break; fi
    done
    enter_app "$own"
    latest_run
    [ -z "$owner" ] || { refuse_target "belongs to app $owner"; return 1; }
  }

  # read_mark: sets target_app and target_run to what an app of ours passes on to whatever it starts.
  read_mark() {
    target_run=$(tr '\n\000' '\001\n' <"/proc/$target/environ" 2>/dev/null | sed -n 's/^OUTLAST_RUN=//p')
  }

  # owns_target: whether the app just entered does.
  owns_target() {
    [ "$run" -gt 0 ] || return 1
    if [ -n "$target_run" ] && read_record "$record_path"; then
      case "$record " in *" $target_run "*) return 0 ;; esac
    fi
    if is_recorded_alive "$record_path.adopting" && [ "$recorded_pid" = "$target" ] && is_recorded_alive "$record_path"; then return 0; fi
    if is_supervisor_alive && is_related; then return 0; fi
    is_recorded_alive "$record_path.pid" && is_related
  }

  # is_related: whether the target is $recorded_pid, below it, above it, or in a group or session that it leads as its own.
  is_related() {
    case $target_lineage in *" $recorded_pid "*) return 0 ;; esac
    case "$recorded_rest " in
    *' adopted ') ;;
    *) case $target_groups in *" $recorded_pid "*) return 0 ;; esac ;;
    esac
    read_lineage "$recorded_pid"
    case $lineage in *" $target "*) return 0 ;; esac
    return 1
  }

  # compare_launch: the app that runs already is the process that is asked for, or another.
  compare_launch() { if [ "$pid" = "$target" ] && [ "$pid_start" = "$target_start" ]; then echo same; else echo different; fi; }

  # take_over: of a run that is claimed.
  take_over() {
    write_record "$record_path.adopting" "$target $target_start $boot" || { fail_space; return 1; }
    list_apps
    find_owner || return 1
    if ! { write_environment && write_adopted_files && note_adoption; }; then
      fail_space
      return 1
    fi
    is_alive "$target" "$target_start" "$boot" || { fail E_NO_SUCH_PROCESS "$app" "pid $target has ended meanwhile"; return 1; }
    write_record "$record_path.commit" "$target $target_start $boot $(print_target_time) 0 adopted" || { fail_space; return 1; }
    ln "$record_path.commit" "$record_path.pid" 2>/dev/null
    linked=$?
    rm -f "$record_path.commit" "$record_path.adopting"
    [ "$linked" = 0 ] || { fail E_ADOPT_REFUSED "$app" 'somebody else has taken this run over'; return 1; }
    say "STARTED $app adopted same"
  }

  fail_space() { fail E_STATE_DIR "$app" "no space in $app_dir"; }

  # note_adoption: the log of an adopted process is wherever it always was.
  note_adoption() {
    output=$(readlink "/proc/$target/fd/1" 2>/dev/null) || output='where it went before'
    printf 'outlast: adopted pid %s; what it writes is not here, it goes to: %s\n' "$target" "$output" 2>/dev/null >>"$app_dir/log"
  }

  # print_target_time: when the process began, in seconds since the epoch; 0 where the host has no clock.
  print_target_time() {
    LC_ALL=C awk -v now="$(now)" -v start="$target_start" -v ticks=100 '
      { printf "%.0f", (now > 0) ? now - $1 + start / ticks : 0; exit }' /proc/uptime
  }
`;
