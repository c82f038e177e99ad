import { raw, sh } from '../shell/template.js';

/**
 * The files of one log, for whoever reads or cuts it. A log is `log`, or `log.stdout` and `log.stderr` where the two are kept apart;
 * beside each stand
 *
 * | file          | what it holds                                                                                   |
 * | ------------- | ----------------------------------------------------------------------------------------------- |
 * | `LOG.1` …     | what was cut off its head, the newest first                                                     |
 * | `LOG.base`    | inode of LOG; bytes cut off so far; `inode:start:size` of each archive                          |
 * | `LOG.cut`     | while it is being cut: `mark`, `cut` or `shift`; bytes cut off before; inode of LOG; and more   |
 * | `LOG.new`     | the archive that is being made                                                                  |
 * | `LOG.held`    | `pid:start` of the processes that are stopped while it is cut                                   |
 * | `LOG.times`   | time marks: seconds since the epoch; how long the log was then, with all that was cut off; inode |
 *
 * A byte's **offset** counts from the first one ever written to that file: it stays what it is when the head is cut off.
 *
 * A cut goes through these steps, so that wherever it breaks off, everybody can tell whether it was done:
 *
 * 1. the head is copied to `LOG.new`; `LOG.cut` says `mark BASE INODE MARKER`;
 * 2. the first 64 bytes of LOG, which are in the archive, become MARKER; `LOG.cut` says `cut BASE INODE MARKER`;
 * 3. the head goes. While MARKER still stands there it has not gone, otherwise it has: contents and sizes could not tell that;
 * 4. `LOG.cut` says `shift BASE INODE LENGTH INODE-OF-ARCHIVE`; the archives are renamed; `LOG.base` is replaced; `LOG.cut` goes.
 *
 * Readers never wait for a cut and never mend one: they compare what these records say before and after they read.
 */
export const LOG_FILE_FUNCTIONS = sh`
  # read_log_state FILE: sets log, base_record, cut_record and cut_marked, and all of them as log_state: what was read between two equal
  # states was read from where it was looked for.
  read_log_state() {
    log=$1 base_record='' cut_record='' cut_marked=''
    { IFS= read -r base_record <"$log.base"; } 2>/dev/null
    { IFS= read -r cut_record <"$log.cut"; } 2>/dev/null
    case $cut_record in
    'mark '* | 'cut '*) is_marked "$cut_record" && cut_marked=yes ;;
    esac
    log_state="$base_record|$cut_record|$cut_marked"
  }

  # is_marked RECORD: true while the head of the log is the marker that a record of its cut names.
  is_marked() {
    set -- $1
    [ "$(dd if="$log" bs=64 count=1 2>/dev/null | tr -d '\000')" = "$(printf '%-63s' "$4")" ]
  }

  # list_log_files: one line of ls for the log and everything that its name begins. While archives get other names, one can move between the
  # looking for names and the looking at files, and be missed; as each of them moves once, it is there the second time.
  list_log_files() {
    list_by_name
    case $cut_record in 'shift '*) list_by_name ;; esac
  }

  list_by_name() { ls -lniL "$log" "$log".* "$log"-* 2>/dev/null; }
`;

/**
 * Functions for an awk program that reads `list_log_files` with `log_name` as the name of the log in its folder, `base_record`, `cut_record` and
 * `cut_marked`. It holds no single quote, since it stands between two of the shell's.
 */
