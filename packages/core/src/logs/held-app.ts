import { PRINT_STATS } from '../process/process-list-awk.js';
import { raw, sh } from '../shell/template.js';

/**
 * Shell functions that stop all processes of the app for the few milliseconds in which its log is emptied, and let exactly those go on.
 *
 * What was stopped by somebody else is left alone. Who is stopped is written down first, so that a watchdog lets them go on should this
 * shell be killed in between.
 */
export const HELD_APP_FUNCTIONS = sh`
  # list_app_processes KNOWN: sets listed to pid:start:state of the app's group, session, descendants, of those that bear the mark of its run
  # and of KNOWN with their descendants. Fails where the processes could not be listed.
  list_app_processes() {
    listed=$(LC_ALL=C ${raw(PRINT_STATS)} 2>/dev/null | LC_ALL=C awk -v root="$app_pid" -v known="$1" -v self="$keeper_pid" -v supervisor="$$" '
      BEGIN { count = split(known, list, " "); for (i = 1; i <= count; i++) { split(list[i], part, ":"); hit[part[1]] = 1 } }
      {
        line = held $0; rest = line
        while ((at = index(rest, ") ")) > 0) rest = substr(rest, at + 2)
        if (split(rest, field, " ") < 20) { held = line " "; next }
        held = ""; pid = line + 0
        state[pid] = field[1]; parent[pid] = field[2]; start[pid] = field[20]
        if (pid == root || field[3] == root || field[4] == root) hit[pid] = 1
      }
      END {
        if (!(self in start)) exit 1
        do {
          grown = 0
          for (pid in start) if (!(pid in hit) && (parent[pid] in hit) && (parent[pid] in start)) { hit[pid] = 1; grown = 1 }
        } while (grown)
        for (pid in hit) if ((pid in start) && pid > 1 && pid != self && pid != supervisor && state[pid] !~ /[ZX]/) printf "%s:%s:%s ", pid, start[pid], state[pid]
        print "whole"
      }')
    case $listed in
    *whole) listed=\${listed%whole} ;;
    *) return 1 ;;
    esac
  }

  # hold_app: stops the app; fails, with nothing stopped, where that is not possible now or would be undone badly later.
  hold_app() {
    ! is_stop_wanted && is_recorded_alive "$record_path.pid" || return 1
    app_pid=$recorded_pid mark='' marked=''
    { read -r mark_pid mark_start mark_boot mark mark_rest <"$record_path"; } 2>/dev/null
    for environ in $(grep -ls "OUTLAST_RUN=\${mark:-none}" /proc/[0-9]*/environ 2>/dev/null); do
      environ=\${environ#/proc/}
      marked="$marked \${environ%/environ}:"
    done
    read_signal_record
    signal_before=$signal_record
    list_app_processes "$marked" || return 1
    held='' spared=' '
    for process in $listed; do
      case $process in
      *:[Tt]) spared="$spared\${process%:*} " ;;
      *) held="$held \${process%:*}" ;;
      esac
    done
    # Where the app itself has been paused, that is for whoever did it to end.
    case $spared in
    *" $app_pid:"*) return 1 ;;
    esac
    note_held || return 1
    watch_held &
    for process in $held; do send_held STOP "$process"; done
    await_held
    copy_rest &
    copying=$!
    hold_rest && return 0
    release_app
    wait "$copying"
    return 1
  }

  # await_held: until every one of them has stopped. No program is started for that: the app waits.
  await_held() {
    held_waits=0
    until are_held || [ "$held_waits" -ge 1000 ]; do held_waits=$((held_waits + 1)); done
  }

  # hold_rest: until all are stopped, also those that were born meanwhile.
  hold_rest() {
    hold_tries=0
    while [ "$hold_tries" -lt 5 ]; do
      hold_tries=$((hold_tries + 1))
      list_app_processes "$held" || return 1
      moving=
      for process in $listed; do
        case "$spared$held " in
        *" \${process%:*} "*) ;;
        *) held="$held \${process%:*}"; note_held || return 1; send_held STOP "\${process%:*}" ;;
        esac
        case $process in
        *:[Tt]) ;;
        *) moving=yes ;;
        esac
      done
      [ -n "$moving" ] || return 0
    done
    return 1
  }

  # note_held: who is to go on is on the disk before anybody is stopped.
  note_held() {
    { printf '%s\n' "$held" >"$log.held"; } 2>/dev/null
    held_record=
    { IFS= read -r held_record <"$log.held"; } 2>/dev/null
    [ "$held_record" = "$held" ] && return 0
    rm -f "$log.held"
    return 1
  }

  # send_held SIGNAL PID:START
  send_held() {
    is_alive "\${2%%:*}" "\${2#*:}" "$boot" && kill -s "$1" "\${2%%:*}" 2>/dev/null
  }

  # are_held: true while every one of them is still stopped.
  are_held() {
    for process in $held; do
      is_alive "\${process%%:*}" "\${process#*:}" "$boot" || continue
      case $process_state in
      T | t) ;;
      *) return 1 ;;
      esac
    done
  }

  read_signal_record() {
    signal_record=
    { IFS= read -r signal_record <"$record_path.signal"; } 2>/dev/null
  }

  # release_app: lets those go on that were stopped here, unless outlast itself was asked meanwhile to pause the app.
  release_app() {
    read_signal_record
    case $signal_record in
    "$signal_before") signal_record=go ;;
    STOP* | TSTP* | TTIN* | TTOU*) ;;
    *) signal_record=go ;;
    esac
    [ "$signal_record" != go ] || for process in $held; do send_held CONT "$process"; done
    rm -f "$log.held"
  }

  # release_recorded: lets those go on that were stopped by a keeper which is gone.
  release_recorded() {
    held=
    { IFS= read -r held <"$log.held"; } 2>/dev/null || return 0
    for process in $held; do send_held CONT "$process"; done
    rm -f "$log.held"
  }

  # watch_held: runs beside the keeper, and lets the app go on when the keeper has been killed.
  watch_held() {
    trap '' TERM HUP
    while [ -e "$log.held" ]; do
      if ! is_alive "$keeper_pid" "$keeper_start" "$boot"; then release_recorded; exit; fi
      sleep 0.1 2>/dev/null || sleep 1
    done
    exit
  }
`;
