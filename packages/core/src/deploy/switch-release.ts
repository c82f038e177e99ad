import { sh } from '../shell/template.js';

/** Shell functions that make a release of what has come, make it the current one, and let go of old ones. */
export const SWITCH_FUNCTIONS = sh`
  # clear_up: what a deploy has left that did not come to its end. A release that nobody has seen goes back to where uploads are, and so does
  # one of this very request that could not be set up; one that was being switched to may run, and stays as one that failed.
  clear_up() {
    list_releases
    for unfinished in $releases; do
      read_release "$unfinished"
      case $release_state:$unfinished in
      uploaded:* | ready:* | "unprepared:$release")
        [ -e "$deploy_dir/incoming" ] || mv "$deploy_dir/releases/$unfinished" "$deploy_dir/incoming" 2>/dev/null
        remove_release "$unfinished"
        ;;
      activating:*)
        release_state=failed
        write_release_record "$unfinished"
        ;;
      esac
    done
    rm -rf "$deploy_dir"/current.* "$deploy_dir"/copies.*
  }

  # keep_release CONTENT COMMIT: makes the incoming tree the release $release; its record comes first, so that no tree stands without one.
  keep_release() {
    list_releases
    [ ! -e "$deploy_dir/releases/$release" ] || { fail E_STATE_DIR "$app" "release $release is there already"; return 1; }
    release_number=$((newest_number + 1)) release_content=$1 release_time=$(now) release_by=$by release_commit=$2
    release_state=uploaded release_before=-
    mv -f "$lists/manifest" "$deploy_dir/records/$release.manifest" && write_release_record "$release" || return 1
    mv "$incoming" "$deploy_dir/releases/$release" 2>/dev/null && rm -rf "$lists" && return 0
    fail E_STATE_DIR "$app" "cannot make $deploy_dir/releases/$release"
  }

  # switch_current ID: whoever looks sees the one or the other; with nothing as ID there is none any more.
  switch_current() {
    if [ -z "$1" ]; then rm -f "$deploy_dir/current"; return; fi
    rm -f "$deploy_dir/current.$$"
    ln -s "releases/$1" "$deploy_dir/current.$$" 2>/dev/null || return 1
    # Where mv knows neither of both, as on no system that we know of, nothing is switched.
    mv -fT "$deploy_dir/current.$$" "$deploy_dir/current" 2>/dev/null || mv -fh "$deploy_dir/current.$$" "$deploy_dir/current" 2>/dev/null
  }

  # remove_release ID: its record goes last.
  remove_release() {
    rm -rf "\${deploy_dir:?}/releases/$1" 2>/dev/null || {
      chmod -R u+rwX "$deploy_dir/releases/$1"
      rm -rf "\${deploy_dir:?}/releases/$1"
    } 2>/dev/null
    [ -e "$deploy_dir/releases/$1" ] || rm -f "$deploy_dir/records/$1" "$deploy_dir/records/$1".*
  }

  # forget_old_releases COUNT: keeps so many that were healthy, as many of those that failed since the oldest of them, and whatever runs, is
  # current, or would be gone back to.
  forget_old_releases() {
    list_releases
    read_current
    read_running
    good_before=-
    [ -z "$good" ] || { read_release "$good" && good_before=$release_before; }
    oldest_good=$(find_oldest good "$1") oldest_failed=$(find_oldest failed "$1")
    for old in $releases; do
      case " $current $good $running $good_before $release " in
      *" $old "*) continue ;;
      esac
      read_release "$old" && [ "$release_number" -ge "\${oldest_good:-0}" ] || { remove_release "$old"; continue; }
      [ "$release_state" = good ] || [ "$release_number" -ge "\${oldest_failed:-0}" ] || remove_release "$old"
    done
    for environment_dir in "$deploy_dir"/environments/*; do
      # That of this deploy would be made again by the next try.
      [ -d "$environment_dir" ] && [ "$environment_dir" != "$python_dir" ] || continue
      grep -qsF "/environments/\${environment_dir##*/}/bin" "$deploy_dir"/records/*.run.runtime "$app_dir"/run.*.runtime || rm -rf "$environment_dir"
    done
  }

  # find_oldest STATE COUNT: the number of the oldest of the latest so many in that state, nothing where there are fewer.
  find_oldest() {
    for kept in $releases; do
      read_release "$kept"
      [ "$release_state" != unprepared ] || release_state=failed
      [ "$release_state" != "$1" ] || echo "$release_number"
    done | sort -rn | sed -n "$2{p;q;}"
  }

  # runs_as_proven: what runs was started as it was when it was healthy.
  runs_as_proven() { was_started_from "$deploy_dir/records/$running.run"; }

  # was_started_from FILES: the run that was entered.
  was_started_from() {
    for part in launch settings release; do
      [ "$(cat "$record_path.$part" 2>/dev/null)" = "$(cat "$1.$part" 2>/dev/null)" ] || return 1
    done
  }

  # note_good ID: it was healthy; what was good before it is where a rollback goes.
  note_good() {
    read_current
    read_release "$1" || return 1
    if [ "$good" != "$1" ] && [ "$release_state" != good ]; then release_before=\${good:--}; fi
    release_state=good
    copy_run "$record_path" "$deploy_dir/records/$1.run" && write_release_record "$1" && write_record "$deploy_dir/good" "$1"
  }

  # copy_run FROM TO: the files from which a run can be started again, in the place of those that were there.
  copy_run() {
    copies=$deploy_dir/copies.$$
    rm -rf "$copies"
    mkdir "$copies" 2>/dev/null || return 1
    for part in spec settings launch secrets sh release runtime; do
      [ ! -e "$1.$part" ] || cp "$1.$part" "$copies/\${2##*/}.$part" 2>/dev/null || { rm -rf "$copies"; return 1; }
    done
    for part in secrets release runtime; do [ -e "$1.$part" ] || rm -f "$2.$part"; done
    # By one program, so that hardly anybody ever finds some of the old beside some of the new.
    [ ! -e "$1.launch" ] || mv -f "$copies"/* "\${2%/*}/" || return 1
    rm -rf "$copies"
  }
`;
