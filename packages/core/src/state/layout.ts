import { sh } from '../shell/template.js';

/** Of the records of a run; the claim ends with it. Those of version 1 end without. */
export const RECORD_VERSION = 2;

/**
 * Shell functions around the state folder `${XDG_STATE_HOME:-$HOME/.local/state}/outlast` on the host.
 *
 * An app has a folder `apps/NAME` with its `log` (`logs/log-files.ts` says what stands beside it) and the records of its runs, which are
 * numbered from 1:
 *
 * | record             | its one line                                        | written by                    |
 * | ------------------ | --------------------------------------------------- | ----------------------------- |
 * | `run.N`            | launcher's pid, start, boot; request; time; who; version | `start`: having it is the lock |
 * | `run.N.settings`   | the supervisor's settings, as shell                 | `start`                       |
 * | `run.N.environment`| what the login had exported, as shell               | `start`                       |
 * | `run.N.launch`     | cwd, environment and argv, as shell                 | `start`                       |
 * | `run.N.secrets`    | its secrets, as shell, by which they are hidden in what is shown | `start`                |
 * | `run.N.spec`       | the same for clients, packed, in lines of one chunk | `start`                       |
 * | `run.N.sh`         | the supervisor                                      | `start`                       |
 * | `run.N.release`    | id of the release that it runs in, where it does    | `start`                       |
 * | `run.N.port`       | the port that the host has chosen, where it was to  | `start`                       |
 * | `run.N.runtime`    | what the app finds its programs by, as shell, where that is more than the login has | `start` |
 * | `run.N.beside`     | nothing: it is there while this one is only tried, beside the run before | a deploy, before the claim |
 * | `run.N.supervisor` | supervisor's pid, start, boot; restart policy       | the supervisor                |
 * | `run.N.pid`        | app's pid, start, boot; time; restarts; `adopted` where it is, or `aborted` | the app's last stage before it becomes the app, or `adopt` |
 * | `run.N.adopting`   | pid, start, boot of what is about to be adopted     | `adopt`, before it looks whose that is |
 * | `run.N.keeper`     | log keeper's pid, start, boot                       | the keeper                    |
 * | `run.N.looked`     | nothing: its time is that of the last whole look at the logs | the keeper             |
 * | `run.N.oom`        | how many kills for want of memory the app has outlived in its cgroup | the keeper      |
 * | `run.N.settling`   | nothing: it is there while the start is watched     | `start`                       |
 * | `run.N.refused`    | why nothing was started                             | the supervisor                |
 * | `run.N.exit`       | `code` or `signal`, its number; time; restarts; `ended` or `gave-up`; why; the start time that a process of that moment has | the supervisor |
 * | `run.N.waiting`    | time: it is there while another start is waited for, and after a stop has ended that wait | the supervisor                |
 * | `run.N.stop`       | stopper's pid, start, boot; time; who; request      | `stop`, before the first signal |
 * | `run.N.forced`     | as `run.N.stop`: it is there once KILL was needed   | `stop`, before the first KILL |
 * | `run.N.stopped`    | `term` or `kill`; time                              | `stop`, when nothing is left  |
 * | `run.N.signal`     | signal; time; who; request; `begun` or `sent`       | `signal`                      |
 * | `ends`             | run; `code` or `signal`, its number; time; restarts; why: a line for each of the last ten | the supervisor |
 */
