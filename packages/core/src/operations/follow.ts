import { LOG_READ_FUNCTIONS, LOG_SPACE_AWK } from '../logs/log-files.js';
import { fromLogFile, type LogStream, toLogFile } from '../logs/log-stream.js';
import { LEASE_FUNCTIONS } from '../shell/lease.js';
import { buildScript, type Frame } from '../shell/script.js';
import { raw, sh } from '../shell/template.js';
import { concatBytes } from '../wire/bytes.js';
import type { ScannedPart } from '../wire/record-scanner.js';
import { RUN_FUNCTIONS } from './operation.js';

/** How far one log has been read. */
export interface LogCursor {
  readonly app: string;
  readonly stream: LogStream;
  /** Null while there is no log. */
  readonly inode: string | null;
  /** Bytes from the first one ever written to that file. */
  readonly offset: number;
}

/** Which logs are followed from where, and how long one answer lasts. */
export interface FollowOptions {
  readonly cursors: readonly LogCursor[];
  /** The host stops after this many seconds, so that nothing stays there when the client is gone; follow again from the cursors. */
  readonly seconds: number;
}

/** Builds the script that sends what is appended to logs, across cuts, rotation by rename and truncation, for a bounded time. */
export function buildFollowScript({ cursors, seconds }: FollowOptions, frame: Frame): string {
  return buildScript(frame, {
    title: `follow the logs of ${[...new Set(cursors.map(({ app }) => app))].join(' ')}`,
    functions: [...RUN_FUNCTIONS, LEASE_FUNCTIONS, LOG_READ_FUNCTIONS, FOLLOW_FUNCTIONS],
    keepStdin: true,
    body: sh`
      need awk dd head id ls od sleep tr || return 1
      find_state || return 1
      read_boot
      hold_lease
      cursors=${cursors.map(formatCursor).join(' ')}
      read_clock
      deadline=$((clock + ${seconds * 10})) naps=0
      while read_clock; [ "$clock" -le "$deadline" ]; do
        next_cursors='' sent='' place=0
        for cursor in $cursors; do follow_log "$cursor"; done
        cursors=$next_cursors
        [ -z "$sent" ] || continue
        naps=$((naps + 1))
        # Writing is how we learn that the client is gone: it ends this script.
        [ $((naps % 4)) != 0 ] || say BEAT
        sleep 0.25 2>/dev/null || sleep 1
      done
    `,
  });
}

function formatCursor({ app, stream, inode, offset }: LogCursor): string {
  return `${app}:${toLogFile(stream)}:${inode ?? '-'}:${offset}`;
}

const FOLLOW_FUNCTIONS = sh`
  follow_awk='${raw(LOG_SPACE_AWK)}
  # The number or date a log was renamed to, without its hyphens, or nothing. Archives that belong to a log are read with it.
  function read_number(name,   number) {
    number = substr(name, length(log_name) + 2)
    gsub(/-/, "", number)
    if (number !~ /^[0-9]+$/ || index(base_record, " " named[name] ":") || cut_record ~ (" " named[name] " *$")) return ""
    return number
  }

  # What was begun after a file that has been renamed: where the log was renamed more than once between two looks, that is not the
  # log yet. Counters grow with age, as in log.2 and log.1, and dates the other way, as in log-20261130 and log-20261201.
  function find_next(name,   number, other, other_number, distance, least, next_name) {
    next_name = log_name
    number = read_number(name)
    if (number == "") return next_name
    for (other in named) {
      other_number = read_number(other)
      if (other_number == "" || (length(number) < 6) != (length(other_number) < 6)) continue
      distance = (length(number) < 6) ? number - other_number : other_number - number
      if (distance > 0 && (!least || distance < least)) { least = distance; next_name = other }
    }
    return next_name
  }

  { read_listed($0) }
  END {
    if (!(log_name in named)) exit
    if (inode == "-") { inode = named[log_name]; build_space(inode); offset = oldest }
    if (inode in size) {
      build_space(inode)
      if (offset + 0 > end) { printf "truncated %s %.0f\n", inode, base; exit }
      next_start = -1
      for (i = 1; i <= segments; i++) {
        if (segment_start[i] <= offset + 0 && offset + 0 < segment_end[i]) {
          to = segment_end[i]
          if (to > offset + 1048576) to = offset + 1048576
          printf "data %s %.0f %.0f\n", inode, offset, to
          say_piece(i, offset + 0, to)
          exit
        }
        if (segment_start[i] > offset + 0 && (next_start < 0 || segment_start[i] < next_start)) next_start = segment_start[i]
      }
      if (offset + 0 < end) { printf "gap %s %.0f\n", inode, (next_start < 0) ? end : next_start; exit }
    }
    if (inode == named[log_name]) exit
    what = (inode in size) ? "rotated" : "replaced"
    inode = named[(inode in size) ? find_next(file[inode]) : log_name]
    build_space(inode)
    printf "%s %s %.0f\n", what, inode, oldest
  }'

  # follow_log NAME:FILE:INODE:OFFSET: sends what is new, at most a mebibyte, and notes how far it came.
  follow_log() {
    place=$((place + 1))
    rest=$1
    enter_app "\${rest%%:*}"
    rest=\${rest#*:}
    log_file=\${rest%%:*} rest=\${rest#*:}
    inode=\${rest%%:*} offset=\${rest##*:}
    read_log_state "$app_dir/$log_file"
    follow_state=$log_state
    # Nothing is computed where nothing has changed.
    eval "before=\$seen_$place"
    seen="$log_state $(list_log_files)"
    if [ "$seen" != "$before" ]; then
      step=$(run_log_awk "$follow_awk" "inode=$inode" "offset=$offset")
      # A name that was given between looking for names and looking at files is found when there is another log already.
      case $step in replaced*) step=$(run_log_awk "$follow_awk" "inode=$inode" "offset=$offset") ;; esac
      if [ -n "$step" ]; then take_step; else eval "seen_$place=\$seen"; fi
    fi
    next_cursors="$next_cursors $app:$log_file:$inode:$offset"
  }

  # take_step: DATA, its bytes, and SURE, or VOID where the log was cut while it was read; or what became of the file.
  take_step() {
    sent=yes
    set -- $step
    if [ "$1" != data ]; then
      # What seems to be gone may have been cut off since the records were read.
      read_log_state "$log"
      [ "$log_state" = "$follow_state" ] || return 0
    fi
    case $1 in
    data)
      say "DATA $app $log_file $2 $3 $4"
      send_piece "$5" "$6" "$7" "$8" "$9"
      read_log_state "$log"
      if [ "$log_state" != "$follow_state" ] || ! is_piece_whole "$5" "\${10}" "\${11}"; then say VOID; return 0; fi
      say SURE
      inode=$2 offset=$4
      ;;
    truncated) say "TRUNCATED $app $log_file $2 $3"; inode=$2 offset=$3 ;;
    gap) say "GAP $app $log_file $2 $3"; offset=$3 ;;
    rotated) say "ROTATED $app $log_file $2 $3"; inode=$2 offset=$3 ;;
    replaced) say "REPLACED $app $log_file $2 $3"; inode=$2 offset=$3 ;;
    esac
  }
`;

