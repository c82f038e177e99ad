import { OutlastError } from '../errors.js';
import { buildChoiceHead, buildLogLoop, type LogChoice, SINCE_AWK } from '../logs/choose-logs.js';
import { LOG_READ_FUNCTIONS, LOG_SPACE_AWK } from '../logs/log-files.js';
import { fromLogFile, type LogStream } from '../logs/log-stream.js';
import { buildScript } from '../shell/script.js';
import { raw, sh } from '../shell/template.js';
import type { Reply } from '../wire/reply.js';
import { type Operation, RUN_FUNCTIONS, throwHostErrors } from './operation.js';

/** Whose logs, and how much of their ends. */
export interface LogsOptions extends LogChoice {
  /** At least this much of the end of each log, in bytes, if it has so much since then. */
  readonly bytes: number;
}

/** The end of one log, across its archives. Offsets count from the first byte ever written to it. */
export interface LogTail {
  readonly app: string;
  readonly stream: LogStream;
  /** Tells the file from the one that somebody else puts into its place; null when there is no log. */
  readonly inode: string | null;
  /** Where `data` begins. */
  readonly offset: number;
  /** From where on nothing is missing: older lines are not kept. */
  readonly oldest: number;
  /** Where that begins which was asked for: `oldest`, or what was written since the time. */
  readonly since: number;
  readonly data: Uint8Array;
}

/** Reads the end of logs; only whole blocks are skipped, so that gigabytes cost nothing. */
export const logs: Operation<LogsOptions, readonly LogTail[]> = {
  name: 'logs',
  mutates: false,
  build: (options, frame) =>
    buildScript(frame, {
      title: options.apps.length > 0 ? 'logs' : 'logs of all apps',
      apps: options.apps,
      functions: [...RUN_FUNCTIONS, LOG_READ_FUNCTIONS, TAIL_FUNCTIONS],
      body: sh`
        ${raw(buildChoiceHead(options))}
        want=${options.bytes}
        ${raw(buildLogLoop(options, 'send_tail'))}
      `,
    }),
  parse: (reply) => {
    throwHostErrors(reply);
    throwIfBusy(reply);
    return reply.records
      .filter(({ kind }, index) => kind === 'LOG' && reply.records[index + 1]?.kind === 'SURE')
      .map(({ fields: [app = '', file = '', inode = '-', offset, oldest, since], data }) => ({
        app,
        stream: fromLogFile(file),
        inode: inode === '-' ? null : inode,
        offset: Number(offset),
        oldest: Number(oldest),
        since: Number(since),
        data,
      }));
  },
};

/** Throws when a log was cut so often that it could not be read in between. */
export function throwIfBusy(reply: Reply): void {
  const busy = reply.records.find(({ kind }) => kind === 'BUSY');
  if (busy === undefined) return;
  throw new OutlastError('E_TIMEOUT', `the log of ${busy.fields[0]} is cut faster than so much of it can be read`, {
    hint: 'ask for fewer lines, or follow it with -f, or start it with a larger --log-max-size',
  });
}

const TAIL_FUNCTIONS = sh`
  tail_awk='${raw(LOG_SPACE_AWK)}${raw(SINCE_AWK)}
  { read_listed($0) }
  END {
    if (!(log_name in named)) exit
    inode = named[log_name]
    build_space(inode)
    floor = (since == "") ? oldest : find_since(since)
    from = end - want
    # A mark may stand in the middle of a line.
    if (from < floor - 4096) from = floor - 4096
    if (from < oldest) from = oldest
    for (i = 1; i <= segments; i++) if (segment_start[i] <= from && from < segment_end[i]) {
      at = segment_from[i] + from - segment_start[i]
      from -= at % 4096
      if (from < segment_start[i]) from = segment_start[i]
    }
    printf "%s %.0f %.0f %.0f\n", inode, from, oldest, floor
    for (i = segments; i >= 1; i--) if (segment_end[i] > from) say_piece(i, (from > segment_start[i]) ? from : segment_start[i], segment_end[i])
  }'

  # send_tail FILE: LOG, then its bytes, then SURE; VOID where the log was cut while it was read, and then all again.
  send_tail() {
    tail_tries=0
    while [ "$tail_tries" -lt 10 ]; do
      tail_tries=$((tail_tries + 1))
      read_log_state "$1"
      tail_state=$log_state
      plan=$(run_log_awk "$tail_awk" "want=$want" "since=$since")
      [ -n "$plan" ] || plan='- 0 0 0'
      say "LOG $app \${log##*/} \${plan%%"$newline"*}"
      case $plan in
      *"$newline"*) send_pieces "\${plan#*"$newline"}" || { say VOID; continue; } ;;
      esac
      read_log_state "$log"
      if [ "$log_state" = "$tail_state" ]; then say SURE; return 0; fi
      say VOID
    done
    say "BUSY $app"
  }
`;

const NEWLINE = 0x0a;

/** The last lines of `data`, each with its newline; undefined when it holds fewer and does not begin where the log does. */
export function takeLastLines(
  tail: Pick<LogTail, 'data' | 'offset' | 'oldest' | 'since'>,
  lines: number,
): Uint8Array | undefined {
  const { data } = tail;
  if (lines === 0) return data.subarray(data.length);
  const first = findFirstLine(tail);
  let start = data.at(-1) === NEWLINE ? data.length - 1 : data.length;
  for (let found = 0; found < lines; found++) {
    const newline = start > 0 ? data.lastIndexOf(NEWLINE, start - 1) : -1;
    if (first !== undefined && newline < first) return data.subarray(first);
    if (newline < 0) return undefined;
    start = newline;
  }
  return data.subarray(start + 1);
}

/** Where in `data` the line begins from which on lines were asked for; undefined when that is further back. */
function findFirstLine({
  data,
  offset,
  oldest,
  since,
}: Pick<LogTail, 'data' | 'offset' | 'oldest' | 'since'>): number | undefined {
  if (since > offset) {
    const newline = data.lastIndexOf(NEWLINE, since - offset - 1);
    if (newline >= 0) return newline + 1;
  }
  return offset === oldest ? 0 : undefined;
}