export const LAYOUT_FUNCTIONS = sh`
  # find_state: sets state to the state folder of this user, and refuses one that others could tamper with.
  find_state() {
    case \${XDG_STATE_HOME-} in
    /*) state=$XDG_STATE_HOME/outlast ;;
    *) state=\${HOME:-/nonexistent}/.local/state/outlast ;;
    esac
    if [ -L "$state" ]; then fail E_STATE_DIR - "$state is a symbolic link"; return 1; fi
    [ -e "$state" ] || return 0
    [ -d "$state" ] || { fail E_STATE_DIR - "$state is no folder"; return 1; }
    set -- $(ls -ldn "$state" 2>/dev/null)
    # shellcheck disable=SC3067 # where test knows no -O, the numbers are compared
    if ! [ -O "$state" ] 2>/dev/null && [ "\${3-}" != "$(id -u)" ]; then fail E_STATE_DIR - "$state belongs to another user"; return 1; fi
    case $1 in
    d????-??-*) ;;
    *) fail E_STATE_DIR - "$state can be written by others ($1)"; return 1 ;;
    esac
  }

  # open_state: finds the state folder, makes it where there is none, and closes it to everybody else.
  open_state() {
    find_state || return 1
    mkdir -p "$state/apps" 2>/dev/null || { fail E_STATE_DIR - "cannot make $state/apps"; return 1; }
    chmod 700 "$state" "$state/apps" 2>/dev/null
    [ -w "$state/apps" ] || { fail E_STATE_DIR - "$state/apps cannot be written"; return 1; }
  }

  # need TOOL...: refuses a host that lacks a program that nothing can replace.
  need() {
    for tool do
      command -v "$tool" >/dev/null 2>&1 || { fail E_UNSUPPORTED_HOST - "no $tool"; return 1; }
    done
    # Without knowing for certain which process is which, nothing may be signalled.
    read_process $$ || { fail E_UNSUPPORTED_HOST - 'no /proc, and no ps that tells lstart'; return 1; }
  }

  # enter_app NAME: sets app and app_dir.
  enter_app() { app=$1 app_dir=$state/apps/$1; }

  # find_latest PATH: sets latest to the highest N of which there is PATH.N, 0 where there is none.
  find_latest() {
    latest=0
    for numbered in "$1".*; do
      numbered=\${numbered#"$1".}
      case $numbered in
      '' | *[!0-9]*) continue ;;
      esac
      [ "$numbered" -gt "$latest" ] && latest=$numbered
    done
    return 0
  }

  # latest_run: sets run to the number of the latest run, 0 when the app never ran.
  latest_run() {
    find_latest "$app_dir/run"
    run=$latest record_path=$app_dir/run.$run
  }

  # list_apps: sets apps to the names of all apps of this user.
  list_apps() {
    apps=
    for app_path in "$state"/apps/*/; do
      app_path=\${app_path%/}
      case \${app_path##*/} in
      '*' | .*) ;;
      *) apps="$apps \${app_path##*/}" ;;
      esac
    done
  }
`;

/**
 * Shell functions that read a record before anything is done because of it. A record that is not as one of ours is reason to touch
 * nothing: what it hides may live.
 */
export const RECORD_CHECK_FUNCTIONS = sh`
  # check_records: refuses to go on with an app of whose latest run a record is damaged, or written by a later outlast.
  check_records() {
    [ "$run" -gt 0 ] || return 0
    is_whole claim "$record_path" || { fail E_CORRUPT "$app" "$record_path"; return 1; }
    for part in supervisor pid stop stopped exit; do
      is_whole "$part" "$record_path.$part" || { fail E_CORRUPT "$app" "$record_path.$part"; return 1; }
    done
  }

  # is_whole KIND FILE: true for a record of ours, and for one that is not there.
  is_whole() {
    if ! read_record "$2"; then [ ! -e "$2" ]; return; fi
    set -f
    set -- "$1" $record
    set +f
    case $1 in
    claim) [ $# = 7 ] || [ "$#:\${8-}" = ${`8:${RECORD_VERSION}`} ] && is_number "$2" && is_number "$6" ;;
    supervisor) [ $# -ge 5 ] && is_number "$2" ;;
    # On a full disk a link to the claim stands in its place.
    pid | stop) [ "$2" = aborted ] || { [ $# -ge 6 ] && is_number "$2"; } ;;
    stopped) [ "$2" = term ] || [ "$2" = kill ] || is_number "$2" ;;
    exit) { [ "$2" = code ] || [ "$2" = signal ]; } && is_number "\${3-}" ;;
    esac
  }

  is_number() {
    case $1 in
    '' | *[!0-9]*) return 1 ;;
    esac
  }
`;

/** Shell functions about the processes that records begin with: what scripts and the supervisor have to see alike. */
export const RECORDED_FUNCTIONS = sh`
  # is_recorded_alive FILE: true while the process that a record begins with lives; sets recorded_pid.
  is_recorded_alive() {
    recorded_pid='' recorded_first='' recorded_start='' recorded_boot=''
    { read -r recorded_first recorded_start recorded_boot recorded_rest <"$1"; } 2>/dev/null
    is_alive "$recorded_first" "$recorded_start" "$recorded_boot" && recorded_pid=$recorded_first
  }
  is_supervisor_alive() { is_recorded_alive "$record_path.supervisor"; }
  is_stopper_alive() { is_recorded_alive "$record_path.stop"; }

  # is_stop_wanted: true while somebody is stopping it and when that is done; the mark of a stopper that died says nothing.
  is_stop_wanted() { [ -e "$record_path.stopped" ] || is_stopper_alive; }
`;

