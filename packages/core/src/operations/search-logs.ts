import { buildChoiceHead, buildLogLoop, type LogChoice, SINCE_AWK } from '../logs/choose-logs.js';
import { LOG_READ_FUNCTIONS, LOG_SPACE_AWK } from '../logs/log-files.js';
import { fromLogFile, type LogStream } from '../logs/log-stream.js';
import { buildScript } from '../shell/script.js';
import { raw, sh } from '../shell/template.js';
import { decodeUtf8 } from '../wire/bytes.js';
import type { WireRecord } from '../wire/reply.js';
import { throwIfBusy } from './logs.js';
import { type Operation, RUN_FUNCTIONS, throwHostErrors } from './operation.js';

/** What is looked for in whose logs. */
export interface SearchOptions extends LogChoice {
  /** A POSIX extended regular expression, for grep -E. */
  readonly pattern: string;
  /** So many of the last lines that match. */
  readonly lines: number;
  /** Leaves out a last line that has not ended, for whoever goes on from there. */
  readonly endedLines: boolean;
}

/** A line that matches. */
export interface FoundLine {
  /** Where it begins, in bytes from the first one ever written to the log. */
  readonly offset: number;
  /** With its newline. */
  readonly bytes: Uint8Array;
}

/** What was found in one log. */
export interface SearchedLog {
  readonly app: string;
  readonly stream: LogStream;
  readonly inode: string | null;
  /** Up to where it was looked through. */
  readonly end: number;
  /** The oldest first. */
  readonly lines: readonly FoundLine[];
}

/** Looks through logs from their ends backwards by grep on the host, so that only what is found travels. */
export const searchLogs: Operation<SearchOptions, readonly SearchedLog[]> = {
  name: 'logs',
  mutates: false,
  build: (options, frame) =>
    buildScript(frame, {
      title: options.apps.length > 0 ? 'search the logs of' : 'search the logs',
      apps: options.apps,
      functions: [...RUN_FUNCTIONS, LOG_READ_FUNCTIONS, SEARCH_FUNCTIONS],
      body: sh`
        need cut grep wc || return 1
        ${raw(buildChoiceHead(options))}
        pattern=${[options.pattern]}
        wanted=${options.lines} ended_lines=${raw(options.endedLines ? 'yes' : 'no')}
        probe_grep
        ${raw(buildLogLoop(options, 'search_log'))}
      `,
    }),
  parse: (reply) => {
    throwHostErrors(reply);
    throwIfBusy(reply);
    const searched: SearchedLog[] = [];
    let windows: WireRecord[] = [];
    for (const record of reply.records) {
      if (record.kind === 'SEARCH') windows = [record];
      if (record.kind === 'FOUND') windows.push(record);
      if (record.kind === 'SURE') searched.push(readSearched(windows));
    }
    return searched;
  },
};

function readSearched([head, ...windows]: readonly WireRecord[]): SearchedLog {
  const [app = '', file = '', inode = '-', end = '0', floor = '0'] = head?.fields ?? [];
  return {
    app,
    stream: fromLogFile(file),
    inode: inode === '-' ? null : inode,
    end: Number(end),
    // The host begins at the end.
    lines: windows
      .reverse()
      .flatMap(({ fields, data }) => readFoundLines(data, Number(fields[0])))
      .filter(({ offset, bytes }) => offset + bytes.length > Number(floor)),
  };
}

const NEWLINE = 0x0a;
const COLON = 0x3a;

/** Each line has its place in the window in front. */
function readFoundLines(data: Uint8Array, start: number): FoundLine[] {
  const lines: FoundLine[] = [];
  for (let at = 0; at < data.length; ) {
    const end = data.indexOf(NEWLINE, at) + 1 || data.length;
    const colon = data.indexOf(COLON, at);
    lines.push({
      offset: start + Number(decodeUtf8(data.subarray(at, colon))),
      bytes: data.subarray(colon + 1, end),
    });
    at = end;
  }
  return lines;
}

