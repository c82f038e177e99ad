import { IDENTITY_FUNCTIONS } from '../identity/identity.js';
import { IS_LOGOUT_FUNCTIONS } from '../lifecycle/logout.js';
import { LOG_KEEPER_FUNCTIONS } from '../logs/log-keeper.js';
import { CLOCK_FUNCTIONS } from '../shell/clock.js';
import { PLAIN_OUTPUT, STAND_IN_FUNCTIONS } from '../shell/stand-ins.js';
import { raw, sh } from '../shell/template.js';
import { RECORDED_FUNCTIONS } from '../state/layout.js';
import { CAUSE_FUNCTIONS } from './cause.js';

/**
 * The program that holds one run on the host, written to `run.N.sh` and started by `start`:
 *
 * - `sh run.N.sh supervise APP_DIR N UMASK` waits for the app in its foreground, records how it ended, and starts it again where the
 *   settings say so. It has a session of its own, and so has the app: a signal to one group misses the other.
 * - `sh run.N.sh launch APP_DIR N UMASK RESTARTS` is the last stage before the app: it records its own pid and then becomes the app, which
 *   keeps that pid and that start time.
 */
export const SUPERVISOR_SCRIPT = sh`
  # outlast supervisor: holds one app, records how it ended, starts it again if asked.
  if [ -n "\${ZSH_VERSION-}" ]; then emulate sh; fi
  stage=$1 app_dir=$2 run=$3 user_umask=$4 restarts=\${5-0}
  record_path=$app_dir/run.$run

  ${raw(PLAIN_OUTPUT)}
  ${raw(STAND_IN_FUNCTIONS)}
  ${raw(IDENTITY_FUNCTIONS)}
  ${raw(RECORDED_FUNCTIONS)}
  ${raw(CAUSE_FUNCTIONS)}
  ${raw(IS_LOGOUT_FUNCTIONS)}
  ${raw(CLOCK_FUNCTIONS)}
  ${raw(LOG_KEEPER_FUNCTIONS)}

  # refuse: a full disk must show before anything runs, since nothing may run without a record.
  refuse() {
    rm -f "$record_path.pid.$$" "$record_path.supervisor.$$"
    # Where the app is to be started again, the supervisor still has an end to record.
    [ "$stage$restarts" != launch0 ] && [ "$stage" = launch ] || rm -f "$record_path.exit.room"
    echo "$1" >"$record_path.refused"
    exit 95
  }

  # normalise STATUS: sets kind and value; shells tell a signal as 128+n, ksh93 as 256+n, yash as 384+n.
  normalise() {
    kind=code value=$1
    if [ "$1" -ge 384 ]; then
      kind=signal value=$(($1 - 384))
    elif [ "$1" -gt 256 ]; then
      kind=signal value=$(($1 - 256))
    elif [ "$1" -gt 128 ] && [ "$1" -le 192 ]; then
      kind=signal value=$(($1 - 128))
    fi
  }

  # launch_app: the log is opened by the launch itself, since this shell has words of its own for how a child ended.
  launch_app() {
    if command -v setsid >/dev/null 2>&1; then
      setsid /bin/sh "$0" launch "$app_dir" "$run" "$user_umask" "$restarts"
    else
      /bin/sh "$0" launch "$app_dir" "$run" "$user_umask" "$restarts"
    fi
  }

  # is_end_wanted: by a stop, or by whoever ends this shell together with the app: a logout, a shutdown, systemctl stop.
  is_end_wanted() { [ -n "$told" ] || is_stop_wanted; }

  # wants_restart STATUS: true when the settings ask for another start; sets reason when they gave up.
  wants_restart() {
    ! is_end_wanted || return 1
    case $policy in
    always | unless-stopped) ;;
    on-failure) [ "$1" != 0 ] || return 1 ;;
    *) return 1 ;;
    esac
    [ "$failures" -lt "$max_restarts" ] || { reason=gave-up; return 1; }
  }

  # is_settling: true while the one who started this run is still watching it.
  is_settling() {
    [ -e "$record_path.settling" ] && is_recorded_alive "$record_path"
  }

  # read_committed: sets committed to the record of the app's process, and claim to the one that stands in its place where a start was
  # given up on a full disk.
  read_committed() {
    committed='' claim=''
    { IFS= read -r committed <"$record_path.pid"; } 2>/dev/null
    { IFS= read -r claim <"$record_path"; } 2>/dev/null
  }

  # was_launched: false where the last stage did not get as far as the app: the end before is then the last one. Sets reason.
  was_launched() {
    if [ "$status" = 98 ] && is_stop_wanted; then return 1; fi
    [ "$committed" = "$earlier" ] || return 0
    reason=gave-up
    return 1
  }

  # read_birth: sets birth to the start time of a process that begins now, which tells the processes of before from those of later. In the
  # hail of signals of a logout the first look may fail.
  read_birth() {
    birth='' births=0
    until [ -n "$birth" ] || [ "$births" -ge 3 ]; do
      births=$((births + 1))
      sleep 0 &
      read_process $! && birth=$process_start
      wait $!
    done
    birth=\${birth:--}
  }

  # note_end: one line for each of the last ten ends, restarts between them included.
  note_end() {
    if { tail -n 9 "$app_dir/ends" 2>/dev/null; echo "$run $kind $value $ended $restarts $cause"; } 2>/dev/null >"$app_dir/ends.$$"; then
      mv -f "$app_dir/ends.$$" "$app_dir/ends"
    else
      rm -f "$app_dir/ends.$$"
    fi
  }

  # back_off: waits, each time twice as long, and up to half of it less at random: what failed together must not come back
  # together. TERM from a stop ends the wait at once, or within a second where it came too early.
  back_off() {
    random=$(od -An -N2 -tu2 /dev/urandom 2>/dev/null | tr -d ' ')
    waited=$((\${random:-0} % (delay / 2 + 1)))
    # Without this mark, a supervisor whose app cannot be seen is one whose app may not be seen, as that of another user.
    echo "$ended" 2>/dev/null >"$record_path.waiting"
    while [ "$waited" -lt "$delay" ]; do
      sleep 1 &
      sleeper=$!
      wait "$sleeper"
      read_process "$sleeper" && [ "$process_parent" = $$ ] && kill "$sleeper" 2>/dev/null
      ! is_end_wanted || return 1
      waited=$((waited + 1))
    done
    delay=$((delay * 2))
    [ "$delay" -le "$backoff_max" ] || delay=$backoff_max
  }

  supervise() {
    # Not '', which the app would inherit as ignored.
    told=
    trap : HUP INT QUIT
    trap 'told=TERM' TERM
    cd / || :
    read_log_settings
    read_boot
    read_process $$
    {
      printf '%s\n' "$$ $process_start $boot $policy" >"$record_path.supervisor.$$" &&
        mv -f "$record_path.supervisor.$$" "$record_path.supervisor" &&
        printf '%-79s\n' room >"$record_path.exit.room" # written later even on a disk that has filled
    } 2>/dev/null || refuse 'no space for the records'
    failures=0 delay=$backoff_min reason=ended committed=''
    start_keeper
    while :; do
      read_clock
      began=$clock
      read_oom_kills
      earlier=$committed
      launch_app
      status=$?
      read_committed
      case $committed in
      '' | aborted | "$claim") rm -f "$record_path.exit.room"; end_keeper; exit 95 ;;
      esac
      if ! was_launched; then restarts=$((restarts - 1)); break; fi
      read_birth
      ended=$(now)
      normalise "$status"
      find_cause
      note_end
      read_clock
      [ $((clock - began)) -lt $((stable_after * 10)) ] || failures=0 delay=$backoff_min
      wants_restart "$status" || break
      # A start that failed at once is told to whoever is waiting for it, and not tried again.
      is_settling && break
      back_off || break
      rm -f "$record_path.waiting"
      failures=$((failures + 1)) restarts=$((restarts + 1))
    done
    printf '%-79s\n' "$kind $value $ended $restarts $reason $cause $birth" 1<>"$record_path.exit.room" &&
      mv -f "$record_path.exit.room" "$record_path.exit"
    end_keeper
  }

  launch() {
    read_boot
    read_process $$ || exit 95
    read_log_settings
    open_logs
    printf '%s\n' "$$ $process_start $boot $(now) $restarts" 2>/dev/null >"$record_path.pid.$$" || refuse 'no space for the records'
    if [ "$restarts" = 0 ]; then
      # Whoever gave this launch up has made the record first: then nothing may run.
      ln "$record_path.pid.$$" "$record_path.pid" 2>/dev/null || { rm -f "$record_path.pid.$$"; exit 97; }
      rm -f "$record_path.pid.$$"
    else
      mv -f "$record_path.pid.$$" "$record_path.pid"
      ! is_stop_wanted || exit 98
    fi
    read -r recorded_pid recorded_start recorded_boot OUTLAST_RUN recorded_rest <"$record_path"
    # From here on only the positional parameters are ours: any variable may be the login's own.
    set -- "$record_path" "$user_umask" "\${app_dir##*/}" "$OUTLAST_RUN" "$PWD"
    . "$1.environment"
    [ ! -r "$1.runtime" ] || . "$1.runtime"
    PWD=$5 # some shells believe it, and the login was in another folder
    OUTLAST_APP=$3 OUTLAST_RUN=$4
    export OUTLAST_APP OUTLAST_RUN
    umask "$2"
    . "$1.launch"
  }

  "$stage"
`;
