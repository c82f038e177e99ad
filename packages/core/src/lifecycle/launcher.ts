import { sh } from '../shell/template.js';

/** Beyond the app's grace period: how long its scope may take to end before systemd kills what is left, in seconds. */
const SCOPE_EXTRA_SECONDS = 5;

/**
 * Shell functions around the launcher of an app: what the supervisor is started by, and so what ends it.
 *
 * - `setsid` starts it in a session of its own, and in the scope of the login.
 * - `systemd` does the same in a transient scope of the user manager, which no logout ends while lingering is on. A scope, not a service:
 *   it inherits environment, limits and umask of the login, and it lives as long as anything in it does.
 *
 * `read_launcher`, which sets `run_launcher`, stands with the other files of a run.
 */
export const LAUNCHER_FUNCTIONS = sh`
  # check_launcher: refuses, before anything is started or stopped, what would die as soon as the connection is closed.
  check_launcher() {
    [ "$launcher_checked" = no ] || return 0
    read_launcher
    read_logout
    case $run_launcher in
    systemd) check_scope || return 1 ;;
    *)
      [ "$logout_kills" != yes ] || { fail_at_logout; return 1; }
      say "LOGOUT $app $logout_kills"
      ;;
    esac
    launcher_checked=yes
  }
  launcher_checked=no

  fail_at_logout() { fail E_KILLED_AT_LOGOUT "$app" "$run_launcher $linger $user_manager $login_user"; }

  # check_scope: a scope needs the user manager, and the user manager needs lingering, which some hosts let users turn on themselves.
  check_scope() {
    [ "$user_manager" = yes ] || { fail E_LAUNCHER "$app" 'no systemd user manager runs for this login'; return 1; }
    command -v systemd-run >/dev/null 2>&1 || { fail E_LAUNCHER "$app" 'no systemd-run'; return 1; }
    setsid -f true 2>/dev/null || { fail E_LAUNCHER "$app" 'no setsid -f'; return 1; }
    [ "$linger" != yes ] || return 0
    loginctl --no-ask-password enable-linger >/dev/null 2>&1 || { fail_at_logout; return 1; }
  }

  # launch_in_scope PROGRAM ARGUMENT...: fails with refusal set when systemd did not let it. A unit that failed would block its name,
  # so it is collected, and no name comes twice.
  launch_in_scope() {
    added=INVOCATION_ID
    [ -n "\${XDG_RUNTIME_DIR+set}" ] || added="$added XDG_RUNTIME_DIR"
    scope_seconds=$(
      . "$record_path.settings"
      echo $((settings_grace / 10 + ${SCOPE_EXTRA_SECONDS}))
    )
    refusal=$(
      XDG_RUNTIME_DIR=$runtime_dir systemd-run --user --scope --quiet --collect --unit="outlast-$app-$run-$request.scope" \
        --description="outlast: $app" -p TimeoutStopSec="$scope_seconds" \
        /bin/sh -c 'unset $1; shift; exec setsid -f "$@" >/dev/null 2>&1' sh "$added" "$@" \
        2>&1 </dev/null 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
    )
  }
`;
