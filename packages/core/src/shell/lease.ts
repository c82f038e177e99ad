import { sh } from './template.js';

/**
 * Shell functions by which a script that only looks ends soon after its client is gone, however it went.
 *
 * A client that is killed closes its end, and what the script writes ends it. Behind a link that has gone silent, as that of a laptop
 * which was closed, nothing is ever closed: so the client says something twice a second, and the script ends when it no longer does.
 * It is made with `keepStdin`, and its client goes on where it was, should it have been the link alone.
 */
export const LEASE_FUNCTIONS = sh`
  # hold_lease: from the first line of the client on, this script lives no longer than a moment without another, until the client says GO. Run
  # by hand, with an input that ends at once, it has no lease.
  hold_lease() {
    name_leased
    await_beats </dev/null >/dev/null 2>&1 &
    lease_reader=$!
  }

  # name_leased: what ends with the lease.
  name_leased() {
    read_process $$
    lease_start=$process_start lease_group=$process_group
  }

  await_beats() {
    lease_timer='' lease_seconds=2
    ! sleep 0.01 2>/dev/null || lease_seconds=1.2
    read_process self || exit
    lease_holder=\${process_stat%% *}
    while IFS= read -r beat <&3; do
      if [ "$beat" = GO ]; then end_timer "$lease_timer"; exit 0; fi
      renew_lease
    done
    [ -z "$lease_timer" ] || end_script
    exit 1
  }

  # renew_lease: for lease_seconds from now on; whoever calls it is lease_holder.
  renew_lease() {
    earlier_timer=$lease_timer
    run_timer </dev/null >/dev/null 2>&1 3<&- &
    lease_timer=$!
    end_timer "$earlier_timer"
  }

  # run_timer: ends this script after a moment, unless it is told to end before; it collects what it sleeps by, since not every host has
  # somebody who collects orphans.
  run_timer() {
    timer_sleep=
    trap 'end_sleep; exit 0' TERM
    sleep "$lease_seconds" &
    timer_sleep=$!
    wait "$timer_sleep"
    end_script
  }

  end_sleep() {
    [ -n "$timer_sleep" ] || return 0
    kill -s KILL "$timer_sleep" 2>/dev/null
    wait "$timer_sleep"
  }

  # end_timer PID: one of ours only as long as it is our child.
  end_timer() {
    [ -n "$1" ] && read_process "$1" && [ "$process_parent" = "$lease_holder" ] || return 0
    kill -s TERM "$1" 2>/dev/null
    wait "$1"
  }

  # end_script: with what it has started, of which something may wait for ever to get rid of its output.
  end_script() {
    is_alive "$$" "$lease_start" "$boot" || exit 0
    [ "$lease_group" != $$ ] || kill -s TERM -- "-$$" 2>/dev/null
    kill -s TERM $$ 2>/dev/null
    exit 0
  }
`;
