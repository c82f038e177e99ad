import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** Calls `onLine` for each line of a stream; an error of the stream is its end. */
export function readLines(stream: Readable, onLine: (line: string) => void): void {
  stream.on('error', () => undefined);
  // It passes the stream's errors on, as its own.
  createInterface({ input: stream })
    .on('error', () => undefined)
    .on('line', onLine);
}
