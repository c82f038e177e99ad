import { sh } from '../shell/template.js';

/**
 * Shell functions that keep what ran before a release takes its place, and let it run again where that release is no good. `activate-release.ts`
 * sets what they go by: `earlier_live`, `earlier_run`, `earlier_current`, `claim_before`; and `recover` sets `restored`.
 */
export const FALL_BACK_FUNCTIONS = sh`
  # keep_earlier_run: what is needed to start it again, since the records of all but two runs go.
  keep_earlier_run() { copy_run "$earlier_run" "$lock_path.run" || fail E_STATE_DIR "$app" "no space in $deploy_dir; nothing was stopped"; }

  # fall_back: what ran before runs again; without one, nothing is left running.
  fall_back() {
    note_failed
    run_step rollback undo_switch && clear_debt
    tell "ROLLEDBACK $app \${earlier_current:--}"
  }

  note_failed() { is_good "$release" || note_state "$release" failed; }

  undo_switch() {
    if is_new_run; then apart stop_app "$app" - - || return 1; fi
    switch_current "$earlier_current" || { fail E_STATE_DIR "$app" "cannot switch $deploy_dir/current"; return 1; }
    restore_earlier
  }

  # is_new_run: the latest one was claimed by this script, behind the one that ran before. A number may be given twice, a claim is not.
  is_new_run() {
    latest_run
    read_record "$record_path" && [ "$record" != "$claim_before" ] || return 1
    case $record in "$$ "*) ;; *) return 1 ;; esac
  }

  # drop_new_run: with its records, so that the run before is the latest one again; but for those that whoever stops the app is writing.
  drop_new_run() {
    is_new_run || return 0
    if [ -e "$lock_path.stopped" ]; then apart stop_app "$app" - -; return; fi
    apart stop_run - - beside || return 1
    [ -e "$lock_path.stopped" ] || drop_run
  }

  # restore_earlier: unless it runs as it did, or is to run no more.
  restore_earlier() {
    [ "$earlier_live" = yes ] && [ ! -e "$lock_path.stopped" ] || return 0
    if ! is_new_run; then
      judge_run
      # What somebody else has started meanwhile stays.
      if [ "$phase" = running ]; then read_record "$record_path" && [ "$record" = "$claim_before" ]; return; fi
    fi
    apart start_recorded "$lock_path.run" back
  }

  # start_recorded FILES NAME: a run as it was, as a request of its own: of this one something may have been started already. Its id begins with
  # another word, since processes are found by how the id begins. In a shell of its own.
  start_recorded() {
    request=$2-$lock-$request
    can_start "$1" && start_release
  }

  # can_start FILES: a run as it was.
  can_start() {
    run_source=$1 run_release=
    use_recorded_files
    check_recorded
  }
`;
