import { buildScript, type Frame } from '../shell/script.js';
import { sh } from '../shell/template.js';
import type { ScannedPart } from '../wire/record-scanner.js';
import { LOG_FUNCTIONS } from './logs.js';
import { BASE_FUNCTIONS } from './operation.js';

/** How far one log has been read. */
export interface LogCursor {
  readonly app: string;
  /** Null while there is no log. */
  readonly inode: string | null;
  /** Bytes from the start of that file. */
  readonly offset: number;
}

/** Which logs are followed from where, and how long one answer lasts. */
export interface FollowOptions {
  readonly cursors: readonly LogCursor[];
  /** The host stops after this many seconds, so that nothing stays there when the client is gone; follow again from the cursors. */
  readonly seconds: number;
}

/** Builds the script that sends what is appended to logs, across rotation by rename and truncation, for a bounded time. */
export function buildFollowScript({ cursors, seconds }: FollowOptions, frame: Frame): string {
  return buildScript(frame, {
    title: `follow the logs of ${cursors.map(({ app }) => app).join(' ')}`,
    functions: [...BASE_FUNCTIONS, LOG_FUNCTIONS, FOLLOW_FUNCTIONS],
    body: sh`
      need awk dd head id ls od sleep tail tr || return 1
      find_state || return 1
      cursors=${cursors.map(({ app, inode, offset }) => `${app}:${inode ?? '-'}:${offset}`).join(' ')}
      read_clock
      deadline=$((clock + ${seconds * 10})) naps=0
      while read_clock; [ "$clock" -le "$deadline" ]; do
        next_cursors='' sent=''
        for cursor in $cursors; do follow_log "\${cursor%%:*}" "$cursor"; done
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

const FOLLOW_FUNCTIONS = sh`
  # send_bytes FILE FROM TO: whole blocks are skipped, the rest of the first one is cut off.
  send_bytes() {
    file=$1
    set -- $(awk -v from="$2" -v to="$3" 'BEGIN {
      skip = int(from / 4096)
      printf "%.0f %.0f %.0f %.0f\n", skip, int((to + 4095) / 4096) - skip, from - skip * 4096 + 1, to - from
    }')
    dd if="$file" bs=4096 skip="$1" count="$2" 2>/dev/null | tail -c "+$3" | head -c "$4"
  }

  # find_rotated INODE: sets rotated to the file beside the log that the log was renamed to.
  find_rotated() {
    for rotated in "$app_dir"/log.*; do
      measure_log "$rotated" && [ "$log_inode" = "$1" ] && return 0
    done
    return 1
  }

  # follow_log NAME NAME:INODE:OFFSET: sends what is new, at most a mebibyte, and notes how far it came.
  follow_log() {
    enter_app "$1"
    rest=\${2#*:}
    inode=\${rest%%:*} offset=\${rest##*:}
    if measure_log "$app_dir/log"; then
      [ "$inode" != - ] || inode=$log_inode
      if [ "$log_inode" != "$inode" ]; then
        follow_rotation
      elif [ "$log_size" -lt "$offset" ]; then
        say "TRUNCATED $app"
        offset=0 sent=yes
      elif [ "$log_size" -gt "$offset" ]; then
        send_new "$app_dir/log"
      fi
    fi
    next_cursors="$next_cursors $app:$inode:$offset"
  }

  send_new() {
    to=$log_size
    [ $((to - offset)) -le 1048576 ] || to=$((offset + 1048576))
    say "DATA $app $inode $offset"
    send_bytes "$1" "$offset" "$to"
    offset=$to sent=yes
  }

  # follow_rotation: first the rest of the renamed file, then the new one from its start.
  follow_rotation() {
    sent=yes
    if find_rotated "$inode" && [ "$log_size" -gt "$offset" ]; then
      send_new "$rotated"
      return 0
    fi
    measure_log "$app_dir/log" || return 0
    inode=$log_inode offset=0
    say "ROTATED $app $inode"
  }
`;

/** Something that a followed log did. */
export type FollowEvent =
  | { readonly kind: 'data'; readonly app: string; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: 'rotated' | 'truncated'; readonly app: string };

/** Reads a follow as it arrives and keeps the cursors from which another connection can go on. */
export class FollowReader {
  readonly #cursors: Map<string, LogCursor>;
  #current: string | undefined;

  constructor(cursors: readonly LogCursor[]) {
    this.#cursors = new Map(cursors.map((cursor) => [cursor.app, cursor]));
  }

  get cursors(): readonly LogCursor[] {
    return [...this.#cursors.values()];
  }

  /** Takes one scanned part; undefined when it is nothing that the user sees. */
  read(part: ScannedPart): FollowEvent | undefined {
    return part.kind === 'bytes' ? this.#readBytes(part.bytes) : this.#readRecord(part.text);
  }

  #readBytes(bytes: Uint8Array): FollowEvent | undefined {
    const cursor = this.#current === undefined ? undefined : this.#cursors.get(this.#current);
    if (cursor === undefined) return undefined;
    this.#cursors.set(cursor.app, { ...cursor, offset: cursor.offset + bytes.length });
    return { kind: 'data', app: cursor.app, offset: cursor.offset, bytes };
  }

  #readRecord(text: string): FollowEvent | undefined {
    const [kind, app = '', inode = '-', offset = '0'] = text.split(' ');
    this.#current = kind === 'DATA' ? app : undefined;
    if (kind === 'DATA') this.#cursors.set(app, { app, inode, offset: Number(offset) });
    if (kind === 'ROTATED') this.#cursors.set(app, { app, inode, offset: 0 });
    if (kind === 'TRUNCATED') this.#cursors.set(app, { app, inode: this.#cursors.get(app)?.inode ?? null, offset: 0 });
    if (kind === 'ROTATED') return { kind: 'rotated', app };
    return kind === 'TRUNCATED' ? { kind: 'truncated', app } : undefined;
  }
}
