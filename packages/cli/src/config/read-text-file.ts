import { open } from 'node:fs/promises';
import { escapeForMessage, OutlastError } from '@outlast/core';

const MOST_BYTES = 1_048_576;

const REASONS = new Map([
  ['ENOENT', 'there is no such file'],
  ['ENOTDIR', 'there is no such file'],
  ['EACCES', 'you may not read it'],
  ['EISDIR', 'it is a folder'],
]);

/**
 * Reads a UTF-8 file of at most 1 MiB.
 *
 * @param name what messages call the file.
 * @throws OutlastError `E_CONFIG` when it cannot be read, is larger, or is not UTF-8.
 */
export async function readTextFile(path: string, name: string): Promise<string> {
  const bytes = await readBytes(path).catch((error: NodeJS.ErrnoException) => {
    throw refuseFile(name, REASONS.get(error.code ?? '') ?? error.message, error);
  });
  if (bytes.length > MOST_BYTES) {
    throw refuseFile(name, 'it is larger than 1 MiB');
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw refuseFile(name, 'it is not UTF-8', error);
  }
}

// One byte over the limit is enough to know; a device may have no end.
async function readBytes(path: string): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.alloc(MOST_BYTES + 1);
    let length = 0;
    for (let read = 1; read > 0 && length < buffer.length; length += read) {
      ({ bytesRead: read } = await file.read(buffer, length, buffer.length - length));
    }
    return buffer.subarray(0, length);
  } finally {
    await file.close();
  }
}

function refuseFile(name: string, reason: string, cause?: unknown): OutlastError {
  return new OutlastError('E_CONFIG', `cannot read ${escapeForMessage(name)}: ${reason}`, {
    hint: 'name a readable UTF-8 text file of at most 1 MiB',
    cause,
  });
}