export const LOG_SPACE_AWK = sh`
  # One line of ls; the name is what stands behind the last slash, whatever the folder is called. What is listed twice is called as it was last.
  function read_listed(line,   field, name) {
    split(line, field, " ")
    name = line
    sub(/^.*\//, "", name)
    if (name ~ /\.(base|cut|held|times|writing)$/) return
    named[name] = field[1]; size[field[1]] = field[6]; if (file[field[1]] != log_name) file[field[1]] = name
  }

  function add_segment(name, from, start, length_) {
    if (length_ <= 0) return
    segments++
    segment_file[segments] = name; segment_from[segments] = from; segment_start[segments] = start; segment_end[segments] = start + length_
  }

  # Archives by their inode, so that it does not matter what they are called by now; one of another size is not what was kept.
  function add_archive(entry,   part) {
    split(entry, part, ":")
    if ((part[1] in file) && size[part[1]] + 0 == part[3] + 0) add_segment(file[part[1]], 0, part[2] + 0, part[3] + 0)
  }

  # Sets the segments of the file with this inode, the newest first, and base, end and oldest: from there on nothing is missing.
  function build_space(inode,   part, count, cut, i, live_from, fresh) {
    segments = 0; base = 0; live_from = 0
    count = split(base_record, part, " ")
    if (part[1] != inode) count = 0
    if (count) base = part[2] + 0
    split(cut_record, cut, " ")
    fresh = (log_name ".new" in named) ? size[named[log_name ".new"]] + 0 : 0
    if (cut[3] != inode || cut[2] + 0 != base) cut[1] = ""
    if (cut[1] == "cut" && !cut_marked) { base += fresh; live_from = 0 }
    else if (cut[1] == "mark" || cut[1] == "cut") live_from = fresh
    else if (cut[1] == "shift") base += cut[4]
    end = base + size[inode]
    add_segment(file[inode], live_from, base + live_from, size[inode] - live_from)
    if (cut[1] == "mark" || (cut[1] == "cut" && cut_marked)) add_segment(log_name ".new", 0, base, fresh)
    else if (cut[1] == "cut") add_segment(log_name ".new", 0, base - fresh, fresh)
    else if (cut[1] == "shift") add_archive(cut[5] ":" (base - cut[4]) ":" cut[4])
    for (i = 3; i <= count; i++) add_archive(part[i])
    oldest = base + live_from
    for (i = 1; i <= segments; i++) if (segment_end[i] == oldest) oldest = segment_start[i]
  }

  # Prints one piece of a file for send_piece: its name, blocks to skip, blocks to read, the first byte of these, how many, and for
  # is_piece_whole the inode and the least size of the file.
  function say_piece(i, from, to,   at, skip) {
    at = segment_from[i] + from - segment_start[i]
    skip = int(at / 4096)
    printf "%s %.0f %.0f %.0f %.0f ", segment_file[i], skip, int((at + to - from + 4095) / 4096) - skip, at - skip * 4096 + 1, to - from
    printf "%s %.0f\n", named[segment_file[i]], at + to - from
  }
`;

/** Where the output of the latest run goes. */
export const LOG_NAME_FUNCTIONS = sh`
  # find_log_names: sets log_names to the logs of the latest run of the app.
  find_log_names() {
    log_split=no
    [ -r "$record_path.settings" ] && . "$record_path.settings"
    if [ "$log_split" = yes ]; then log_names='log.stdout log.stderr'; else log_names=log; fi
  }
`;

/** Shell functions that read logs without changing them. */
export const LOG_READ_FUNCTIONS = sh`
  ${raw(LOG_FILE_FUNCTIONS)}

  # send_piece NAME SKIP COUNT FIRST LENGTH: whole blocks are skipped, so that gigabytes cost nothing; the rest of the first one is cut off.
  send_piece() { dd if="$app_dir/$1" bs=4096 skip="$2" count="$3" 2>/dev/null | tail -c "+$4" | head -c "$5"; }

  # is_piece_whole NAME INODE SIZE: true while that name is that file, and so much of it is there: then what was just read was read from
  # there. Whoever else renames or truncates logs does not ask us.
  is_piece_whole() {
    ls -lniL "$app_dir/$1" 2>/dev/null | LC_ALL=C awk -v inode="$2" -v size="$3" '{ whole = (($1 "") == (inode "") && $6 + 0 >= size + 0) } END { exit !whole }'
  }

  # send_pieces PIECES: one a line, as say_piece has them. Fails where one was not what it was looked for.
  send_pieces() {
    printf '%s\n' "$1" | while read -r piece_name piece_skip piece_count piece_first piece_length piece_inode piece_size; do
      [ -n "$piece_length" ] || continue
      send_piece "$piece_name" "$piece_skip" "$piece_count" "$piece_first" "$piece_length"
      is_piece_whole "$piece_name" "$piece_inode" "$piece_size" || exit 1
    done
  }

  # run_log_awk PROGRAM VALUE...: runs a program on the files of the log as they are now; VALUE is name=value.
  run_log_awk() {
    log_program=$1
    shift
    list_log_files | OUTLAST_LOG_TIMES=$log.times LC_ALL=C awk -v log_name="\${log##*/}" -v base_record="$base_record" -v cut_record="$cut_record" \
      -v cut_marked="$cut_marked" "$log_program" "$@" -
  }

  ${raw(LOG_NAME_FUNCTIONS)}
`;
