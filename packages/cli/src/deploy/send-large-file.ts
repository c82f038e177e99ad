import { type FileHandle, open } from 'node:fs/promises';
import type { ExecChannel } from '../ssh/transport.js';
import { isCompressible, isSlow, MEASURED_BYTES } from './compression.js';
import { sendCompressed, sendPieces } from './data-stream.js';

const READ_BYTES = 256 * 1024;

/** A file that goes by itself, to the line of the manifest that it is. */
export interface LargeFile {
  readonly path: string;
  /** Its line of the manifest. */
  readonly line: number;
  /** Where what the host lacks begins. */
  readonly offset: number;
  readonly size: number;
  readonly mayCompress: boolean;
}

/** One that gets smaller is compressed behind its beginning, which tells how fast the link is. */
export async function sendLargeFile(
  channel: ExecChannel,
  { path, line, offset, size, mayCompress }: LargeFile,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const file = await open(path, 'r').catch(() => undefined);
  try {
    let at = offset;
    let compressed = false;
    if (mayCompress && size - offset > MEASURED_BYTES && (await doesShrink(file, offset + (size - offset) / 2))) {
      const begun = performance.now();
      at += MEASURED_BYTES;
      channel.stdin.write(`PIECE ${line} ${offset}\n`);
      await sendPieces(channel, readRange(file, offset, at), at - offset, onBytes);
      compressed = isSlow(MEASURED_BYTES, begun);
    }
    channel.stdin.write(`${compressed ? 'FILEGZ' : 'FILE'} ${line} ${at}\n`);
    if (compressed) await sendCompressed(channel, readRange(file, at, size), onBytes);
    else await sendPieces(channel, readRange(file, at, size), size - at, onBytes);
  } finally {
    await file?.close();
  }
}

async function doesShrink(file: FileHandle | undefined, at: number): Promise<boolean> {
  const sample = Buffer.alloc(READ_BYTES);
  const read = await file?.read(sample, 0, sample.length, Math.floor(at)).catch(() => undefined);
  return isCompressible(sample.subarray(0, read?.bytesRead ?? 0));
}

/** What the file lacks by now is read as zeros, and its hash tells. */
async function* readRange(file: FileHandle | undefined, from: number, to: number): AsyncGenerator<Buffer, void> {
  for (let at = from; at < to; ) {
    const piece = Buffer.alloc(Math.min(READ_BYTES, to - at));
    const read = await file?.read(piece, 0, piece.length, at).catch(() => undefined);
    const count = read === undefined || read.bytesRead === 0 ? piece.length : read.bytesRead;
    yield piece.subarray(0, count);
    at += count;
  }
}
