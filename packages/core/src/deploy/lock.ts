import { raw, sh } from '../shell/template.js';
import { READ_LOCK_FUNCTIONS } from './read-lock.js';

/** How long a host may take for a deploy, a setup that compiles included, before its own client gives up waiting for it, in milliseconds. */
export const DEPLOY_LIMIT_MS = 3_600_000;

/** Of so many what was told is kept. */
const KEPT_LOCKS = 10;

/**
 * Shell functions by which one client at a time deploys an app to a host.
 *
 * The lock is the highest number `lock.N`: `ln` gives it to one script with the script's identity already in it, and it is free as soon as
 * that process is gone, however it went. No clock decides. Whoever takes the lock from one that did not come to its end says so, and
 * clears up behind it.
 */
export const LOCK_FUNCTIONS = sh`
  ${raw(READ_LOCK_FUNCTIONS)}

  # take_lock VERB REASON WAIT TAKE_OVER: WAIT in tenths of a second; yes ends whoever has it. Fails when somebody else deploys,
  # and when this very request was done already, whose answer is then told again.
  take_lock() {
    read_clock
    took_over=no waited='' setup_request=$request lock_began=$clock lock_deadline=$((clock + $3)) own_deadline=$((clock + ${DEPLOY_LIMIT_MS / 100}))
    while :; do
      latest_lock
      if was_done_before; then return 1; fi
      read_lock "$lock_path"
      # Whoever has given it back may still be telling how it went.
      if [ "$lock" -gt 0 ] && [ ! -e "$lock_path.done" ] && is_recorded_alive "$lock_path"; then
        await_holder "$4" || return 1
        continue
      fi
      claim_lock "$1" "$2" && break
      [ "$?" = 2 ] || return 1
    done
    # From here on errors are told again as well, should this answer be lost.
    fail() { tell "ERROR $1 $2 $(encode "\${3-}")"; return 1; }
    clear_behind $((lock - 1))
    say "LOCKED $app"
    read_clock
    tell "STEP $app lock ok $((clock - lock_began))"
  }

  # was_done_before: this very request had a lock that was given back, or was about to be seen when its script was ended and others came since: it is
  # told what became of it.
  was_done_before() {
    own_lock=$lock
    while [ "$own_lock" -gt 0 ] && [ -e "$deploy_dir/lock.$own_lock" ]; do
      if read_lock "$deploy_dir/lock.$own_lock" && [ "$lock_request" = "$request" ]; then
        if [ -e "$deploy_dir/lock.$own_lock.done" ]; then replay "$deploy_dir/lock.$own_lock"; return; fi
        read_record "$deploy_dir/lock.$own_lock.stage"
        [ "$own_lock" != "$lock" ] && [ "$record" = activate ] || return 1
        fail E_UNKNOWN_RESULT "$app" 'its script was ended, and since then others have cleared up what it left'
        return 0
      fi
      own_lock=$((own_lock - 1))
    done
    return 1
  }

  # await_holder TAKE_OVER: waits a moment for whoever has the lock, or ends it; fails when it is not to be waited for.
  await_holder() {
    read_clock
    if [ "$lock_request" = "$request" ]; then
      # This request's own script of before: its client is gone, and only what was told GO goes on without one.
      if read_record "$lock_path.stage" && [ "$record" = activate ]; then
        [ "$clock" -lt "$own_deadline" ] || { fail_locked; return 1; }
        rest_awaiting
      else
        end_holder
      fi
    elif [ "$1" = yes ]; then
      say "TAKEN $app $lock_by $lock_time $lock_verb"
      took_over=yes
      end_holder
    elif [ "$clock" -lt "$lock_deadline" ]; then
      rest_awaiting
    else
      fail_locked
      return 1
    fi
  }

  # rest_awaiting: once its client is gone, what is said ends the script.
  rest_awaiting() {
    waited=$lock
    say "WAITING $app"
    sleep 1
  }

  # claim_lock VERB REASON: gets the next number; fails with 2 when somebody was faster.
  claim_lock() {
    read_process $$
    next=$((lock + 1)) lock_path=$deploy_dir/lock.$((lock + 1))
    printf '%s\n' "$$ $process_start $boot $request $(now) $by $1 $2" 2>/dev/null >"$deploy_dir/claim.$$"
    if ! read_record "$deploy_dir/claim.$$"; then
      rm -f "$deploy_dir/claim.$$"
      fail_full
      return 1
    fi
    ln "$deploy_dir/claim.$$" "$lock_path" 2>/dev/null
    linked=$?
    rm -f "$deploy_dir/claim.$$"
    if [ "$linked" != 0 ]; then
      [ -e "$lock_path" ] && return 2
      fail E_STATE_DIR "$app" "cannot link in $deploy_dir"
      return 1
    fi
    # A slower client must not bring back a number that was cleared away meanwhile.
    latest_lock
    [ "$lock" = "$next" ] || { rm -f "$deploy_dir/lock.$next"; return 2; }
  }

  # end_holder: of the lock just read, with what its setup has started.
  end_holder() {
    is_recorded_alive "$lock_path" || return 0
    if [ "$process_group" = "$recorded_pid" ] && [ "$recorded_pid" -gt 1 ]; then kill -s KILL -- "-$recorded_pid" 2>/dev/null; fi
    kill -s KILL "$recorded_pid" 2>/dev/null
    end_setup "$lock_request"
    nap
  }

  # end_setup REQUEST: whatever the setup of that request has started and left.
  end_setup() {
    root_start='' root_end='' seen='' setup_waits=0
    while list_members 0 "setup.$1" && [ -n "$members" ] && [ "$setup_waits" -lt 50 ]; do
      setup_waits=$((setup_waits + 1))
      for member in $seen; do
        is_alive "\${member%%:*}" "\${member#*:}" "$boot" && kill -s KILL "\${member%%:*}" 2>/dev/null
      done
      nap
    done
    return 0
  }

  # clear_behind NUMBER: says when the lock before was not given back, ends what its setup has left, and forgets the older ones. Where that
  # was this very request, whose script was ended, it goes on under another id.
  clear_behind() {
    goes_on=no
    if read_lock "$deploy_dir/lock.$1" && [ ! -e "$deploy_dir/lock.$1.done" ]; then
      read_record "$deploy_dir/lock.$1.stage"
      say "INTERRUPTED $app $lock_by $lock_time $lock_verb \${record:--}"
      # Whoever has stopped what was left does not want it back.
      [ ! -e "$deploy_dir/lock.$1.stopped" ] || forget_debt
      read_lock_release "$deploy_dir/lock.$1"
      # By when it began: nobody knows when it was ended.
      [ "$lock_request" = "$request" ] || note_deploy "$lock_time" "$lock_verb $lock_release $([ "$took_over" = yes ] && echo taken-over || echo interrupted) $lock_by $lock_request $lock_reason"
      end_setup "$lock_request"
      if [ "$lock_request" = "$request" ]; then goes_on=yes; fi
    fi
    # Whoever stopped it spoke to this request too, which was waiting, or whose script was ended meanwhile.
    if [ -e "$deploy_dir/lock.$1.stopped" ] && { [ "$waited" = "$1" ] || [ "$lock_request" = "$request" ]; }; then
      cp "$deploy_dir/lock.$1.stopped" "$lock_path.stopped"
    fi
    for lock_file in "$deploy_dir"/lock.*; do
      number=\${lock_file##*/lock.}
      number=\${number%%.*}
      case $number in
      '' | *[!0-9]*) continue ;;
      esac
      if [ "$number" -gt $(($1 - ${KEPT_LOCKS})) ]; then
        # What was told stays for a while, for whoever has not heard it.
        case $lock_file in *"/lock.$number" | *.said | *.stage | *.done) continue ;; esac
      fi
      [ "$number" -lt "$1" ] && rm -f "$lock_file"
    done
    # Of the request itself something was started already. Processes are found by how the id begins.
    [ "$goes_on" = no ] || request=again-$next-$request
    return 0
  }

  note_stage() { write_record "$lock_path.stage" "$1" && write_record "$lock_path.release" "\${release:--}" || fail_full; }

  # tell TEXT: as say, and again should this answer be lost.
  tell() {
    say "$*"
    printf '%s\n' "$*" 2>/dev/null >>"$lock_path.said"
  }

  # replay LOCK: what was told to whoever had it.
  replay() {
    say "AGAIN $app"
    while IFS= read -r told_line; do say "$told_line"; done <"$1.said"
    return 0
  }

  # list_own_locks: the numbers of those that ended scripts of this very request had, the latest first.
  list_own_locks() (
    read_lock "$lock_path"
    own_request=$lock_request
    while lock=$((lock - 1)) && [ "$lock" -gt 0 ] && read_lock "$deploy_dir/lock.$lock" && [ "$lock_request" = "$own_request" ]; do
      echo "$lock"
    done
  )

  # tell_unchanged: there is nothing to do, be it that a script of this very request has done it all before it was ended.
  tell_unchanged() {
    result=unchanged
    for number in $(list_own_locks); do
      read_record "$deploy_dir/lock.$number.stage"
      if [ "$record" = activate ]; then
        result=ok
        tell "WENTON $app"
        return 0
      fi
    done
  }

  # note_deploy TIME TEXT: for whoever asks later what was done.
  note_deploy() { printf '%s\n' "$1 $2" 2>/dev/null >>"$deploy_dir/deploys.log"; }

  # find_first_error: the code of what went wrong first, wherever it was told.
  find_first_error() { awk '$1 == "ERROR" { print $2; exit } $1 == "ENDED" { print "E_START_FAILED"; exit }' "$lock_path.said" 2>/dev/null; }

  # release_lock RESULT: notes for everybody what became of it, and gives the lock back, which ends with this process anyway.
  release_lock() {
    read_lock "$lock_path"
    set -- "$1" "$([ "$1" != failed ] || find_first_error)"
    note_deploy "$(now)" "$lock_verb \${release:--} $1 $by $lock_request $lock_reason\${2:+ $2}"
    [ ! -e "$lock_path.stopped" ] || forget_debt
    (: >"$lock_path.done") 2>/dev/null
    rm -f "$lock_path".run.*
    return 0
  }
`;
