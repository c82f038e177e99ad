import { LOG_NAME_FUNCTIONS } from '../logs/log-files.js';
import { raw, sh } from '../shell/template.js';
import { RECORD_VERSION } from '../state/layout.js';
import { MASK_FUNCTIONS } from './mask-secrets.js';
import { PORT_FUNCTIONS } from './port.js';

/**
 * Shell functions that start an app exactly once.
 *
 * The run number is the lock: `ln` gives the next number to one client with the launcher's identity already in it. The app's last stage
 * commits with a second `ln` just before it becomes the app. Whoever takes over from a launcher that died has to make that second link
 * first, so a late child finds it taken and does not run.
 */
export const START_FUNCTIONS = sh`
  ${raw(LOG_NAME_FUNCTIONS)}
  ${raw(PORT_FUNCTIONS)}
  ${raw(MASK_FUNCTIONS)}

  run_release='' runtime='' beside=no program='' own_request='' check_claim=:

  # start_app: starts $app as described by write_run_files, as $request of $by, and watches it for $settle tenths of a second.
  start_app() {
    read_process $$
    launcher="$$ $process_start $boot"
    claim_run || return 1
    # In a shell of its own: where a redirection of : fails, the shell that does it ends.
    (: >"$record_path.settling") 2>/dev/null
    if ! { write_environment && write_run_files && write_port; }; then
      give_up 'no space for the records'
      return 1
    fi
    log_starts=$(print_log_sizes)
    if ! launch_supervisor && abort_run; then
      rm -f "$record_path.settling"
      fail E_LAUNCHER "$app" "$refusal"
      return 1
    fi
    if ! await_commit && give_up "$refusal"; then return 1; fi
    settle_app
    rm -f "$record_path.settling"
  }

  # claim_run: gets the next run number, unless the app runs already and nothing is to run beside it; says how it stands. Fails when there
  # is nothing to start, and when $check_claim does not want it so once it is claimed.
  claim_run() {
    while :; do
      mkdir -p "$app_dir" 2>/dev/null || { fail E_STATE_DIR "$app" "cannot make $app_dir"; return 1; }
      if [ "$beside" = yes ]; then latest_run; else leading_run; fi
      if [ "$run" -gt 0 ]; then
        check_records || return 1
        await_launch || { fail E_START_FAILED "$app" 'another start is still under way'; return 1; }
        # A supervisor that was told to stop starts nothing any more.
        if [ "$phase" = between ] && is_stop_wanted; then phase=stopping; fi
        case $beside$phase in
        yesrunning | yesbetween) ;;
        norunning | nobetween)
          # The same request again: its answer was lost, not its work.
          if is_own_request; then
            log_starts=$(find_log_names; for log_file in $log_names; do echo "$log_file 0 0"; done)
            settle_app
          else
            say "STARTED $app already $(compare_launch)"
          fi
          return 1
          ;;
        *stopping) fail E_STOPPING "$app"; return 1 ;;
        esac
        if is_own_request && [ -e "$record_path.exit" ]; then tell_ended_start; return 1; fi
        read_tree
        list_members "$root" "$mark" || { fail E_START_FAILED "$app" 'the processes of the host could not be listed'; return 1; }
        if [ "$beside" = no ] && is_left_running $((run - 1)); then members="$members $recorded_pid"; fi
        [ -z "$members" ] || [ "$beside" = yes ] || { fail E_START_FAILED "$app" "processes of its last run are left:$members; end them with: outlast stop $app"; return 1; }
        [ "$beside" = yes ] || drop_tried
      fi
      check_launcher && check_port || { rmdir "$app_dir" 2>/dev/null; return 1; }
      next=$((run + 1))
      printf '%s\n' "$launcher $request $(now) $by ${RECORD_VERSION}" >"$app_dir/claim.$$" 2>/dev/null
      if ! read_record "$app_dir/claim.$$"; then
        [ -d "$app_dir" ] || continue # somebody has removed the app meanwhile
        rm -f "$app_dir/claim.$$"
        fail E_STATE_DIR "$app" "no space in $app_dir"
        return 1
      fi
      # Before the claim, since the keeper of the run before lets go of the log when it sees that.
      if [ "$beside" = yes ]; then (: >"$app_dir/run.$next.beside") 2>/dev/null; else rm -f "$app_dir/run.$next.beside"; fi
      ln "$app_dir/claim.$$" "$app_dir/run.$next" 2>/dev/null
      linked=$?
      rm -f "$app_dir/claim.$$"
      [ "$linked" = 0 ] && break
      [ -e "$app_dir/run.$next" ] || [ ! -d "$app_dir" ] || { fail E_STATE_DIR "$app" "cannot link in $app_dir"; return 1; }
    done
    # A slower client must not bring back a number that was cleared away meanwhile.
    latest_run
    [ "$run" = "$next" ] || { rm -f "$app_dir/run.$next"; claim_run; return; }
    "$check_claim" || { abort_run; return 1; }
    forget_old_runs
  }

  # is_own_request: true when the latest run was claimed by this very request.
  is_own_request() {
    read_record "$record_path" || return 1
    case "$record " in
    *" $request "*) ;;
    *) return 1 ;;
    esac
  }

  # tell_ended_start: this very request has started it, and it has ended since: within its settle time, or well after it.
  tell_ended_start() {
    set -f
    read_record "$record_path.pid"
    set -- $record
    began=\${4-}
    read_record "$record_path.exit"
    set -- $record
    set +f
    how=again
    if [ "\${4-0}" != 0 ] || { is_number "$began" && is_number "\${3-}" && [ $(($3 - began)) -gt $((settle / 10)) ]; }; then how=new; fi
    say "STARTED $app $how same"
  }

  # check_room: whether another run has room on the disk, before the one that runs is stopped for it.
  check_room() {
    [ -d "$app_dir" ] || return 0
    dd if=/dev/zero of="$app_dir/room.$$" bs=4096 count=20 2>/dev/null
    room=$?
    rm -f "$app_dir/room.$$"
    [ "$room" = 0 ] || fail E_STATE_DIR "$app" "no space in $app_dir for another run; nothing was stopped"
  }

  # write_environment: what the login has exported, which the app gets whatever our own variables are called.
  write_environment() { printf '%s\n' "$environment" 2>/dev/null >"$record_path.environment"; }

  # write_release: which release this run is of, where it is of one.
  write_release() { [ -z "$run_release" ] || write_record "$record_path.release" "$run_release"; }

  # write_runtime: what it finds its programs by, where that is more than the login has.
  write_runtime() { [ -z "$runtime" ] || printf '%s\n' "$runtime" >"$record_path.runtime"; }

  # compare_launch: same when the latest run was asked for with the very same argv, cwd and environment, of the same release.
  compare_launch() {
    read_record "$record_path.release"
    if [ "$record" = "$run_release" ] && [ "$(print_launch)" = "$(cat "$record_path.launch" 2>/dev/null)" ]; then echo same; else echo different; fi
  }

  # forget_old_runs: keeps this run and the one before.
  forget_old_runs() {
    for run_file in "$app_dir"/run.*; do
      number=\${run_file##*/run.}
      number=\${number%%.*}
      case $number in
      '' | *[!0-9]*) continue ;;
      esac
      [ "$number" -lt $((run - 1)) ] && rm -f "$run_file"
    done
    return 0
  }

  # print_log_sizes: of each log of this run, with what was cut off its head, so that only what this run wrote is shown.
  print_log_sizes() {
    find_log_names
    for log_file in $log_names; do
      set -- $(ls -lniL "$app_dir/$log_file" 2>/dev/null)
      log_inode=\${1:-0} log_size=\${6:-0}
      echo "$log_file $log_size $(count_cut "$log_file" "$log_inode")"
    done
  }

  # count_cut LOG INODE: prints how many bytes were cut off its head so far.
  count_cut() {
    read_record "$app_dir/$1.base"
    set -- "$2" $record
    if [ "\${2-}" = "$1" ]; then echo "\${3-0}"; else echo 0; fi
  }

  # tell_elsewhere: where the program is that was not found: what a login shell finds, else where such programs mostly are.
  tell_elsewhere() {
    [ -n "$program" ] && read_record "$record_path.exit" || return 0
    case $record in
    'code 127 '*) ;;
    *) return 0 ;;
    esac
    elsewhere=''
    case \${SHELL-} in
    '' | *csh) ;;
    *) elsewhere=$("$SHELL" -l -c "command -v $program" </dev/null 2>/dev/null | tail -n 1) ;;
    esac
    case $elsewhere in
    /*) say "ELSEWHERE $app login $(encode "$elsewhere")"; return 0 ;;
    esac
    for folder in "$state/deploys/$app/releases/$run_release/.venv/bin" "$HOME/.local/bin" "$HOME/bin" "$HOME"/*/bin "$HOME"/.*/bin \
      "$HOME"/*conda3/envs/*/bin "$HOME"/miniforge3/envs/*/bin /opt/*/bin /usr/local/bin /snap/bin; do
      [ -x "$folder/$program" ] || continue
      say "ELSEWHERE $app there $(encode "$folder/$program")"
      return 0
    done
  }

  # print_last_lines: of each log, of what this run wrote, without secrets, and without the requests of a probe, which would drown the rest.
  print_last_lines() {
    printf '%s\n' "$log_starts" | while read -r log_file log_start log_cut; do
      print_from "$log_file" "$log_start" "$log_cut" | leave_out_own_requests | tail -n 20 | mask_secrets
    done
  }
  leave_out_own_requests() {
    if [ -z "$own_request" ]; then cat; else OWN_REQUEST=$own_request LC_ALL=C awk 'index($0, ENVIRON["OWN_REQUEST"]) == 0'; fi
  }

  # print_from LOG START CUT: from where it was that long while so much had been cut off its head. Whole blocks are skipped, since some shells
  # and tools cannot count so far.
  print_from() {
    log_file=$1
    set -- "$2" "$3" $(ls -lniL "$app_dir/$log_file" 2>/dev/null)
    set -- $(LC_ALL=C awk -v from="$1" -v cut="$2" -v now="$(count_cut "$log_file" "\${3-0}")" 'BEGIN { from += cut - now; if (from < 0) from = 0; skip = int(from / 4096); printf "%.0f %.0f", skip, from - skip * 4096 + 1 }')
    dd if="$app_dir/$log_file" bs=4096 skip="$1" 2>/dev/null | tail -c "+$2"
  }

  # launch_supervisor: in a session of its own with nothing of ours open. setsid -f keeps INT and QUIT alive in the app, which & would not.
  launch_supervisor() {
    set -- "$record_path.sh" supervise "$app_dir" "$run" "$user_umask"
    if [ "$run_launcher" = systemd ]; then
      launch_in_scope /bin/sh "$@"
    elif setsid -f true 2>/dev/null; then
      setsid -f /bin/sh "$@" </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
    elif command -v setsid >/dev/null 2>&1; then
      setsid /bin/sh "$@" </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
    else
      (trap '' HUP; exec /bin/sh "$@") </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
    fi
  }

  # await_commit: until the app has recorded its pid, for 10 s; sets refusal when it did not.
  await_commit() {
    waits=0
    until [ -e "$record_path.pid" ] || [ -e "$record_path.exit" ]; do
      if read_record "$record_path.refused"; then refusal=$record; return 1; fi
      waits=$((waits + 1))
      [ "$waits" -le 100 ] || { refusal='the supervisor did not come up within 10 s'; return 1; }
      nap
    done
  }

  # give_up REASON: after this no late child can run; fails when the child was faster, so that the app does run.
  give_up() {
    if ! abort_run && [ -e "$record_path.pid" ]; then return 1; fi
    fail E_STATE_DIR "$app" "$1"
    return 0
  }

  # settle_app: watches the app for the settle time; says whether it is still there.
  settle_app() {
    waits=0
    judge_run
    while [ "$phase" = running ] && [ "$waits" -lt "$settle" ]; do
      waits=$((waits + 1))
      nap
      judge_run
    done
    if [ "$phase" = running ] || [ "$phase" = stopping ]; then
      say "STARTED $app new same"
      return 0
    fi
    await_exit
    read_tree
    list_members "$root" "$mark"
    say "STARTED $app ended same$members"
    print_last_lines
    tell_elsewhere
    return 0
  }
`;
