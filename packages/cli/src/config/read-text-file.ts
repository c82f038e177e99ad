import { constants, openSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import { escapeForMessage, OutlastError } from '@outlast/core';
import { readBytes } from '../input/read-bytes.js';

const MEBIBYTE = 1_048_576;
const CHUNK = 65_536;

const REASONS = new Map([
  ['ENOENT', 'there is no such file'],
  ['ENOTDIR', 'there is no such file'],
  ['EACCES', 'you may not read it'],
  ['EISDIR', 'it is a folder'],
  ['ENXIO', 'there is nothing behind it'],
]);

/** How much is read at most; 1 MiB unless it says otherwise. */
export interface ReadLimit {
  readonly mebibytes?: number;
}

/**
 * Reads a UTF-8 file of at most 1 MiB.
 *
 * @param name what messages call the file.
 * @throws OutlastError `E_CONFIG` when it cannot be read, is larger, or is not UTF-8.
 */
export async function readTextFile(path: string, name: string, limit: ReadLimit = {}): Promise<string> {
  const stream = await openStream(path).catch((error: unknown) => {
    throw refuseFile(name, describeReason(error), { limit, cause: error });
  });
  return readTextStream(stream, name, limit);
}

// A named pipe to which nobody writes would hold a thread in the opening of it, and with that the end of this process.
async function openStream(path: string): Promise<AsyncIterable<Buffer>> {
  if (!(await stat(path)).isFIFO()) return (await open(path, 'r')).createReadStream({ highWaterMark: CHUNK });
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return new Socket({ fd, readable: true, writable: false });
}

/**
 * Reads UTF-8 text from a stream until it ends; what has no end is given up at the limit.
 *
 * @param name what messages call the stream.
 * @throws OutlastError `E_CONFIG` as readTextFile does.
 */
export async function readTextStream(
  stream: AsyncIterable<string | Buffer>,
  name: string,
  limit: ReadLimit = {},
): Promise<string> {
  const bytes = await readBytes(stream, (limit.mebibytes ?? 1) * MEBIBYTE).catch((error: unknown) => {
    throw refuseFile(name, describeReason(error), { limit, cause: error });
  });
  if (bytes === undefined) {
    throw refuseFile(name, `it is larger than ${limit.mebibytes ?? 1} MiB`, { limit });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw refuseFile(name, 'it is not UTF-8', { limit, cause });
  }
}

function describeReason(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return REASONS.get(code) ?? message;
}

interface Refusal {
  readonly limit: ReadLimit;
  readonly cause?: unknown;
}

function refuseFile(name: string, reason: string, { limit, cause }: Refusal): OutlastError {
  return new OutlastError('E_CONFIG', `cannot read ${escapeForMessage(name)}: ${reason}`, {
    hint: `name a readable UTF-8 text file of at most ${limit.mebibytes ?? 1} MiB`,
    ...(cause === undefined ? {} : { cause }),
  });
}
