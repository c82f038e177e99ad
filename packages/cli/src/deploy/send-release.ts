import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip, gzipSync } from 'node:zlib';
import { OutlastError, quoteForMessage } from '@outlast/core';
import type { ExecChannel } from '../ssh/transport.js';
import { DataStream } from './data-stream.js';
import { hashFile } from './hash-file.js';
import type { SourceEntry, SourceTree } from './source-tree.js';
import { createFileCounter, measureArchive, writeArchive } from './tar-archive.js';

/** How far an upload is. */
export interface UploadProgress {
  readonly bytes: number;
  readonly totalBytes: number;
  readonly files: number;
  readonly totalFiles: number;
}

/** What a host said that it needs. */
export interface NeededFiles {
  /** Numbers of lines of the manifest, from 1 on, as ranges: `1-4,7`. */
  readonly lines: string;
  /** How many bytes of files it has that a cut has left, by their hash. */
  readonly parts: ReadonlyMap<string, number>;
  /** The first time; what is needed once more was something else when it was read. */
  readonly isFirst: boolean;
  /** The host can unpack what was compressed by gzip. */
  readonly mayCompress: boolean;
}

/** From this size on a file goes by itself, so that a cut in the middle of it does not cost all of it. */
const LARGE_FILE_BYTES = 16 << 20;
const READ_BYTES = 256 * 1024;
/** From so much on it is measured first how fast the link is: one that is fast takes less time than gzip. */
const MEASURED_BYTES = 8 << 20;
const FAST_BYTES_PER_SECOND = 30e6;
/** What is left of it has to be less than that share. */
const WORTHWHILE = 0.8;
const SAMPLED_FILES = 50;
const COMPRESSED_BLOCK_BYTES = 1 << 20;

/**
 * Sends what a host needs, folders and links always with it.
 *
 * @throws OutlastError `E_UPLOAD` for what has changed since it was listed.
 */
export async function sendFiles(
  channel: ExecChannel,
  tree: SourceTree,
  needed: NeededFiles,
  onProgress: (progress: UploadProgress) => void,
): Promise<void> {
  const files = listNeeded(tree, needed.lines);
  if (!needed.isFirst) await refuseChanged(tree, files);
  const large = files.filter(({ entry }) => entry.size >= LARGE_FILE_BYTES);
  const small = new Set(files.filter(({ entry }) => entry.size < LARGE_FILE_BYTES).map(({ entry }) => entry));
  const archived = tree.entries.filter((entry) => (needed.isFirst && entry.kind !== 'file') || small.has(entry));
  const totalBytes =
    (archived.length > 0 ? measureArchive(archived) : 0) + large.reduce((sum, { entry }) => sum + entry.size, 0);
  const progress = { bytes: 0, totalBytes, files: 0, totalFiles: files.length };
  const advance = (bytes: number, done: number) => {
    progress.bytes += bytes;
    progress.files += done;
    // A second archive ends once more than was measured.
    onProgress({ ...progress, bytes: Math.min(progress.bytes, totalBytes) });
  };
  const { mayCompress } = needed;
  if (archived.length > 0) await sendArchives(channel, tree, { entries: archived, mayCompress }, advance);
  else advance(0, 0);
  const parts = new Map(needed.parts);
  for (const { entry, line } of large) {
    const offset = Math.min(parts.get(entry.hash ?? '') ?? 0, entry.size);
    // The host moves it to its place: of two files with the same content it counts for the first.
    parts.delete(entry.hash ?? '');
    advance(offset, 0);
    const file = { path: join(tree.root, entry.path), line, offset, size: entry.size, mayCompress };
    await sendLargeFile(channel, file, (bytes) => advance(bytes, 0));
    advance(0, 1);
  }
  channel.stdin.write('SENT\n');
}

/** As archives: what is little, and what comes behind the beginning of much over a slow link, is compressed where that makes it smaller. */
async function sendArchives(
  channel: ExecChannel,
  tree: SourceTree,
  { entries, mayCompress }: { readonly entries: readonly SourceEntry[]; readonly mayCompress: boolean },
  advance: (bytes: number, files: number) => void,
): Promise<void> {
  const countFiles = createFileCounter(entries);
  const onBytes = (bytes: number) => advance(bytes, countFiles(bytes));
  const pays = mayCompress && isCompressible(tree, entries);
  const [first, rest] = splitArchive(entries, pays ? MEASURED_BYTES : Number.POSITIVE_INFINITY);
  const begun = performance.now();
  if (pays && rest.length === 0) await sendCompressed(channel, tree, first, onBytes);
  else await sendArchive(channel, tree, first, onBytes);
  if (rest.length === 0) return;
  const bytesPerSecond = (measureArchive(first) / (performance.now() - begun)) * 1000;
  const send = bytesPerSecond < FAST_BYTES_PER_SECOND ? sendCompressed : sendArchive;
  await send(channel, tree, rest, onBytes);
}