interface LogSource {
  readonly app: string;
  readonly stream: LogStream;
}

/** Something that a followed log did. */
export type FollowEvent = LogSource &
  (
    | { readonly kind: 'data'; readonly offset: number; readonly bytes: Uint8Array }
    | { readonly kind: 'rotated' | 'truncated' }
    /** Another file is there, and the old one is not beside it: what was written to that last may be lost. */
    | { readonly kind: 'replaced' }
    /** So many bytes were dropped with their archive before they could be read. */
    | { readonly kind: 'gap'; readonly missing: number }
  );

const EVENTS: Readonly<Record<string, 'rotated' | 'replaced' | 'truncated' | 'gap'>> = {
  ROTATED: 'rotated',
  REPLACED: 'replaced',
  TRUNCATED: 'truncated',
  GAP: 'gap',
};

/** Reads a follow as it arrives and keeps the cursors from which another connection can go on. */
export class FollowReader {
  readonly #cursors: Map<string, LogCursor>;
  /** What came and is not sure yet. */
  #pending: { readonly cursor: LogCursor; readonly length: number; readonly chunks: Uint8Array[] } | undefined;

  constructor(cursors: readonly LogCursor[]) {
    this.#cursors = new Map(cursors.map((cursor) => [keyOf(cursor), cursor]));
  }

  get cursors(): readonly LogCursor[] {
    return [...this.#cursors.values()];
  }

  /** Takes one scanned part; undefined when it is nothing that the user sees. */
  read(part: ScannedPart): FollowEvent | undefined {
    if (part.kind === 'record') return this.#readRecord(part.text);
    this.#pending?.chunks.push(part.bytes.slice());
    return undefined;
  }

  #readRecord(text: string): FollowEvent | undefined {
    const [kind, app = '', file = '', inode = '-', offset = '0', to = '0'] = text.split(' ');
    if (kind === 'SURE') return this.#confirm();
    this.#pending = undefined;
    const cursor: LogCursor = { app, stream: fromLogFile(file), inode, offset: Number(offset) };
    const known = this.#cursors.get(keyOf(cursor));
    if (known === undefined) return undefined;
    // What does not begin where we are would leave a hole: the next script begins there.
    const isNext = known.inode !== inode || known.offset === cursor.offset;
    if (kind === 'DATA' && isNext) this.#pending = { cursor, length: Number(to) - cursor.offset, chunks: [] };
    const event = EVENTS[kind ?? ''];
    if (event === undefined) return undefined;
    this.#cursors.set(keyOf(cursor), cursor);
    const source = { app, stream: cursor.stream };
    return event === 'gap'
      ? { ...source, kind: event, missing: cursor.offset - known.offset }
      : { ...source, kind: event };
  }

  #confirm(): FollowEvent | undefined {
    if (this.#pending === undefined) return undefined;
    const { cursor, length, chunks } = this.#pending;
    this.#pending = undefined;
    const bytes = concatBytes(chunks);
    if (bytes.length !== length) return undefined;
    this.#cursors.set(keyOf(cursor), { ...cursor, offset: cursor.offset + bytes.length });
    return { kind: 'data', app: cursor.app, stream: cursor.stream, offset: cursor.offset, bytes };
  }
}

function keyOf({ app, stream }: LogSource): string {
  return `${app}:${stream}`;
}
