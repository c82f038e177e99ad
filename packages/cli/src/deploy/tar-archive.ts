import { closeSync, constants, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { SourceEntry } from './source-tree.js';
import { BLOCK, buildHeaders, measureEntry, padding } from './tar-header.js';

const PIECE_BYTES = 256 * 1024;

/**
 * Says how long the archive of these entries is, in bytes.
 *
 * Of the libraries for this, those that are kept write names which are long or not ASCII as pax headers, and BusyBox skips these without a
 * word: the file would be there under another name. The long names of GNU tar are understood by all.
 */
export function measureArchive(entries: readonly SourceEntry[]): number {
  return entries.reduce((sum, entry) => sum + measureEntry(entry), 2 * BLOCK);
}

/** Counts the files that are whole in the archive of these entries, as it is sent: the function takes so many bytes more, and gives so many files more. */
export function createFileCounter(entries: readonly SourceEntry[]): (bytes: number) => number {
  let [sent, end, next] = [0, 0, 0];
  return (bytes) => {
    sent += bytes;
    let files = 0;
    for (let entry = entries[next]; entry !== undefined; entry = entries[++next]) {
      const size = measureEntry(entry);
      if (end + size > sent) break;
      end += size;
      if (entry.kind === 'file') files++;
    }
    return files;
  };
}

/**
 * Writes entries below `root` as a tar archive, piece by piece. A file that has become shorter since it was listed is filled with zeros, and of a longer
 * one the beginning is taken: its hash tells then, and not its length.
 */
export function* writeArchive(root: string, entries: readonly SourceEntry[]): Generator<Buffer, void> {
  const piece = new Piece();
  for (const entry of entries) {
    for (const block of buildHeaders(entry)) yield* piece.add(block);
    if (entry.content !== undefined) {
      yield* piece.add(entry.content);
      yield* piece.add(Buffer.alloc(padding(entry.size)));
    } else if (entry.kind === 'file') {
      yield* writeContent(join(root, entry.path), entry.size, piece);
    }
  }
  yield* piece.add(Buffer.alloc(2 * BLOCK));
  yield* piece.end();
}

/** Collects what is written into pieces that are worth sending. */
class Piece {
  #buffer = Buffer.allocUnsafe(PIECE_BYTES);
  #used = 0;

  /** Where up to so many bytes may be read to, without a copy. */
  get room(): Buffer {
    return this.#buffer.subarray(this.#used);
  }

  *add(bytes: Buffer): Generator<Buffer, void> {
    for (let at = 0; at < bytes.length; ) {
      const count = bytes.copy(this.#buffer, this.#used, at);
      at += count;
      yield* this.advance(count);
    }
  }

  *advance(count: number): Generator<Buffer, void> {
    this.#used += count;
    if (this.#used === PIECE_BYTES) yield* this.end();
  }

  *end(): Generator<Buffer, void> {
    if (this.#used === 0) return;
    yield this.#buffer.subarray(0, this.#used);
    // Whoever got it may not have written it yet.
    this.#buffer = Buffer.allocUnsafe(PIECE_BYTES);
    this.#used = 0;
  }
}

function* writeContent(path: string, size: number, piece: Piece): Generator<Buffer, void> {
  const file = openIfThere(path);
  try {
    for (let left = size; left > 0; ) {
      const room = piece.room;
      const wanted = Math.min(left, room.length);
      let count = file === undefined ? 0 : readIfFile(file, room, wanted);
      if (count === 0) {
        room.fill(0, 0, wanted);
        count = wanted;
      }
      left -= count;
      yield* piece.advance(count);
    }
  } finally {
    if (file !== undefined) closeSync(file);
  }
  yield* piece.add(Buffer.alloc(padding(size)));
}

function openIfThere(path: string): number | undefined {
  try {
    // What has become a FIFO meanwhile would be waited for.
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
}

/** What has become a folder meanwhile has nothing to read. */
function readIfFile(file: number, room: Buffer, wanted: number): number {
  try {
    return readSync(file, room, 0, wanted, null);
  } catch {
    return 0;
  }
}
