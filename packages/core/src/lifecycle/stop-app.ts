import { sh } from '../shell/template.js';

/**
 * Shell functions that stop the whole tree of an app and do not believe it before they have seen it.
 *
 * The order matters: the mark comes first, so that the supervisor does not start the app again; then nothing that happens to the client
 * may end the script (which is why it runs in a subshell: what starts afterwards must not inherit ignored signals); then TERM, CONT
 * for what was stopped by a signal, the grace period, KILL for what is left; and only then a word.
 */
export const STOP_FUNCTIONS = sh`
  # stop_app NAME SIGNAL GRACE: GRACE in tenths of a second; - for both takes what the app was started with. A run that was left running
  # beside the latest one goes with it.
  stop_app() {
    enter_app "$1"
    latest_run
    [ "$run" -gt 0 ] || { say "STOP $app unknown"; return 0; }
    left=0 left_how=
    if is_left_running $((run - 1)); then
      enter_run $((run - 1))
      stop_run "$2" "$3" beside
      left=$? left_how=$how
      latest_run # whoever deploys may have dropped the one that was
    fi
    stop_run "$2" "$3"
    set -- $((left + $?))
    forget_dropped
    [ "$1" = 0 ] || return 1
    # The one of both that had to be stopped.
    case $left_how in '' | already-stopped) left_how=$how ;; esac
    say "STOP $app $left_how"
    return 0 # whether or not somebody hears it
  }

  # stop_run SIGNAL GRACE [beside]: the one that was entered; with beside another one runs on, which also writes to the log. Sets how to term or
  # kill, or to already-stopped.
  stop_run() {
    stop_signal=$1 grace=$2 runs_beside=\${3-} how=
    check_records || return 1
    await_launch || { fail E_STOP_FAILED "$app" 'a start is still under way'; return 1; }
    read_stop_settings
    read_tree
    list_members "$root" "$mark" || { fail_unseen; return 1; }
    session_scope=''
    if [ "$phase" = ended ] && [ -z "$members" ]; then
      tell_escaped
      how=$(print_earlier_stop)
      return 0
    fi
    if is_supervisor_alive; then read_session_scope "$recorded_pid"; fi
    mark_stop || { fail E_STATE_DIR "$app" "no space in $app_dir"; return 1; }
    # Only from here on does the supervisor not start it again: what it started meanwhile has its pid in the record by now.
    known=$seen
    read_tree
    seen=$known group=$root
    list_members "$root" "$mark" || { release_stop; fail_unseen; return 1; }
    if ! { end_tree && end_supervisor; }; then
      release_stop
      return 1
    fi
    # Who was slower has nothing to add, but KILL is told whoever sent it.
    [ ! -e "$record_path.forced" ] || how='kill'
    write_record "$record_path.stopped" "$how $(now)" || ln "$record_path.stop" "$record_path.stopped" 2>/dev/null
    release_stop
    tell_escaped
  }

  # end_supervisor: until it has recorded the end, and is gone. One that goes on waiting has an app that we are not allowed to see.
  end_supervisor() {
    is_supervisor_alive && kill -s TERM "$recorded_pid" 2>/dev/null
    await_exit
    gone_waits=0
    while [ -e "$record_path.exit" ] && is_supervisor_alive && [ "$gone_waits" -lt 20 ]; do
      gone_waits=$((gone_waits + 1))
      nap
    done
    [ ! -e "$record_path.exit" ] && is_supervisor_alive || return 0
    fail E_STOP_FAILED "$app" "its supervisor (pid $recorded_pid) still waits for an app that cannot be seen"
  }

  # tell_escaped: what has left the app is not signalled, but nobody is to believe that all is gone.
  tell_escaped() {
    [ -z "$runs_beside" ] || return 0
    find_escaped
    # Of one that was started meanwhile nothing has escaped from this one.
    [ -z "$escaped" ] || ! is_latest "$run" || fail E_ESCAPED "$app" "\${escaped# }"
    return 0
  }

  is_latest() (
    latest_run
    [ "$run" = "$1" ]
  )

  # print_earlier_stop: how this very request has stopped it before its answer was lost, else that nothing was to be done.
  print_earlier_stop() {
    if read_record "$record_path.stop"; then
      case "$record " in
      *" $request "*) read_record "$record_path.stopped" && echo "\${record%% *}" && return ;;
      esac
    fi
    echo already-stopped
  }

  fail_unseen() { fail E_STOP_FAILED "$app" 'the processes of the host could not be listed'; }

  read_stop_settings() {
    settings_signal=TERM settings_grace=100
    [ -r "$record_path.settings" ] && . "$record_path.settings"
    [ "$stop_signal" != - ] || stop_signal=$settings_signal
    [ "$grace" != - ] || grace=$settings_grace
  }

  # mark_stop: the supervisor does not start again what bears this mark. On a full disk a link to the claim serves as one.
  mark_stop() {
    read_process $$
    write_stop_mark || {
      # A tmpfs counts links as files: one that only another start of this run would need gives way.
      rm -f "$record_path.environment"
      ln "$record_path" "$record_path.stop" 2>/dev/null
    } || return 1
    forget_dropped
  }

  write_stop_mark() {
    write_record "$record_path.stop" "$$ $process_start $boot $(now) $by $request" || ln "$record_path" "$record_path.stop" 2>/dev/null
  }

  # forget_dropped: whoever deploys may drop a run meanwhile, its claim first; what is written behind that must not wait for the next of its number.
  forget_dropped() { [ -e "$record_path" ] || rm -f "$record_path".*; }

  # release_stop: nobody is stopping it any more.
  release_stop() {
    if read_record "$record_path.stop"; then
      set -f
      set -- $record
      set +f
      # On a full disk it is forgotten who it was: a restart goes on in this very shell, which must not look like a stopper.
      write_record "$record_path.stop" "0 0 - $4 $5 $6" || rm -f "$record_path.stop"
    fi
    return 0
  }

  # end_tree: sets how to term or kill; says what is left, or that it cannot be seen, and fails.
  end_tree() {
    # From here on the script goes on to its end, whatever becomes of the client.
    trap '' HUP INT PIPE TERM
    how=term
    read_clock
    deadline=$((clock + grace))
    signal_members "$stop_signal"
    signal_members CONT
    while :; do
      list_members "$group" "$mark" || { fail_unseen; return 1; }
      [ -n "$members" ] || return 0
      read_clock
      if [ "$clock" -gt "$deadline" ]; then
        if [ "$how" != term ] && [ "$clock" -ge $((deadline + 50)) ]; then
          fail E_STOP_FAILED "$app" "still there after KILL:$members"
          return 1
        fi
        how='kill'
        ln "$record_path.stop" "$record_path.forced" 2>/dev/null
        signal_members KILL
      fi
      nap
    done
  }
`;
