import { sh } from '../shell/template.js';

/**
 * Shell functions that put right what a deploy has left whose script did not come to its end, before anything else is done. Which of two runs
 * goes on, and what is brought back, is decided by the release that was healthy last (`good`), and by the state of what runs.
 */
export const RECOVER_FUNCTIONS = sh`
  # mend_runs: where whoever had begun one run beside another was killed, only one goes on: the new one once it counts as good.
  mend_runs() {
    latest_run
    [ "$run" -gt 1 ] && is_left_running $((run - 1)) || return 0
    read_current
    read_running
    if [ -e "$record_path.beside" ] && ! runs_as_good; then
      apart stop_run - - beside || return 1
      drop_run
    else
      rm -f "$record_path.beside"
      stop_earlier
    fi
  }

  # is_good_displaced: a deploy that did not come to its end has left running, or current, what never was healthy, or nothing, where something
  # was healthy.
  is_good_displaced() {
    read_current
    read_running
    [ -n "$good" ] && [ -d "$deploy_dir/releases/$good" ] && [ -r "$deploy_dir/records/$good.run.launch" ] || return 1
    if runs_as_good; then
      [ "$current" != "$good" ]
    elif [ ! -e "$deploy_dir/owed" ]; then
      case $phase in running | between) [ -n "$running" ] && ! is_good "$running" ;; *) return 1 ;; esac
    fi
  }

  # recover: sets restored to no where what was healthy last is still to be brought back.
  recover() {
    restored=yes
    mend_runs || return 1
    if is_good_displaced; then run_step restore apart restore_good || restored=no; fi
    clear_debt
  }

  # runs_as_good: what read_running has found is what was healthy last, started as it was then.
  runs_as_good() { [ "$phase" = running ] && [ -n "$good" ] && [ "$running" = "$good" ] && runs_as_proven; }

  # restore_good: what was healthy last runs again, before anything else is done. Where it cannot be started any more, what ran goes on; that is
  # told by the step alone, and no reason to do nothing else.
  restore_good() {
    exec >/dev/null # this shell is its own
    fail() { return 1; }
    tell() { :; }
    if runs_as_good; then switch_current "$good"; return; fi
    ran=$phase
    copy_run "$record_path" "$lock_path.run" && can_start "$deploy_dir/records/$good.run" && check_before_stop || return 1
    stop_running && switch_current "$good" && apart start_recorded "$deploy_dir/records/$good.run" good && return 0
    case $ran in running | between) switch_current "$current" && apart start_recorded "$lock_path.run" back ;; esac
    return 1
  }
`;
