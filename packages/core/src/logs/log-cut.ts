import { sh } from '../shell/template.js';

/** Shell functions of the keeper that cut the head off a log; `log-files.ts` says in which steps. */
export const LOG_CUT_FUNCTIONS = sh`
  # cut_log FILE: archives what the log holds and takes it out of it. Fails with nothing changed where there is no room, or nothing to cut.
  cut_log() {
    mend_log "$1" || return 1
    rm -f "$log.new"
    plan_cut || return 1
    set -- $cut_plan
    cut_inode=$1 cut_base=$2 cut_length=$3 cut_unit=$4 cut_blocks=$5
    copy_head "$cut_blocks" && note_cut || { rm -f "$log.new"; return 1; }
    if [ "$cut_method" = collapse ]; then
      if mark_head; then
        if fallocate --collapse-range --offset 0 --length "$cut_length" "$log" 2>/dev/null; then finish_cut; return; fi
        cut_method=truncate
      fi
      mend_log "$log"
      return 1
    fi
    cut_held
  }

  # cut_held: empties the log while nobody can write to it.
  cut_held() {
    cut_done=
    copy_ahead
    hold_app || { mend_log "$log"; return 1; }
    if await_rest && mark_head && are_held && true >"$log"; then cut_done=yes; fi
    release_app
    if [ -n "$cut_done" ]; then finish_cut; return; fi
    mend_log "$log"
    return 1
  }

  # copy_ahead: once more before the app is held, since most of what is left came while the head was copied.
  copy_ahead() {
    set -- $(ls -lni "$log" 2>/dev/null | awk -v unit="$cut_unit" -v blocks="$cut_blocks" '{ last = int(($6 - 1) / unit); printf "%.0f %.0f", last - blocks, last }')
    [ "\${1:-0}" -gt 0 ] || return 0
    run_beside dd if="$log" of="$log.new" bs="$cut_unit" skip="$cut_blocks" seek="$cut_blocks" count="$1" conv=notrunc && cut_blocks=$2
    return 0
  }

  # copy_rest: what was written since the head was copied, by an app that is held.
  copy_rest() {
    dd if="$log" of="$log.new" bs="$cut_unit" skip="$cut_blocks" seek="$cut_blocks" conv=notrunc 2>/dev/null && is_copied
  }

  # await_rest: the rest is copied while it is made sure that nobody writes; where somebody was found, it is copied again.
  await_rest() {
    wait "$copying" || return 1
    [ "$hold_tries" = 1 ] || copy_rest
  }

  # plan_cut: sets cut_plan to inode, base, length, unit and count of units of what is to be copied ahead: all there is, in whole blocks. There has to be twice
  # the room for it, or for as much of it as a log may grow to: the app needs some, too.
  plan_cut() {
    cut_plan=$({ df -Pk "$app_dir" 2>/dev/null; echo; list_log_files; } | LC_ALL=C awk -v log_name="\${log##*/}" \
      -v base_record="$base_record" -v limit="$log_max_size" -v method="$cut_method" '
      !listing && NF == 0 { listing = 1; next }
      !listing { if ($4 ~ /^[0-9]+$/) room = $4 * 512; next }
      { name = $0; sub(/^.*\//, "", name); if (name == log_name) { inode = $1; size = $6 } }
      END {
        split(base_record, part, " ")
        base = (part[1] == inode) ? part[2] : 0
        unit = (size > 1048576) ? 65536 : 4096
        blocks = int((size - 1) / unit)
        if (room != "" && method == "collapse" && room < blocks * unit && room >= limit) blocks = int(room / unit)
        if (size < 1 || blocks < 0 || (room != "" && room < blocks * unit)) exit
        if (method == "collapse" && blocks < 1) exit
        printf "%s %.0f %.0f %.0f %.0f", inode, base, blocks * unit, unit, blocks
      }')
    [ -n "$cut_plan" ]
  }

  # copy_head BLOCKS: where TERM ends the wait, the copy is of no use.
  copy_head() {
    if [ "$1" = 0 ]; then true >"$log.new"; return; fi
    run_beside dd if="$log" of="$log.new" bs="$cut_unit" count="$1" && [ -z "$keeper_ending" ] || return 1
    [ "$(ls -lni "$log.new" 2>/dev/null | awk '{ print $6 }')" = "$cut_length" ]
  }

  # is_copied: the archive is as long as the log, which nobody writes to.
  is_copied() {
    copied=$(ls -lni "$log" "$log.new" 2>/dev/null)
    set -- \${copied%%"$newline"*}
    copied_size=\${6-}
    set -- \${copied#*"$newline"}
    [ -n "$copied_size" ] && [ "$copied_size" = "\${6-}" ]
  }

  # note_cut: a cut has begun. It is told now, in a record with room for what will be said later.
  note_cut() {
    marker=outlast-cut-$run-$cut_base-$(now)
    write_checked "$log.cut" "$(printf '%-255s' "mark $cut_base $cut_inode $marker")"
  }

  # mark_head: from here on the log itself tells whether it has been cut.
  mark_head() {
    { printf '%-63s\n' "$marker" 1<>"$log"; } 2>/dev/null || return 1
    read -r marked <"$log" && [ "$marked" = "$marker" ] && say_cut "cut $cut_base $cut_inode $marker"
  }

  # say_cut RECORD: goes over the record of the cut in its place.
  say_cut() { { printf '%-255s\n' "$1" 1<>"$log.cut"; } 2>/dev/null; }

  # finish_cut: the head is gone; what is left to do can be done as often as it takes.
  finish_cut() {
    set -- $(ls -lni "$log.new" 2>/dev/null)
    say_cut "shift $cut_base $cut_inode \${6-0} \${1-0}" || return 1
    mend_log "$log"
  }

  # mend_log FILE: brings a cut to its end that broke off, or takes it back where the head is still there. Fails when it cannot.
  mend_log() {
    read_log_state "$1"
    [ ! -e "$log.held" ] || release_recorded
    [ -n "$cut_record" ] || { rm -f "$log.new"; return; }
    set -- $cut_record
    cut_base=$2 cut_inode=$3
    case $1-$cut_marked in
    mark- | mark-yes | cut-yes) undo_cut "$@" ;;
    cut-) finish_cut ;;
    shift-*) shift_archives "$@" ;;
    esac
  }

  # undo_cut RECORD...: the head goes back to where the marker is.
  undo_cut() {
    say_cut "mark $2 $3 $4" || return 1
    [ -z "$cut_marked" ] || dd if="$log.new" of="$log" bs=64 count=1 conv=notrunc 2>/dev/null || return 1
    rm -f "$log.cut" "$log.new"
  }

  # shift_archives shift BASE INODE LENGTH ARCHIVE: gives the archives their names, and says where they begin. Only names below the first one that is
  # free are moved up, so that it can be done again after it broke off.
  shift_archives() {
    if [ -e "$log.new" ]; then
      gap=1
      while [ "$gap" -le "$log_keep" ] && [ -e "$log.$gap" ]; do gap=$((gap + 1)); done
      if [ "$gap" -gt "$log_keep" ]; then
        gap=$log_keep
        drop_archives "$log_keep"
      fi
      while [ "$gap" -gt 1 ]; do
        mv -f "$log.$((gap - 1))" "$log.$gap" || return 1
        gap=$((gap - 1))
      done
      if [ "$log_keep" -gt 0 ]; then mv -f "$log.new" "$log.1"; else rm -f "$log.new"; fi || return 1
    fi
    write_checked "$log.base" "$(printf '%s\n' "$base_record" | LC_ALL=C awk -v inode="$3" -v base="$2" -v length_="$4" -v archive="$5" -v keep="$log_keep" '{
      if ($1 == inode && $2 + 0 == base + length_) { print; exit }
      line = sprintf("%s %.0f", inode, base + length_)
      if (keep > 0) line = line sprintf(" %s:%.0f:%.0f", archive, base, length_)
      if ($1 == inode) for (i = 3; i <= NF && i <= keep + 1; i++) line = line " " $i
      print line
    }')" && rm -f "$log.cut"
  }

  # drop_archives FIRST: those from a number on that are there without a gap; 0 takes the first as well.
  drop_archives() {
    drop=$1
    [ "$drop" -gt 0 ] || drop=1
    while [ -e "$log.$drop" ]; do
      rm -f "$log.$drop" || return 1
      drop=$((drop + 1))
    done
  }
`;
