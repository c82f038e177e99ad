const KEEPER = 'packages/core/src/logs/log-keeper.ts';
const CUT = 'packages/core/src/logs/log-cut.ts';
const HELD = 'packages/core/src/logs/held-app.ts';
const FILES = 'packages/core/src/logs/log-files.ts';
const FOLLOW = 'packages/core/src/operations/follow.ts';
const ROTATION = 'packages/core/test/embedded/log-rotation.test.ts';
const KEEPING = 'packages/core/test/embedded/log-keeper.test.ts';
const READING = 'packages/core/test/embedded/log-reading.test.ts';
const OUTPUT = 'packages/core/test/embedded/output.test.ts';

const HELD_WRITER = `${ROTATION} > a log under a writer that never pauses is cut while the app is held and the archives and the log together are what was written, byte for byte`;

function killed(way, step) {
  return `${ROTATION} > a keeper that cuts ${way} and is killed before: ${step} loses and doubles nothing, and the app goes on`;
}

/** Not a byte of a log is lost or doubled, and the app does not suffer for it. */
export const LOG_MUTANTS = [
  {
    guard: 'a log is opened for appending',
    file: KEEPER,
    text: 'exec </dev/null >>"$app_dir/log" 2>&1',
    instead: 'exec </dev/null >"$app_dir/log" 2>&1',
    test: HELD_WRITER,
  },
  {
    guard: 'the app is stopped while its log is emptied',
    file: HELD,
    text: 'for process in $held; do send_held STOP "$process"; done\n    await_held\n    copy_rest &\n    copying=$!\n    hold_rest && return 0',
    instead: 'copy_rest &\n    copying=$! hold_tries=1\n    return 0',
    test: HELD_WRITER,
  },
  {
    guard: 'a log is not emptied once somebody lets the app go on',
    file: CUT,
    text: 'are_held && true >"$log"; then',
    instead: 'are_held; true >"$log"; then',
    test: `${ROTATION} > a log is not emptied while somebody else lets the app go on`,
  },
  {
    guard: 'who is stopped is let go on when the keeper was killed',
    file: HELD,
    text: 'then release_recorded; exit; fi',
    instead: 'then exit; fi',
    test: killed('while the app is held', 'are_held &&'),
  },
  {
    guard: 'what was paused by somebody else stays paused',
    file: HELD,
    text: '*" $app_pid:"*) return 1 ;;',
    instead: '*" $app_pid:"*) ;;',
    test: `${KEEPING} > an app that was paused is not let go on by a cut`,
  },
  {
    guard: 'whether the head has gone stands in the log itself',
    file: CUT,
    text: '[ "$marked" = "$marker" ] && say_cut "cut $cut_base $cut_inode $marker"',
    instead: '[ "$marked" = "$marker" ]',
    test: killed('by taking blocks out of it', 'finish_cut; return; fi'),
  },
  {
    guard: 'a cut that broke off is taken back',
    file: CUT,
    text: 'mark- | mark-yes | cut-yes) undo_cut "$@" ;;',
    instead: 'mark- | mark-yes | cut-yes) rm -f "$log.cut" "$log.new" ;;',
    test: killed('by taking blocks out of it', 'fallocate --collapse-range --offset 0 --length "$cut_length"'),
  },
  {
    guard: 'a cut is only begun where there is room',
    file: CUT,
    text: 'if (size < 1 || blocks < 0 || (room != "" && room < blocks * unit)) exit',
    instead: 'if (size < 1 || blocks < 0) exit',
    test: `${KEEPING} > without room for an archive the log stays as it is until there is some`,
  },
  {
    guard: 'files that get other names are looked for twice',
    file: FILES,
    text: `case $cut_record in 'shift '*) list_by_name ;; esac`,
    instead: ':',
    test: `${READING} > archives that get other names between looking for names and looking at files are not told as a gap by a follow`,
  },
  {
    guard: 'the times of files are not relied on for ever',
    file: KEEPER,
    text: '[ "$grew" = quiet ] && [ "$quiet_looks" -lt 12 ]',
    instead: '[ "$grew" = quiet ]',
    test: `${KEEPING} > beside an app that writes nothing the keeper finds what is written then, where its time was set back`,
  },
  {
    guard: 'no more archives are kept than were asked for',
    file: CUT,
    text: 'while [ "$gap" -le "$log_keep" ] && [ -e "$log.$gap" ]',
    instead: 'while [ -e "$log.$gap" ]',
    also: { text: 'if [ "$gap" -gt "$log_keep" ]; then', instead: 'if false; then' },
    test: `${KEEPING} > only as many archives are kept as were asked for, the newest`,
  },
  {
    guard: 'a keeper ends with its supervisor',
    file: KEEPER,
    text: '&& is_alive "$$" "$supervisor_start" "$boot"',
    instead: '',
    test: `${KEEPING} > a keeper ends by itself when its supervisor was killed`,
  },
  {
    guard: 'marks of another file than the log are not believed',
    file: 'packages/core/src/logs/choose-logs.ts',
    text: 'if (part[3] == inode && part[1] + 0 < second)',
    instead: 'if (part[1] + 0 < second)',
    test: `${READING} > marks of another file than the log are not believed`,
  },
  {
    guard: 'what was read while the log was cut is sent again',
    file: FOLLOW,
    text: 'if [ "$log_state" != "$follow_state" ] || ! is_piece_whole "$5" "\\${10}" "\\${11}"; then say VOID; return 0; fi',
    instead: ':',
    test: `${READING} > a follow whose log is cut while it reads sends that again`,
  },
  {
    guard: 'what was cut off while a follow looked is not taken for truncated',
    file: FOLLOW,
    text: '[ "$log_state" = "$follow_state" ] || return 0\n    fi',
    instead: ':\n    fi',
    test: `${READING} > a follow that looks while the head of the log goes does not take that for a truncation`,
  },
  {
    guard: 'what was read from another file than the one that was looked for is sent again',
    file: FOLLOW,
    text: ' || ! is_piece_whole "$5" "\\${10}" "\\${11}"; then say VOID',
    instead: '; then say VOID',
    test: `${OUTPUT} > a log that is renamed between the look and the reading is read to its end`,
  },
  {
    guard: 'what is not sure to have been read is thrown away',
    file: FOLLOW,
    text: "if (kind === 'SURE') return this.#confirm();\n    this.#pending = undefined;",
    instead:
      "if (kind === 'SURE') return this.#confirm();\n    const early = this.#confirm();\n    if (early) return early;",
    test: 'packages/core/src/operations/follow.test.ts > a follow tells what came where, and what became of the file',
  },
  {
    guard: 'what is shorter than it should be is not taken',
    file: FOLLOW,
    text: 'if (bytes.length !== length) return undefined;',
    instead: '',
    test: 'packages/core/src/operations/follow.test.ts > what is shorter than the host believes is not taken, so that the next script brings it',
  },
  {
    guard: 'what would leave a hole is not taken',
    file: FOLLOW,
    text: "if (kind === 'DATA' && isNext)",
    instead: "if (kind === 'DATA')",
    test: 'packages/core/src/operations/follow.test.ts > what does not begin where the last one ended is not taken, so that the next script brings it',
  },
  {
    guard: 'what was dropped is told',
    file: FOLLOW,
    text: 'if (offset + 0 < end) { printf "gap',
    instead: 'if (0) { printf "gap',
    test: `${READING} > what was dropped while the client was away is told as a gap with its size`,
  },
  {
    guard: 'a log that was renamed is looked for twice',
    file: FOLLOW,
    text: 'case $step in replaced*) step=$(run_log_awk "$follow_awk" "inode=$inode" "offset=$offset") ;; esac',
    instead: ':',
    test: `${OUTPUT} > a log that is renamed between looking for names and looking at files is read to its end`,
  },
  {
    guard: 'a log that was renamed twice is not skipped',
    file: FOLLOW,
    text: '(inode in size) ? find_next(file[inode]) : log_name',
    instead: 'log_name',
    test: `${READING} > a log that is renamed more than once between two looks is read from file to file whose names are counters`,
  },
  {
    guard: 'dates grow the other way',
    file: FOLLOW,
    text: 'distance = (length(number) < 6) ?',
    instead: 'distance = 1 ?',
    test: `${READING} > a log that is renamed more than once between two looks is read from file to file whose names are dates`,
  },
  {
    guard: 'an archive is not taken for a log that was renamed',
    file: FOLLOW,
    text: 'index(base_record, " " named[name] ":")',
    instead: '0',
    test: `${READING} > a log that is renamed more than once between two looks is read from file to file and what was cut off its head comes with it`,
  },
  {
    guard: 'an archive of another size is not believed',
    file: FILES,
    text: 'if ((part[1] in file) && size[part[1]] + 0 == part[3] + 0)',
    instead: 'if (part[1] in file)',
    test: `${READING} > an archive that somebody has changed is not taken for what was cut off`,
  },
];
