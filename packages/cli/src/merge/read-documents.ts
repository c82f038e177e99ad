import { createReadStream } from 'node:fs';
import { addAbortSignal, type Readable } from 'node:stream';
import { escapeForMessage, OutlastError } from '@outlast/core';
import { readBytes } from '../input/read-bytes.js';
import type { NamedDocument } from './merge-shards.js';
import { parseShardDocument } from './parse-shard-document.js';

/** All of them together: more is no string for Node. */
const MOST_BYTES = 500_000_000;

/** Where documents are read. */
export interface Sources {
  readonly stdin: Readable;
  /** Aborting ends the reading. */
  readonly interrupt: AbortSignal;
  resolve(file: string): string;
}

/**
 * Reads the documents of shards; `-` is stdin.
 *
 * @throws OutlastError `E_USAGE` with a line for each file that is no such document.
 */
export async function readDocuments(files: readonly string[], sources: Sources): Promise<NamedDocument[]> {
  const named: NamedDocument[] = [];
  const problems: string[] = [];
  let room = MOST_BYTES;
  for (const file of files) {
    const name = file === '-' ? 'stdin' : file;
    try {
      const bytes = await readDocument(file, room, sources);
      room -= bytes.length;
      named.push({ name, document: parseShardDocument(decode(bytes)) });
    } catch (error) {
      if (sources.interrupt.aborted) throw error;
      problems.push(describeProblem(name, error));
    }
  }
  if (problems.length === 0) return named;
  throw new OutlastError('E_USAGE', problems.join('\n'), {
    hint: 'give what --json --shard i/n has printed, a file for each shard',
  });
}

async function readDocument(file: string, room: number, { stdin, interrupt, resolve }: Sources): Promise<Buffer> {
  const stream =
    file === '-' ? addAbortSignal(interrupt, stdin) : createReadStream(resolve(file), { signal: interrupt });
  const bytes = await readBytes(stream, room);
  if (bytes !== undefined) return bytes;
  throw new OutlastError('E_USAGE', `with it the documents are over ${MOST_BYTES / 1_000_000} MB`);
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new OutlastError('E_USAGE', 'it is not UTF-8', { cause });
  }
}

const REASONS = new Map([
  ['ENOENT', 'there is no such file'],
  ['ENOTDIR', 'there is no such file'],
  ['EACCES', 'you may not read it'],
  ['EISDIR', 'it is a folder'],
]);

function describeProblem(name: string, error: unknown): string {
  const shown = escapeForMessage(name);
  if (!(error instanceof OutlastError)) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    return `${shown}: it cannot be read: ${REASONS.get(code) ?? escapeForMessage(message)}`;
  }
  const message = escapeForMessage(error.message);
  // As `file:line:column`, where it is known.
  return /^\d+:\d+: /.test(message) ? `${shown}:${message}` : `${shown}: ${message}`;
}