/** Shell functions about an app of which one run is tried beside another, or was left so. */
export const LEADING_RUN_FUNCTIONS = sh`
  # leading_run: the run that counts. Of one that is only tried, and the one before it, that is the one before, unless only the tried one lives.
  leading_run() {
    latest_run
    [ -e "$record_path.beside" ] && [ -e "$app_dir/run.$((run - 1))" ] || return 0
    if is_left_running $((run - 1)) || ! is_left_running "$run"; then enter_run $((run - 1)); fi
  }

  # drop_tried: of the run that counts, forgets the one that was tried beside it and has ended.
  drop_tried() {
    [ -e "$app_dir/run.$((run + 1)).beside" ] && ! is_left_running $((run + 1)) || return 0
    (enter_run $((run + 1)) && drop_run)
  }

  # drop_run: forgets the run that was entered; the mark that it is only tried goes last. What a stop writes into it at this moment goes behind
  # the claim, or that stop finds the claim gone.
  drop_run() {
    for run_file in "$record_path".*; do
      [ "$run_file" = "$record_path.beside" ] || rm -f "$run_file"
    done
    rm -f "$record_path"
    rm -f "$record_path".*
  }

  # is_left_running RUN: an earlier one, beside which another one is tried, or as when whoever was to stop it was killed.
  is_left_running() {
    [ ! -e "$app_dir/run.$1.exit" ] || return 1
    is_recorded_alive "$app_dir/run.$1.pid" || is_recorded_alive "$app_dir/run.$1.supervisor"
  }

  enter_run() { run=$1 record_path=$app_dir/run.$1; }
`;

/**
 * Shell functions that judge the latest run of an app, for the verbs that change something. What a run is called for people is
 * decided by the client, from the same records (`resolve-state.ts`).
 */
export const JUDGE_FUNCTIONS = sh`
  # judge_run: sets phase to launching, abandoned, running, between (no app, but a supervisor), stopping or ended;
  # when running also pid and pid_start.
  judge_run() {
    pid='' pid_start=''
    if ! read_record "$record_path.pid"; then
      judge_claim
    elif is_aborted; then
      phase=ended
    else
      set -f
      set -- $record
      set +f
      # Within one tick of the clock another process may get the same pid and the same start time: an end that was seen counts.
      if [ ! -e "$record_path.exit" ] && is_alive "$1" "$2" "$3"; then
        pid=$1 pid_start=$2 phase=running
      else
        judge_end
      fi
      if is_stopper_alive; then phase=stopping; fi
    fi
  }

  # is_aborted: whether the pid record just read says that nothing runs: on a full disk a link to the claim has to say it.
  is_aborted() {
    claim=
    { IFS= read -r claim <"$record_path"; } 2>/dev/null
    [ "$record" = aborted ] || [ "$record" = "$claim" ]
  }

  # judge_claim: of a run that has not committed a pid.
  judge_claim() {
    phase=abandoned
    read_record "$record_path" || return 0
    set -f
    set -- $record
    set +f
    if is_alive "$1" "$2" "$3"; then
      phase=launching
    elif [ -e "$record_path.pid" ]; then
      judge_run # it committed while we looked
    fi
  }

  # judge_end: of a run whose app is gone.
  judge_end() {
    phase=ended
    [ -e "$record_path.exit" ] && return 0
    is_supervisor_alive && [ ! -e "$record_path.exit" ] && phase=between
    return 0
  }

  # abort_run: takes a run whose launcher died; a late child cannot commit any more. Fails when the child was faster.
  abort_run() {
    # Nobody watches this start any more, and where files are counted, as on a tmpfs, this makes room for the link.
    rm -f "$record_path.settling"
    abort_file=$record_path.abort.$$
    echo aborted 2>/dev/null >"$abort_file"
    # On a full disk the claim itself has to do: the launcher that it names starts nothing any more.
    if [ ! -s "$abort_file" ]; then
      rm -f "$abort_file"
      abort_file=$record_path
    fi
    ln "$abort_file" "$record_path.pid" 2>/dev/null
    linked=$?
    [ "$abort_file" = "$record_path" ] || rm -f "$abort_file"
    [ "$linked" = 0 ] || ln "$record_path" "$record_path.pid" 2>/dev/null || { read_record "$record_path.pid" && is_aborted; }
  }

  # await_launch: waits while somebody else is launching, and clears up after one who died of it; fails after 15 s.
  await_launch() {
    launch_waits=0
    judge_run
    while [ "$phase" = launching ] || [ "$phase" = abandoned ]; do
      launch_waits=$((launch_waits + 1))
      [ "$launch_waits" -le 150 ] || return 1
      if [ "$phase" = abandoned ]; then
        abort_run
      else
        nap
      fi
      # Somebody has removed the app meanwhile.
      if [ ! -e "$record_path" ]; then phase=ended; return 0; fi
      judge_run
    done
  }

  # await_exit: until the supervisor has recorded the end, for 3 s.
  await_exit() {
    exit_waits=0
    while [ ! -e "$record_path.exit" ] && is_supervisor_alive && [ "$exit_waits" -lt 30 ]; do
      exit_waits=$((exit_waits + 1))
      nap
    done
  }
`;
