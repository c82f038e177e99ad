import { sh } from '../shell/template.js';

/**
 * Shell functions that let a release take the place of what runs, and what ran take its place again where it is not healthy:
 * `activate_release`. From its first step on the script goes on to its end, whatever becomes of the client.
 *
 * Two sets of the functions that write a run's files stand ready: `use_new_files` takes those of this request, `use_recorded_files` what
 * `$run_source` has.
 */
export const ACTIVATE_FUNCTIONS = sh`
  # step NAME, step_done RESULT: for the client, with how long it took in tenths of a second.
  step() {
    step_name=$1
    read_clock
    step_began=$clock
    say "STEP $app $step_name begin"
  }
  step_done() {
    read_clock
    tell "STEP $app $step_name $1 $((clock - step_began))"
  }

  # run_step NAME FUNCTION ARGUMENT...
  run_step() {
    step "$1"
    shift
    if "$@"; then step_done ok; else step_done failed; return 1; fi
  }

  # await_go: until the client says that it is there; whoever lost it by then has changed nothing that anybody sees.
  await_go() {
    say READY
    wait "$lease_reader" || fail E_UPLOAD "$app" 'its client was gone before anything was switched'
  }

  # activate_release: of $release, by the files of use_files; fails when what ran before runs again, or nothing at all.
  activate_release() {
    trap : HUP INT PIPE TERM # not '', which the app would inherit as ignored
    note_stage activate || return 1
    read_current
    read_running
    earlier=$good was_current=$current was_live=no run_before=$run
    case $phase in running | between | launching | stopping) was_live=yes earlier=$running ;; esac
    tell "PREVIOUS $app \${earlier:--}"
    $use_files
    run_release=$release
    run_step port check_before_stop && keep_earlier_run || return 1
    if ! run_step stop stop_running; then
      # What could not be stopped runs on, or runs again.
      restore_earlier
      return 1
    fi
    if run_step switch switch_to "$release" && run_step start start_release && run_step health be_healthy; then return 0; fi
    fall_back
    return 1
  }

  # keep_earlier_run: what is needed to start it again, since the records of all but two runs go.
  keep_earlier_run() {
    for part in spec settings launch sh release; do
      [ -e "$app_dir/run.$run_before.$part" ] || continue
      cp "$app_dir/run.$run_before.$part" "$lock_path.run.$part" 2>/dev/null && continue
      fail E_STATE_DIR "$app" "no space in $deploy_dir; nothing was stopped"
      return 1
    done
  }

  check_before_stop() { check_launcher && check_port && check_room; }

  stop_running() {
    latest_run
    [ "$run" -gt 0 ] || return 0
    (stop_app "$app" - -)
  }

  switch_to() {
    read_release "$1" && [ "$release_state" = good ] || note_state "$1" activating || return 1
    switch_current "$1" || fail E_STATE_DIR "$app" "cannot switch $deploy_dir/current"
  }

  start_release() {
    start_app || return 1
    judge_run
    [ "$phase" != running ] || return 0
    read_record "$record_path.exit"
    say "ENDED $app $record"
    return 1
  }

  be_healthy() {
    await_health && return 0
    say "UNHEALTHY $app"
    print_last_lines
    fail E_UNHEALTHY "$app" "$unhealthy"
  }

  # fall_back: what ran before runs again; without one, nothing is left running.
  fall_back() {
    read_release "$release"
    [ "$release_state" = good ] || note_state "$release" failed
    run_step rollback undo_switch
    tell "ROLLEDBACK $app \${was_current:--}"
  }

  undo_switch() {
    latest_run
    if [ "$run" != "$run_before" ]; then (stop_app "$app" - -) || return 1; fi
    switch_current "$was_current" || { fail E_STATE_DIR "$app" "cannot switch $deploy_dir/current"; return 1; }
    restore_earlier
  }

  # restore_earlier: unless it runs as it did.
  restore_earlier() {
    [ "$was_live" = yes ] || return 0
    latest_run
    judge_run
    if [ "$run" = "$run_before" ] && [ "$phase" = running ]; then return 0; fi
    run_source=$lock_path.run
    use_recorded_files
    run_release=
    # As a request of its own: of this one something was started already.
    check_recorded && (request=$request-back && start_release)
  }

  # finish_release KEEP: it was healthy.
  finish_release() {
    note_good "$release" || fail E_STATE_DIR "$app" "no space in $deploy_dir"
    forget_old_releases "$1"
  }
`;
