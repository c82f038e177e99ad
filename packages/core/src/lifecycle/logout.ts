import { raw, sh } from '../shell/template.js';

/** Shell function `read_login_unit`: what systemd holds this very process by. */
const LOGIN_UNIT_FUNCTION = sh`
  # read_login_unit: sets login_unit to the unit that ends together with a login and holds this process: session-ID.scope of a
  # session, user@UID.service of a user manager. To nothing where there is none.
  read_login_unit() {
    login_unit=
    {
      while IFS= read -r cgroup; do
        case $cgroup in
        */user@*.service*) login_unit=user@\${cgroup##*/user@} ;;
        */session-*.scope*) login_unit=session-\${cgroup##*/session-} ;;
        esac
        login_unit=\${login_unit%%/*}
      done </proc/self/cgroup
    } 2>/dev/null
    return 0
  }
`;

/**
 * Shell functions that find out what becomes of processes when the last connection of a user ends.
 *
 * Where logind has `KillUserProcesses=yes` it ends everything in the scope of a session with it, whether or not it has ignored HUP or has a
 * session of its own. `KillOnlyUsers` and `KillExcludeUsers` come first, and root is excluded unless the latter is set
 * (`manager_shall_kill` of systemd). What the user manager runs lives until it ends itself: at the last logout, unless lingering is on.
 */
export const LOGOUT_FUNCTIONS = sh`
  ${raw(LOGIN_UNIT_FUNCTION)}
  # read_logout: sets logout_kills (yes, no, unknown): would what this login starts die with it; and linger (yes, no, unknown) and
  # user_manager (yes, no) of this user, whose name is login_user. Asks logind only where it could make a difference.
  read_logout() {
    logout_kills=no linger=no user_manager=no login_user=
    [ -d /run/systemd/system ] || return 0
    login_user=$(id -un 2>/dev/null)
    read_linger
    runtime_dir=\${XDG_RUNTIME_DIR-}
    [ -S "$runtime_dir/systemd/private" ] || runtime_dir=/run/user/$(id -u)
    if [ -S "$runtime_dir/systemd/private" ]; then user_manager=yes; fi
    read_login_unit
    case $login_unit in
    session-*) read_kill_settings ;;
    esac
  }

  # read_linger: logind itself keeps it as a file that is there or not.
  read_linger() {
    linger=no
    if [ -z "$login_user" ] || { [ -d /var/lib/systemd/linger ] && [ ! -x /var/lib/systemd/linger ]; }; then
      linger=unknown
    elif [ -e "/var/lib/systemd/linger/$login_user" ]; then
      linger=yes
    fi
  }

  # read_kill_settings: what logind does with what this user leaves behind.
  read_kill_settings() {
    logout_kills=$(
      loginctl show-user -p KillUserProcesses -p KillOnlyUsers -p KillExcludeUsers 2>/dev/null |
        OUTLAST_USER=$login_user LC_ALL=C awk '
          function holds(list) { return index(" " list " ", " " ENVIRON["OUTLAST_USER"] " ") > 0 }
          { at = index($0, "="); value[substr($0, 1, at - 1)] = substr($0, at + 1) }
          END {
            verdict = value["KillUserProcesses"]
            if (verdict != "yes" && verdict != "no") verdict = "unknown"
            else if (value["KillExcludeUsers"] == "" && ENVIRON["OUTLAST_USER"] == "root") verdict = "no"
            else if (holds(value["KillExcludeUsers"])) verdict = "no"
            else if (value["KillOnlyUsers"] != "") verdict = holds(value["KillOnlyUsers"]) ? "yes" : "no"
            print verdict
          }'
    )
  }
`;

/** Shell functions by which a process that was told to end can tell whether that is because its login ended. */
export const IS_LOGOUT_FUNCTIONS = sh`
  ${raw(LOGIN_UNIT_FUNCTION)}
  # is_logout: true while systemd ends what holds this process. That a session is closing says nothing: where logind kills nobody it
  # stays so for as long as anything of it lives. At a shutdown every session ends, which is no logout.
  is_logout() {
    read_login_unit
    [ -n "$login_unit" ] || return 1
    [ "$(systemctl show -p ActiveState "$login_unit" 2>/dev/null)" = ActiveState=deactivating ] || return 1
    [ "$(systemctl is-system-running 2>/dev/null)" != stopping ]
  }
`;
