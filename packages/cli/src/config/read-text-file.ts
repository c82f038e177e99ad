import { open } from 'node:fs/promises';
import { escapeForMessage, OutlastError } from '@outlast/core';

const MEBIBYTE = 1_048_576;

const REASONS = new Map([
  ['ENOENT', 'there is no such file'],
  ['ENOTDIR', 'there is no such file'],
  ['EACCES', 'you may not read it'],
  ['EISDIR', 'it is a folder'],
]);

/**
 * Reads a UTF-8 file of at most 1 MiB, or of so many as `mostMebibytes` allows.
 *
 * @param name what messages call the file.
 * @throws OutlastError `E_CONFIG` when it cannot be read, is larger, or is not UTF-8.
 */
export async function readTextFile(path: string, name: string, mostMebibytes = 1): Promise<string> {
  const refuse = (reason: string, cause?: unknown): OutlastError =>
    new OutlastError('E_CONFIG', `cannot read ${escapeForMessage(name)}: ${reason}`, {
      hint: `name a readable UTF-8 text file of at most ${mostMebibytes} MiB`,
      cause,
    });
  const bytes = await readBytes(path, mostMebibytes * MEBIBYTE).catch((error: NodeJS.ErrnoException) => {
    throw refuse(REASONS.get(error.code ?? '') ?? error.message, error);
  });
  if (bytes.length > mostMebibytes * MEBIBYTE) {
    throw refuse(`it is larger than ${mostMebibytes} MiB`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw refuse('it is not UTF-8', error);
  }
}

// One byte over the limit is enough to know; a device may have no end.
async function readBytes(path: string, most: number): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const chunks: Buffer[] = [];
    let length = 0;
    for (let read = 1; read > 0 && length <= most; length += read) {
      const chunk = Buffer.alloc(Math.min(MEBIBYTE, most - length) + 1);
      ({ bytesRead: read } = await file.read(chunk));
      chunks.push(chunk.subarray(0, read));
    }
    return Buffer.concat(chunks);
  } finally {
    await file.close();
  }
}