/** Up to so many bytes, and what is left. */
function splitArchive(
  entries: readonly SourceEntry[],
  most: number,
): readonly [first: readonly SourceEntry[], rest: readonly SourceEntry[]] {
  let bytes = 0;
  const at = entries.findIndex((entry) => {
    bytes += entry.size;
    return bytes > most;
  });
  return at <= 0 ? [entries, []] : [entries.slice(0, at), entries.slice(at)];
}

/** By what is in the middle of it, where there are files. */
function isCompressible({ root }: SourceTree, entries: readonly SourceEntry[]): boolean {
  const files = entries.filter(({ kind }) => kind === 'file');
  const middle = files.slice(Math.floor(files.length / 2), Math.floor(files.length / 2) + SAMPLED_FILES);
  const [sample] = writeArchive(root, middle);
  return sample !== undefined && isWorthwhile(sample);
}

function isWorthwhile(sample: Buffer): boolean {
  return gzipSync(sample, { level: 1 }).length < sample.length * WORTHWHILE;
}

type SendEntries = (
  channel: ExecChannel,
  tree: SourceTree,
  entries: readonly SourceEntry[],
  onBytes: (bytes: number) => void,
) => Promise<void>;

const sendArchive: SendEntries = (channel, tree, entries, onBytes) => {
  channel.stdin.write('TAR\n');
  return sendPlain(channel, writeArchive(tree.root, entries), measureArchive(entries), onBytes);
};

const sendCompressed: SendEntries = (channel, tree, entries, onBytes) => {
  channel.stdin.write('TARGZ\n');
  return compress(channel, writeArchive(tree.root, entries), onBytes);
};

async function compress(
  channel: ExecChannel,
  pieces: Iterable<Buffer> | AsyncIterable<Buffer>,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const data = new DataStream(channel, undefined);
  await pipeline(
    async function* read() {
      for await (const piece of pieces) {
        yield piece;
        onBytes(piece.length);
      }
    },
    createGzip({ level: 1, chunkSize: COMPRESSED_BLOCK_BYTES }),
    async (compressed: AsyncIterable<Buffer>) => {
      for await (const piece of compressed) await data.write(piece);
    },
  );
  await data.end();
}

interface LargeFile {
  readonly path: string;
  /** Its line of the manifest. */
  readonly line: number;
  /** Where what the host lacks begins. */
  readonly offset: number;
  readonly size: number;
  readonly mayCompress: boolean;
}

/** One that gets smaller is compressed behind its beginning, which tells how fast the link is. */
async function sendLargeFile(
  channel: ExecChannel,
  { path, line, offset, size, mayCompress }: LargeFile,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const file = await open(path, 'r').catch(() => undefined);
  try {
    let at = offset;
    let isSlow = false;
    if (mayCompress && size - offset > MEASURED_BYTES && (await doesShrink(file, offset + (size - offset) / 2))) {
      const begun = performance.now();
      at += MEASURED_BYTES;
      channel.stdin.write(`PIECE ${line} ${offset}\n`);
      await sendPlain(channel, readRange(file, offset, at), at - offset, onBytes);
      isSlow = (MEASURED_BYTES / (performance.now() - begun)) * 1000 < FAST_BYTES_PER_SECOND;
    }
    channel.stdin.write(`${isSlow ? 'FILEGZ' : 'FILE'} ${line} ${at}\n`);
    if (isSlow) await compress(channel, readRange(file, at, size), onBytes);
    else await sendPlain(channel, readRange(file, at, size), size - at, onBytes);
  } finally {
    await file?.close();
  }
}

async function doesShrink(file: FileHandle | undefined, at: number): Promise<boolean> {
  const sample = Buffer.alloc(READ_BYTES);
  const read = await file?.read(sample, 0, sample.length, Math.floor(at)).catch(() => undefined);
  return isWorthwhile(sample.subarray(0, read?.bytesRead ?? 0));
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

async function sendPlain(
  channel: ExecChannel,
  pieces: Iterable<Buffer> | AsyncIterable<Buffer>,
  size: number,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const data = new DataStream(channel, size);
  for await (const piece of pieces) {
    await data.write(piece);
    onBytes(piece.length);
  }
  await data.end();
}

interface NeededFile {
  readonly entry: SourceEntry;
  /** Its line of the manifest. */
  readonly line: number;
}

function listNeeded({ entries }: SourceTree, lines: string): NeededFile[] {
  const files: NeededFile[] = [];
  for (const range of lines.split(',').filter((each) => each !== '')) {
    const [first = 0, last = first] = range.split('-').map(Number);
    for (let line = first; line <= last; line++) {
      const entry = entries[line - 1];
      if (entry?.kind === 'file') files.push({ entry, line });
    }
  }
  return files;
}

/** What came out otherwise than it was announced has been written to, unless the host has lost it. */
async function refuseChanged(tree: SourceTree, files: readonly NeededFile[]): Promise<void> {
  for (const { entry } of files) {
    if (entry.content !== undefined) continue;
    if ((await hashFile(join(tree.root, entry.path))) === entry.hash) continue;
    throw new OutlastError('E_UPLOAD', `${quoteForMessage(entry.path)} was changed while it was uploaded`, {
      hint: 'deploy again once nobody writes to it, or leave it out by a line in .outlastignore',
    });
  }
}
