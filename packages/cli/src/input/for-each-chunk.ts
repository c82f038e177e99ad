import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';

/**
 * Hands on what a stream brings, piece by piece as it came, and lets the stream wait for each. `for await` would copy together all
 * that has come meanwhile: megabytes of fresh memory each time that somebody reads slowly.
 *
 * @throws whatever `take` throws, and the stream stands still then: close what it belongs to; and what the stream itself ends with.
 */
export function forEachChunk(stream: Readable, take: (chunk: Uint8Array) => Promise<void> | void): Promise<void> {
  const handOn = async (chunk: Uint8Array) => {
    stream.pause();
    await take(chunk);
    stream.resume();
  };
  return new Promise((resolve, reject) => {
    let last = Promise.resolve();
    stream.on('data', (chunk: Uint8Array) => {
      last = handOn(chunk);
      last.catch(reject);
    });
    // A stream ends as soon as its last piece has been handed on, whatever becomes of that.
    finished(stream, { writable: false })
      .then(() => last)
      .then(resolve, reject);
  });
}
