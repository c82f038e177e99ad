import { raw, sh } from '../shell/template.js';
import { DEBT_FUNCTIONS } from './debt.js';

/**
 * Shell functions for whoever has to reckon with a deploy that somebody else is at: a start is refused while a release takes its place, and a
 * stop is the last word, so that the deploy starts nothing any more.
 */
export const READ_LOCK_FUNCTIONS = sh`
  ${raw(DEBT_FUNCTIONS)}

  # latest_lock: sets lock to the number of the latest lock, 0 where there was none.
  latest_lock() {
    find_latest "$deploy_dir/lock"
    lock=$latest lock_path=$deploy_dir/lock.$lock
  }

  # read_lock FILE: sets lock_request, lock_time, lock_by, lock_verb and lock_reason.
  read_lock() {
    lock_request=- lock_time=0 lock_by=- lock_verb=- lock_reason=-
    read_record "$1" || return 1
    set -f
    set -- $record
    set +f
    [ $# -ge 8 ] || return 1
    lock_request=$4 lock_time=$5 lock_by=$6 lock_verb=$7 lock_reason=$8
  }

  # read_lock_release FILE: sets lock_release to the release that whoever has the lock was at.
  read_lock_release() {
    read_record "$1.release"
    lock_release=\${record:--}
  }

  # find_deploy: sets what read_lock sets; fails where nobody deploys $app at the moment.
  find_deploy() {
    deploy_dir=$state/deploys/$app
    latest_lock
    [ "$lock" -gt 0 ] && [ ! -e "$lock_path.done" ] && is_recorded_alive "$lock_path" && read_lock "$lock_path"
  }

  # is_taken: one release takes the place of another at this moment. Sets deploy_dir.
  is_taken() { find_deploy && read_record "$lock_path.stage" && [ "$record" = activate ]; }

  # check_deploy: refuses to go on while that is so.
  check_deploy() {
    is_taken || return 0
    fail_locked
    return 1
  }

  fail_locked() {
    say "HELD $app $lock_by $lock_time $lock_verb $lock_reason"
    fail E_LOCKED "$app"
  }

  # check_proven: refuses to start a release that was not healthy, as one of a deploy that did not come to its end.
  check_proven() {
    [ -n "$run_release" ] && read_record "$state/deploys/$app/records/$run_release" || return 0
    set -f
    set -- $record
    set +f
    # The state, as read_release reads it.
    [ "\${6-}" != good ] || return 0
    ways="outlast deploy $app"
    [ ! -e "$state/deploys/$app/good" ] || ways="outlast rollback $app starts one that was, $ways another one"
    fail E_START_FAILED "$app" "release $run_release was never healthy; $ways"
  }

  # halt_deploy: of $app, before $by stops it. One whose script was ended may be gone on with by its client, at this very moment even.
  halt_deploy() {
    deploy_dir=$state/deploys/$app halted=0
    read_process $$
    latest_lock
    while [ "$lock" -gt "$halted" ] && [ ! -e "$lock_path.done" ]; do
      write_record "$lock_path.stopped" "$$ $process_start $boot $by" || ln "$lock_path" "$lock_path.stopped" 2>/dev/null
      halted=$lock
      latest_lock
    done
    forget_debt
  }
`;
