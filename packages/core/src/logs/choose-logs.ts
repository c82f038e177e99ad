import { raw, sh } from '../shell/template.js';
import type { LogSince, LogStream } from './log-stream.js';
import { toLogFile } from './log-stream.js';

/** Which logs of which apps are read, and from when on. */
export interface LogChoice {
  /** None named: all apps. */
  readonly apps: readonly string[];
  /** One of the two where they are kept apart; both when left out. */
  readonly stream?: Exclude<LogStream, 'combined'>;
  readonly since?: LogSince;
}

/** What every script that reads logs begins with: sets apps, and since to seconds of the epoch, which is empty for all that is kept. */
export function buildChoiceHead({ apps, since }: LogChoice): string {
  return sh`
    need awk dd head id ls od sleep tr || return 1
    newline=$(printf '\nx')
    newline=\${newline%x}
    find_state || return 1
    read_boot
    since=${raw(buildSince(since))}
    ${raw(apps.length > 0 ? sh`apps=${apps.join(' ')}` : 'list_apps')}`;
}

/** Calls a shell function with the file of each log of the app that was entered. */
export function buildLogLoop({ stream }: LogChoice, call: string): string {
  return sh`
    for name in $apps; do
      enter_app "$name"
      [ -d "$app_dir" ] || continue
      leading_run
      ${raw(stream === undefined ? 'find_log_names' : sh`log_names=${toLogFile(stream)}`)}
      for log_file in $log_names; do ${raw(call)} "$app_dir/$log_file"; done
    done
    return 0`;
}

function buildSince(since: LogSince | undefined): string {
  if (since === undefined) return '';
  return 'agoSeconds' in since ? sh`$(($(now) - ${since.agoSeconds}))` : sh`${since.epochSeconds}`;
}

/** An awk function that finds where what was written since a second begins; `log-marks.ts` writes the marks. */
export const SINCE_AWK = sh`
  # The last mark before the second: what was written in it or later stands behind. Without one everything that is kept may be meant.
  function find_since(second,   line, part, found, path) {
    found = oldest
    path = ENVIRON["OUTLAST_LOG_TIMES"]
    while ((getline line <path) > 0) {
      split(line, part, " ")
      if (part[3] == inode && part[1] + 0 < second) found = part[2] + 0
    }
    return (found < oldest || found > end) ? oldest : found
  }
`;