const SEARCH_FUNCTIONS = sh`
  head_awk='${raw(LOG_SPACE_AWK)}${raw(SINCE_AWK)}
  { read_listed($0) }
  END {
    if (!(log_name in named)) exit
    inode = named[log_name]
    build_space(inode)
    floor = (since == "") ? oldest : find_since(since)
    # The line that stands there began before.
    low = (since == "") ? oldest : floor - 4096
    if (low < oldest) low = oldest
    printf "%s %.0f %.0f %d %.0f", inode, end, low, low == oldest, floor
  }'

  window_awk='BEGIN {
    start = to - window
    if (start < low) start = low
    printf "%.0f %d", start, start == low
  }'

  pieces_awk='${raw(LOG_SPACE_AWK)}
  { read_listed($0) }
  END {
    build_space(inode)
    for (i = segments; i >= 1; i--) {
      first = (from + 0 > segment_start[i]) ? from + 0 : segment_start[i]
      last = (to + 0 < segment_end[i]) ? to + 0 : segment_end[i]
      if (first < last) say_piece(i, first, last)
    }
  }'

  # send_range FROM TO: the bytes between two offsets.
  send_range() { send_pieces "$(run_log_awk "$pieces_awk" "inode=$log_inode" "from=$1" "to=$2")"; }

  # probe_grep: some take a log with a NUL in it for something that is not to be shown, and some cannot tell where a line begins.
  probe_grep() {
    grep_flags=
    echo x | grep -a x >/dev/null 2>&1 && grep_flags=-a
    grep_places=
    [ "$(echo x | grep -b x 2>/dev/null)" = 0:x ] && grep_places=yes
  }

  # match_range FROM TO: the lines that match, each with its place behind FROM and a colon in front.
  match_range() {
    if [ -n "$grep_places" ]; then
      send_range "$1" "$2" | LC_ALL=C grep $grep_flags -bE -e "$pattern"
      return 0
    fi
    {
      send_range "$1" "$2" | LC_ALL=C grep $grep_flags -nE -e "$pattern" | cut -d : -f 1
      echo
      send_range "$1" "$2"
    } | LC_ALL=C awk '
      !listed && $0 == "" { listed = 1; next }
      !listed { wanted[$0 + 0] = 1; next }
      { line++; if (line in wanted) printf "%.0f:%s\n", place, $0; place += length($0) + 1 }'
  }

  # count_partial FROM TO: sets partial to the number of bytes up to the end of the line that FROM stands in.
  count_partial() { partial=$(send_range "$1" "$2" | head -n 1 | wc -c | tr -d ' '); }

  add() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.0f", a + b }'; }

  # search_log FILE: SEARCH, then FOUND for each window from the end on, then SURE; VOID where the log was cut meanwhile, and then all again.
  search_log() {
    search_tries=0
    while [ "$search_tries" -lt 5 ]; do
      search_tries=$((search_tries + 1))
      read_log_state "$1"
      search_state=$log_state
      set -- "$1" $(run_log_awk "$head_awk" "since=$since")
      log_inode=\${2--} to=\${3-0} low=\${4-0} low_is_oldest=\${5-1} floor=\${6-0}
      [ "$ended_lines" != yes ] || leave_unended
      say "SEARCH $app \${log##*/} $log_inode $to $floor"
      search_windows
      read_log_state "$log"
      if [ "$log_state" = "$search_state" ] && { [ "$log_inode" = - ] || is_piece_whole "\${log##*/}" "$log_inode" 0; }; then say SURE; return 0; fi
      say VOID
    done
    say "BUSY $app"
  }

  # leave_unended: moves to back to the end of the last line that has one.
  leave_unended() {
    [ "$to" != "$low" ] || return 0
    set -- $(awk -v low="$low" -v to="$to" -v window=1048576 "$window_awk")
    last=$(send_range "$1" "$to" | tail -n 1 | od -An -v -tx1 | tr -d ' \n')
    case $last in
    *0a) return 0 ;;
    esac
    to=$(awk -v to="$to" -v digits="\${#last}" 'BEGIN { printf "%.0f", to - digits / 2 }')
  }

  search_windows() {
    window=1048576 found=0
    while [ "$to" != "$low" ] && [ "$found" -lt "$wanted" ]; do
      set -- $(awk -v low="$low" -v to="$to" -v window="$window" "$window_awk")
      from=$1 is_low=$2
      [ "$window" -ge 67108864 ] || window=$((window * 4))
      if [ "$is_low$low_is_oldest" != 11 ]; then
        # The line that begins before the window belongs to the next one; where that is all there is in it, the next one is larger.
        count_partial "$from" "$to"
        from=$(add "$from" "$partial")
        if [ "$from" = "$to" ]; then
          [ "$is_low" = 0 ] || return 0
          [ "$window" -lt 67108864 ] || window=$((window * 2))
          continue
        fi
      fi
      count=$(send_range "$from" "$to" | LC_ALL=C grep $grep_flags -cE -e "$pattern")
      if [ "$count" -gt 0 ]; then
        say "FOUND $from"
        match_range "$from" "$to" | tail -n $((wanted - found))
        found=$((found + count))
      fi
      [ "$is_low" = 0 ] || return 0
      to=$from
    done
    return 0
  }
`;
