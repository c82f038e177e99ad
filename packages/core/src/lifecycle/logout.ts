import { sh } from '../shell/template.js';

/** Shell function that finds out what becomes of processes when the last connection of a user ends. */
export const LOGOUT_FUNCTIONS = sh`
  # read_logout: sets logout_kills (yes, no, unknown): does logind end what this user leaves behind; linger (yes, no, unknown): does the
  # user manager outlive the last logout; and user_manager (yes, no): is there one.
  read_logout() {
    logout_kills=no linger=no user_manager=no
    [ -d /run/systemd/system ] || return 0
    [ ! -S "\${XDG_RUNTIME_DIR:-/run/user/$(id -u)}/systemd/private" ] || user_manager=yes
    linger=$(loginctl show-user "$(id -un)" -p Linger --value 2>/dev/null)
    case $linger in
    yes | no) ;;
    *) linger=unknown ;;
    esac
    # Unless it is told otherwise, logind spares root.
    [ "$(id -u)" != 0 ] || return 0
    case $(busctl get-property org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager KillUserProcesses 2>/dev/null) in
    'b true') logout_kills=yes ;;
    'b false') ;;
    *) logout_kills=unknown ;;
    esac
  }
`;
