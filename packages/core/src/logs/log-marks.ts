import { sh } from '../shell/template.js';

/**
 * Shell functions that write time marks: `SECONDS OFFSET INODE`, which says that the log was so long in that second. Lines need no time in them:
 * what was written since a time stands behind the last mark before that time.
 */
export const LOG_MARK_FUNCTIONS = sh`
  # mark_times: marks how long each log is now. The time is taken last, so that what was written after it is surely behind the mark.
  mark_times() {
    for mark_name in $log_names; do
      read_log_state "$app_dir/$mark_name"
      [ -z "$cut_record" ] || continue
      mark_state=$log_state
      mark=$(ls -lniL "$log" 2>/dev/null | LC_ALL=C awk -v base_record="$base_record" '{
        split(base_record, part, " ")
        printf "%.0f %s", $6 + ((part[1] == $1) ? part[2] : 0), $1
      }')
      mark_now=$(now)
      read_log_state "$log"
      [ -n "$mark" ] && [ "$log_state" = "$mark_state" ] || continue
      mark_idle
      printf '%s\n' "$mark_now $mark" 2>/dev/null >>"$log.times"
      thin_marks
    done
  }

  # mark_idle: where nothing was written for long, the last mark still holds at the last look.
  mark_idle() {
    [ -n "\${idle_since-}" ] || return 0
    mark_last=$(tail -n 1 "$log.times" 2>/dev/null)
    [ -n "$mark_last" ] && printf '%s\n' "$idle_since \${mark_last#* }" 2>/dev/null >>"$log.times"
  }

  # thin_marks: once in a while leaves out every other mark of the older three quarters when they take more than 64 kB.
  thin_marks() {
    marks_written=$((\${marks_written:-0} + 1))
    [ $((marks_written % 100)) = 0 ] || return 0
    set -- $(ls -lniL "$log.times" 2>/dev/null)
    [ "\${6:-0}" -gt 65536 ] || return 0
    LC_ALL=C awk '{ line[NR] = $0 } END { for (i = 1; i <= NR; i++) if (i % 2 || i > NR * 0.75) print line[i] }' "$log.times" 2>/dev/null >"$log.times.new" &&
      mv -f "$log.times.new" "$log.times"
  }
`;
