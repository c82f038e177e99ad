import { sh } from '../shell/template.js';
import { RECORD_VERSION } from '../state/layout.js';

/** Shell functions that forget an app that has ended. */
export const REMOVE_FUNCTIONS = sh`
  # remove_app NAME [RUN]: takes the next run number first, so that nobody starts the app while its folder goes; with RUN only while
  # that is the latest one.
  remove_app() {
    enter_app "$1"
    leading_run
    [ -d "$app_dir" ] || { say "REMOVED $app unknown"; return 0; }
    if [ -n "\${2-}" ] && [ "$run" != "$2" ]; then fail E_RUNNING "$app" 'it was started meanwhile'; return 1; fi
    if [ "$run" -gt 0 ]; then
      check_records || return 1
      await_launch
      if is_left_running $((run - 1)); then fail E_RUNNING "$app" "pid $recorded_pid"; return 1; fi
      read_tree
      if ! list_members "$root" "$mark" || [ "$phase" != ended ] || [ -n "$members" ]; then fail E_RUNNING "$app" "pid\${members:- unknown}"; return 1; fi
      drop_tried
    fi
    read_process $$
    printf '%s\n' "$$ $process_start $boot removal $(now) - ${RECORD_VERSION}" >"$app_dir/claim.$$" 2>/dev/null
    ln "$app_dir/claim.$$" "$app_dir/run.$((run + 1))" 2>/dev/null
    claimed=$?
    rm -f "$app_dir/claim.$$"
    # On a full disk the claim cannot be made, and removing is what helps there.
    if [ "$claimed" != 0 ] && [ -e "$app_dir/run.$((run + 1))" ]; then
      case "$(cat "$app_dir/run.$((run + 1))" 2>/dev/null)" in
      # Another rm was faster, as over a second name of this host: it may have moved the claim away by now.
      *' removal '* | '') say "REMOVED $app unknown"; return 0 ;;
      esac
      fail E_RUNNING "$app" 'it is being started'
      return 1
    fi
    # Whoever waits for this one to be over makes the folder anew.
    if ! mv "$app_dir" "$state/apps/.removed.$app.$$" 2>/dev/null; then
      [ -e "$app_dir" ] || { say "REMOVED $app unknown"; return 0; }
      fail E_STATE_DIR "$app" "cannot remove $app_dir"
      return 1
    fi
    # Those of an rm that died half-way go, too.
    rm -rf "$state/apps"/.removed.*
    say "REMOVED $app removed"
  }
`;
