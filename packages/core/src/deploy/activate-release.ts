import { sh } from '../shell/template.js';

/** So long somebody else who is at the app is waited for, such as a stop with a long grace, in tenths of a second. */
const LONGEST_OTHER = 6000;

/**
 * Shell functions that let a release take the place of what runs, and what ran take its place again where it is not healthy (`fall-back.ts`):
 * `activate_release`. From its first step on the script goes on to its end, whatever becomes of the client.
 *
 * Two sets of the functions that write a run's files stand ready, of which one is in use when it begins: `use_new_files` takes those of this
 * request, `use_recorded_files` what `$run_source` has.
 */
export const ACTIVATE_FUNCTIONS = sh`
  health_asked=''

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

  # apart FUNCTION ARGUMENT...: in a shell of its own, which a client that is gone ends as little: traps are not handed on to one.
  apart() (
    trap : HUP INT PIPE TERM
    "$@"
  )

  # activate_release: of $release; fails when what ran before runs again, or nothing at all.
  activate_release() {
    trap : HUP INT PIPE TERM # not '', which the app would inherit as ignored
    note_stage activate && check_halted && await_others || return 1
    read_current
    read_running
    previous=$good earlier_current=$good earlier_live=no earlier_run=$record_path
    claim_before=$(cat "$earlier_run" 2>/dev/null)
    # Whoever has not yet stopped it does not want it back.
    case $phase in
    running | between | launching)
      previous=$running
      # What never was healthy is nothing to bring back, unless nothing else can be; what is of no release was there before the first one.
      if [ -z "$running" ] || [ "$restored" = no ] || is_good "$running"; then earlier_live=yes; fi
      ;;
    esac
    if [ "$restored" = no ] || is_good "$current"; then earlier_current=$current; fi
    tell "PREVIOUS $app \${previous:--}"
    if [ "$earlier_live" = yes ]; then owe || return 1; fi
    run_release=$release
    run_step port check_before_stop && keep_earlier_run || { clear_debt; return 1; }
    if [ "$earlier_live" = yes ] && [ "$wanted_port" = auto ] && [ "$may_run_beside" = yes ]; then
      activate_beside
    else
      activate_in_place
    fi
  }

  is_good() { [ -n "$1" ] && read_release "$1" && [ "$release_state" = good ]; }

  # await_others: whoever starts, restarts or stops the app at this moment comes to an end first; whoever claims it behind the stage gives up.
  await_others() {
    quiet_looks=2 other_naps=0
    while latest_run && is_other_at_it || [ "$quiet_looks" -lt 2 ]; do
      if is_other_at_it; then quiet_looks=0; else quiet_looks=$((quiet_looks + 1)); fi
      other_naps=$((other_naps + 1))
      [ "$other_naps" -lt ${LONGEST_OTHER} ] || { fail E_STOPPING "$app" 'or started, and does not come to an end'; return 1; }
      nap
    done
  }

  is_other_at_it() { is_other_alive "$record_path" || is_other_alive "$record_path.stop"; }
  is_other_alive() { is_recorded_alive "$1" && [ "$recorded_pid" != $$ ]; }

  # activate_beside: the new one has a port of its own, so what runs goes on until it is healthy.
  activate_beside() {
    beside=yes
    note_activating || return 1
    if run_step start start_release && run_step health be_healthy && run_step switch switch_to_release; then
      finish_release
      set -- $?
      rm -f "$record_path.beside"
      # It runs, and is healthy: that the other one could not be ended is told, and no reason to end this one.
      run_step stop stop_earlier
      return "$1"
    fi
    note_failed
    run_step rollback drop_new_run && clear_debt
    return 1
  }

  # stop_earlier: the run before the latest one.
  stop_earlier() {
    latest_run
    apart stop_beside $((run - 1))
  }
  stop_beside() {
    enter_run "$1"
    stop_run - - beside
  }

  # activate_in_place: what runs has to go before the new one can begin.
  activate_in_place() {
    if ! run_step stop stop_running; then
      # What could not be stopped runs on, or runs again.
      restore_earlier && clear_debt
      return 1
    fi
    if run_step switch switch_to_release && run_step start start_release && run_step health be_healthy; then finish_release; return; fi
    fall_back
    return 1
  }

  check_before_stop() { check_launcher && check_port && check_room; }

  stop_running() {
    latest_run
    [ "$run" -gt 0 ] || return 0
    apart stop_app "$app" - -
  }

  # note_activating: from here on somebody may have seen it.
  note_activating() { is_good "$release" || note_state "$release" activating; }

  switch_to_release() {
    note_activating || return 1
    switch_current "$release" || fail E_STATE_DIR "$app" "cannot switch $deploy_dir/current"
  }

  # check_halted: refuses to go on once somebody has stopped the app, and lets that stop come to its end. A stop says so before it looks for
  # what runs, and a start asks before it claims its run and behind that: one of the two sees the other.
  check_halted() {
    read_record "$lock_path.stopped" || return 0
    set -f
    set -- $record
    set +f
    while [ "$1" != $$ ] && is_recorded_alive "$lock_path.stopped"; do nap; done
    # On a full disk a link to the lock stands there, which does not tell who it was.
    [ $# = 4 ] || set -- 1 2 3 -
    tell "HALTED $app $4"
    fail E_STOPPED "$app"
  }

  start_release() {
    check_halted && { start_app || fail_started; } && check_halted || return 1
    judge_run
    [ "$phase" != running ] || return 0
    read_record "$record_path.exit"
    tell "ENDED $app $record"
    return 1
  }

  # fail_started: says so where somebody else has started the app; other reasons were told.
  fail_started() {
    [ "$beside" = no ] && ! is_new_run || return 1
    judge_run
    [ "$phase" != running ] || fail E_ALREADY_RUNNING "$app" 'somebody has started it meanwhile'
    return 1
  }

  be_healthy() {
    prove_healthy
    set -- $?
    rm -f "$deploy_dir/page"
    return "$1"
  }

  prove_healthy() {
    await_health
    set -- $?
    check_halted || return 1
    [ "$1" != 0 ] || return 0
    tell "UNHEALTHY $app $silent"
    print_last_lines
    if [ -n "$ended" ]; then tell "ENDED $app $ended $([ -z "$healthy_since" ] && echo before || echo after)"; return 1; fi
    print_probe_lines
    fail E_UNHEALTHY "$app" "$unhealthy"
  }

  # finish_release: it was healthy, by what a deploy asks of it.
  finish_release() {
    if [ -n "$health_asked" ]; then write_record "$deploy_dir/records/$release.health" "$health_asked" || { fail_full; return 1; }; fi
    note_good "$release" || { fail_full; return 1; }
    forget_debt
  }
`;
