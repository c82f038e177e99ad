import { type LogTail, logs, takeLastLines } from '@outlast/core';
import type { HostSession } from './host-session.js';

/** A first guess at the length of a line, and how much more is asked for when it was too short. */
const ASSUMED_LINE_BYTES = 256;
const GROWTH = 8;
const LEAST_BYTES = 4096;

/** How much of a log's end probably holds so many lines. */
export function guessBytes(lines: number): number {
  return Math.max(LEAST_BYTES, lines * ASSUMED_LINE_BYTES);
}

/** Reads the last lines of each log: asks for more only where the first answer held too few. */
export async function readLastLines(
  session: HostSession,
  apps: readonly string[],
  lines: number,
): Promise<readonly LogTail[]> {
  const found = new Map<string, LogTail>();
  let missing: readonly string[] = apps;
  for (let bytes = guessBytes(lines); ; bytes *= GROWTH) {
    const tails = await session.run(logs, { apps: missing, bytes });
    missing = [];
    for (const tail of tails) {
      const data = takeLastLines(tail, lines);
      if (data === undefined) missing = [...missing, tail.app];
      found.set(
        tail.app,
        data === undefined ? tail : { ...tail, data, offset: tail.offset + tail.data.length - data.length },
      );
    }
    if (missing.length === 0) return [...found.values()];
  }
}
