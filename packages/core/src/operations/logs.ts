import { buildScript } from '../shell/script.js';
import { raw, sh } from '../shell/template.js';
import { BASE_FUNCTIONS, type Operation, throwHostErrors } from './operation.js';

/** Whose logs, and how much of their ends. */
export interface LogsOptions {
  /** None named: all apps. */
  readonly apps: readonly string[];
  /** At least this much of the end of each log, in bytes. */
  readonly bytes: number;
}

/** The end of one log. */
export interface LogTail {
  readonly app: string;
  /** Tells the file from the one that a rotation puts into its place; null when there is no log. */
  readonly inode: string | null;
  /** Where `data` begins, in bytes from the start of the file. */
  readonly offset: number;
  readonly data: Uint8Array;
}

/** Reads the end of logs; only whole blocks are skipped, so that gigabytes cost nothing. */
export const logs: Operation<LogsOptions, readonly LogTail[]> = {
  name: 'logs',
  mutates: false,
  build: (options, frame) =>
    buildScript(frame, {
      title: options.apps.length > 0 ? `logs ${options.apps.join(' ')}` : 'logs of all apps',
      functions: [...BASE_FUNCTIONS, LOG_FUNCTIONS],
      body: sh`
        need awk dd id ls od tr || return 1
        find_state || return 1
        ${raw(options.apps.length > 0 ? sh`apps=${options.apps.join(' ')}` : 'list_apps')}
        for name in $apps; do
          enter_app "$name"
          [ -d "$app_dir" ] || continue
          if ! measure_log "$app_dir/log"; then say "LOG $app - 0"; continue; fi
          set -- $(awk -v size="$log_size" -v want=${options.bytes} 'BEGIN {
            skip = (size > want) ? int((size - want) / 4096) : 0
            printf "%.0f %.0f %.0f\n", skip, int((size + 4095) / 4096) - skip, skip * 4096
          }')
          say "LOG $app $log_inode $3"
          dd if="$app_dir/log" bs=4096 skip="$1" count="$2" 2>/dev/null
        done
        return 0
      `,
    }),
  parse: (reply) => {
    throwHostErrors(reply);
    return reply.records
      .filter(({ kind }) => kind === 'LOG')
      .map(({ fields: [app = '', inode = '-', offset = '0'], data }) => ({
        app,
        inode: inode === '-' ? null : inode,
        offset: Number(offset),
        data,
      }));
  },
};

/** Shell functions that look at log files without reading them. */
export const LOG_FUNCTIONS = sh`
  # measure_log FILE: sets log_inode and log_size; fails when there is no file.
  measure_log() {
    set -- $(ls -lniL "$1" 2>/dev/null)
    log_inode=\${1-} log_size=\${6-0}
    [ -n "$log_inode" ]
  }
`;

const NEWLINE = 0x0a;

/** The last lines of `data`, each with its newline; undefined when it holds fewer and does not begin at the file's start. */
export function takeLastLines(
  { data, offset }: Pick<LogTail, 'data' | 'offset'>,
  lines: number,
): Uint8Array | undefined {
  if (lines === 0) return data.subarray(data.length);
  let start = data.at(-1) === NEWLINE ? data.length - 1 : data.length;
  for (let found = 0; found < lines; found++) {
    const newline = start > 0 ? data.lastIndexOf(NEWLINE, start - 1) : -1;
    if (newline < 0) return offset === 0 ? data : undefined;
    start = newline;
  }
  return data.subarray(start + 1);
}
