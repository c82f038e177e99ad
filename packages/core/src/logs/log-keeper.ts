import { raw, sh } from '../shell/template.js';
import { HELD_APP_FUNCTIONS } from './held-app.js';
import { LOG_CUT_FUNCTIONS } from './log-cut.js';
import { LOG_FILE_FUNCTIONS } from './log-files.js';
import { LOG_MARK_FUNCTIONS } from './log-marks.js';

/**
 * Shell functions of the supervisor around the logs of its run: `open_logs` for the last stage before the app, and the keeper.
 *
 * The keeper is a fork of the supervisor's shell, which costs next to no memory of its own. It marks how long the logs are at what time, and cuts
 * them when they get too long. The app never depends on it: nothing of it is in the way of the app's writing. It ends with the supervisor,
 * and within 5 s by itself when that was killed or another run has begun.
 */
export const LOG_KEEPER_FUNCTIONS = sh`
  ${raw(LOG_FILE_FUNCTIONS)}
  ${raw(LOG_MARK_FUNCTIONS)}
  ${raw(HELD_APP_FUNCTIONS)}
  ${raw(LOG_CUT_FUNCTIONS)}

  # read_log_settings: those of a run that an older outlast has started lack them.
  read_log_settings() {
    log_max_size=0 log_keep=0 log_split=no
    . "$record_path.settings"
    if [ "$log_split" = yes ]; then log_names='log.stdout log.stderr'; else log_names=log; fi
  }

  # open_logs: the app's output goes straight into the files; whoever else looks after them can come and go.
  open_logs() {
    for log_name in $log_names; do
      (: >>"$app_dir/$log_name") 2>/dev/null || refuse 'the log cannot be written'
    done
    mark_times
    if [ "$log_split" = yes ]; then
      exec </dev/null >>"$app_dir/log.stdout" 2>>"$app_dir/log.stderr"
    else
      exec </dev/null >>"$app_dir/log" 2>&1
    fi
  }

  # start_keeper: the shell that supervises has its own pid in $$, also there.
  start_keeper() {
    supervisor_start=$process_start
    keep_logs </dev/null >/dev/null 2>&1 &
    keeper=$!
  }

  # end_keeper: its pid is ours to signal only as long as it is our child.
  end_keeper() {
    keeper_waits=0
    while read_process "$keeper" && [ "$process_parent" = $$ ] && [ "$process_state" != Z ] && [ "$keeper_waits" -lt 100 ]; do
      keeper_waits=$((keeper_waits + 1))
      kill -s TERM "$keeper" 2>/dev/null
      sleep 0.02 2>/dev/null || { sleep 1; keeper_waits=$((keeper_waits + 49)); }
    done
  }

  # write_checked FILE TEXT: whole or not at all, and read back, since a full disk may only show then.
  write_checked() {
    checked=
    { printf '%s\n' "$2" >"$1.writing" && IFS= read -r checked <"$1.writing"; } 2>/dev/null
    [ "$checked" = "$2" ] && mv -f "$1.writing" "$1" 2>/dev/null && return 0
    rm -f "$1.writing"
    return 1
  }

  # run_beside ARGV...: runs a program so that TERM ends the wait for it, and then the program.
  run_beside() {
    "$@" 2>/dev/null &
    beside=$!
    wait "$beside"
    beside_status=$?
    [ -z "$keeper_ending" ] || { read_process "$beside" && [ "$process_parent" = "$keeper_pid" ] && kill -s TERM "$beside" 2>/dev/null; }
    return "$beside_status"
  }

  # is_kept: true while this keeper has something to do.
  is_kept() {
    [ -z "$keeper_ending" ] && [ -e "$record_path" ] && is_alive "$$" "$supervisor_start" "$boot" || return 1
    [ ! -e "$app_dir/run.$((run + 1))" ] || is_overlapped
  }

  # is_overlapped: while the next run has begun beside this one, and may yet be given up.
  is_overlapped() { [ -e "$app_dir/run.$((run + 1)).beside" ]; }

  keep_logs() {
    keeper_ending='' newline='
'
    trap 'keeper_ending=yes' TERM
    trap : HUP
    read_process self || exit
    keeper_pid=\${process_stat%% *} keeper_start=$process_start
    await_older_keepers
    write_checked "$record_path.keeper" "$keeper_pid $keeper_start $boot" || log_max_size=0
    choose_cut_method
    fractions=
    sleep 0.01 2>/dev/null && fractions=yes
    sizes='' rest=2 idle_since='' grew='' quiet_looks=0
    for log_name in $log_names; do mend_log "$app_dir/$log_name"; done
    read_oom_kills
    oom_noticed=$oom_kills
    while is_kept; do
      is_quiet || look_at_logs
      notice_oom_kills
      rest_for "$rest"
    done
    exit
  }

  # await_older_keepers: two would cut the same log.
  await_older_keepers() {
    for keeper_record in "$app_dir"/run.*.keeper; do
      [ "$keeper_record" != "$record_path.keeper" ] || continue
      while is_recorded_alive "$keeper_record" && is_kept; do
        # While both run it is the older one's.
        [ -e "$record_path.beside" ] || kill -s TERM "$recorded_pid" 2>/dev/null
        sleep 0.1 2>/dev/null || sleep 1
      done
    done
  }

  # choose_cut_method: collapse where the file system can take whole blocks out of the head of a file, which needs no pause of the app.
  choose_cut_method() {
    cut_method=truncate
    [ "$log_max_size" != 0 ] || return 0
    dd if=/dev/zero of="$record_path.probe" bs=4096 count=2 2>/dev/null &&
      fallocate --collapse-range --offset 0 --length 4096 "$record_path.probe" 2>/dev/null && cut_method=collapse
    rm -f "$record_path.probe"
  }

  # rest_for SECONDS: in pieces, to see when there is nothing to keep any more.
  rest_for() {
    case $1 in
    *.* | [0-4]) run_beside sleep "$1"; return ;;
    esac
    rest_left=$1
    while [ "$rest_left" -gt 0 ] && is_kept; do
      run_beside sleep 5
      rest_left=$((rest_left - 5))
    done
  }

  # is_quiet: true while nothing was written since the last whole look. The shell tells that by itself, so that beside an idle app nothing is
  # started but a sleep. The times of files may come from a clock that was set back: so that is not relied on for ever.
  is_quiet() {
    [ "$grew" = quiet ] && [ "$quiet_looks" -lt 12 ] || return 1
    quiet_looks=$((quiet_looks + 1))
    for log_name in $log_names; do
      # shellcheck disable=SC3013 # where test knows no -nt, there is always a whole look
      [ "$record_path.looked" -nt "$app_dir/$log_name" ] || return 1
    done
  } 2>/dev/null

  # look_at_logs: marks and cuts what has grown, and sets rest to the seconds until the next look: 2 while something grows, less where the
  # limit would be reached before, more while nothing does.
  look_at_logs() {
    quiet_looks=0
    { : >"$record_path.looked"; } 2>/dev/null
    looked=$(for log_name in $log_names; do ls -lniL "$app_dir/$log_name" 2>/dev/null; done | LC_ALL=C awk -v before="$sizes" -v rest="$rest" -v limit="$log_max_size" -v fractions="$fractions" '
      BEGIN { count = split(before, list, " "); for (i = 1; i <= count; i++) { split(list[i], part, "="); was[part[1]] = part[2] }; next_rest = 2 }
      {
        name = $0; sub(/^.*\//, "", name)
        sizes = sizes " " name "=" $6
        if (($6 "") != (was[name] "")) grew = 1
        if (limit > 0 && $6 >= limit) cut = cut " " name
        rate = ($6 - (($6 < was[name]) ? 0 : was[name])) / rest
        if (limit > 0 && rate > 0 && (limit - $6) / rate / 2 < next_rest) next_rest = (limit - $6) / rate / 2
      }
      END {
        how = grew ? "grew" : "idle"
        if (!grew) { next_rest = (rest < 2) ? 2 : rest * 2; most = (limit > 0) ? 5 : 30; if (next_rest >= most) { next_rest = most; if (cut == "") how = "quiet" } }
        if (next_rest < 0.1) next_rest = 0.1
        if (next_rest > 2 || !fractions) next_rest = int(next_rest + 0.99)
        print how "|" sprintf("%.4g", next_rest) "|" sizes "|" cut
      }')
    grew=\${looked%%|*} looked=\${looked#*|}
    rest=\${looked%%|*} looked=\${looked#*|}
    sizes=\${looked%%|*} looked=\${looked#*|}
    if [ "$grew" = grew ]; then
      mark_times
      idle_since=
    else
      idle_since=$(now)
    fi
    # The other one of two that run is not held by us: what it wrote meanwhile could be lost.
    ! is_overlapped || return 0
    for log_name in $looked; do
      # Whoever has filled it once may do so again before long.
      if cut_log "$app_dir/$log_name"; then rest=\${fractions:+0.}1; else rest=2; fi
    done
  }
`;
