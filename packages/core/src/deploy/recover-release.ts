import { sh } from '../shell/template.js';

/**
 * Shell functions that put right what a deploy has left whose script did not come to its end, before anything else is done. Which of two runs
 * goes on, and what is brought back, is decided by the release that was healthy last (`good`), by what is owed, and by the state of what runs.
 */
export const RECOVER_FUNCTIONS = sh`
  # mend_runs: of two runs only one goes on, and what somebody was stopping who was killed is stopped.
  mend_runs() {
    mend_beside || return 1
    if [ "$run" -gt 1 ] && is_left_running $((run - 1)); then stop_earlier; fi
    finish_stop
  }

  # mend_beside: the latest run is no longer one that is only tried: it goes unless it counts as good, or it alone lives. Sets dropped.
  mend_beside() {
    dropped=no
    read_current
    read_running
    [ -e "$record_path.beside" ] || return 0
    if is_as_good || { is_left_running "$run" && ! is_left_running $((run - 1)); }; then
      rm -f "$record_path.beside"
    else
      apart stop_run - - beside || return 1
      drop_run
      latest_run
      dropped=yes
    fi
  }

  # finish_stop: of a stop whose script is gone the signal is out, be it that the app still lives.
  finish_stop() {
    latest_run
    read_record "$record_path.stop" && [ ! -e "$record_path.stopped" ] || return 0
    # Those that gave it up have taken their name from it.
    case $record in '0 '*) return 0 ;; esac
    judge_run
    case $phase in running | between) apart stop_app "$app" - - ;; esac
  }

  # is_as_good: the run that was entered is of what was healthy last, started as it was then.
  is_as_good() { [ -n "$good" ] && [ "$running" = "$good" ] && runs_as_proven; }

  # runs_as_good: so is what read_running has found, and it lives.
  runs_as_good() { [ "$phase" = running ] && is_as_good; }

  # find_goal: sets goal to the files of the run that is to be there: what ran of no release when one began to take its place, else what was
  # healthy last.
  find_goal() {
    goal=$deploy_dir/owed.run
    [ ! -e "$deploy_dir/owed" ] || [ ! -r "$goal.launch" ] || [ -s "$goal.release" ] || return 0
    goal=$deploy_dir/records/$good.run
    [ -n "$good" ] && [ -d "$deploy_dir/releases/$good" ] && [ -r "$goal.launch" ]
  }

  # is_displaced: a deploy that did not come to its end has left running, or current, what never was healthy, or nothing, where something
  # was healthy.
  is_displaced() {
    read_current
    read_running
    if runs_as_good && [ -d "$deploy_dir/releases/$good" ]; then [ "$current" != "$good" ]; return; fi
    find_goal || return 1
    if [ -e "$deploy_dir/owed" ]; then
      [ "$phase" != running ] || ! was_started_from "$goal"
    else
      case $phase in running | between) [ -n "$running" ] && ! is_good "$running" ;; *) return 1 ;; esac
    fi
  }

  # recover: as bring_back, once only one run goes on.
  recover() {
    restored=yes
    mend_runs && bring_back
  }

  # bring_back: sets restored to no where what is to run is still to be brought back.
  bring_back() {
    if is_displaced; then run_step restore apart restore_goal || restored=no; fi
    clear_debt
  }

  # restore_goal: what is to be there runs again, before anything else is done. Where it cannot be started any more, what ran goes on; that is
  # told by the step alone, and no reason to do nothing else.
  restore_goal() {
    exec >/dev/null # this shell is its own
    fail() { return 1; }
    tell() { :; }
    if runs_as_good; then switch_current "$good"; return; fi
    ran=$phase
    copy_run "$record_path" "$lock_path.run" && can_start "$goal" && check_before_stop || return 1
    stop_running && switch_current "$good" && apart start_recorded "$goal" good && return 0
    case $ran in running | between) switch_current "$current" && apart start_recorded "$lock_path.run" back ;; esac
    return 1
  }
`;
