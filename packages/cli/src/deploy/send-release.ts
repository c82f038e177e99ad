import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { OutlastError, quoteForMessage } from '@outlast/core';
import type { ExecChannel } from '../ssh/transport.js';
import type { SourceEntry, SourceTree } from './source-tree.js';
import { measureArchive, writeArchive } from './tar-archive.js';

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
}

/** From this size on a file goes by itself, so that a cut in the middle of it does not cost all of it. */
const LARGE_FILE_BYTES = 16 << 20;
const READ_BYTES = 256 * 1024;
/** Each block costs the host a program that reads it, and keeps the script there alive. */
const FIRST_BLOCK_BYTES = 256 * 1024;
const LARGEST_BLOCK_BYTES = 32 << 20;
const BLOCK_SECONDS = 2;

/** Sends the manifest. */
export async function sendManifest(channel: ExecChannel, { manifest }: SourceTree): Promise<void> {
  const data = new DataStream(channel, manifest.length);
  await data.write(manifest);
  await data.end();
}

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
    onProgress({ ...progress });
  };
  if (archived.length > 0) await sendArchive(channel, tree, archived, (bytes) => advance(bytes, 0));
  advance(0, small.size);
  const parts = new Map(needed.parts);
  for (const { entry, line } of large) {
    const offset = Math.min(parts.get(entry.hash ?? '') ?? 0, entry.size);
    // The host moves it to its place: of two files with the same content it counts for the first.
    parts.delete(entry.hash ?? '');
    advance(offset, 0);
    channel.stdin.write(`FILE ${line} ${offset}\n`);
    await sendFile(channel, join(tree.root, entry.path), { offset, size: entry.size }, (bytes) => advance(bytes, 0));
    advance(0, 1);
  }
  channel.stdin.write('SENT\n');
}

async function sendArchive(
  channel: ExecChannel,
  tree: SourceTree,
  entries: readonly SourceEntry[],
  onBytes: (bytes: number) => void,
): Promise<void> {
  channel.stdin.write('TAR\n');
  const data = new DataStream(channel, measureArchive(entries));
  for (const piece of writeArchive(tree.root, entries)) {
    await data.write(piece);
    onBytes(piece.length);
  }
  await data.end();
}

/** Sends one file from an offset on; what it lacks by now is sent as zeros, and its hash tells. */
async function sendFile(
  channel: ExecChannel,
  path: string,
  { offset, size }: { readonly offset: number; readonly size: number },
  onBytes: (bytes: number) => void,
): Promise<void> {
  const data = new DataStream(channel, size - offset);
  const file = await open(path, 'r').catch(() => undefined);
  try {
    for (let at = offset; at < size; ) {
      const piece = Buffer.alloc(Math.min(READ_BYTES, size - at));
      const read = await file?.read(piece, 0, piece.length, at).catch(() => undefined);
      const count = read === undefined || read.bytesRead === 0 ? piece.length : read.bytesRead;
      await data.write(piece.subarray(0, count));
      onBytes(count);
      at += count;
    }
  } finally {
    await file?.close();
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
  const { hashFile } = await import('./hash-file.js');
  for (const { entry } of files) {
    if ((await hashFile(join(tree.root, entry.path))) === entry.hash) continue;
    throw new OutlastError('E_UPLOAD', `${quoteForMessage(entry.path)} was changed while it was uploaded`, {
      hint: 'deploy again once nobody writes to it, or leave it out by a line in .outlastignore',
    });
  }
}

/** So many bytes, in blocks that the host is told the length of. */
class DataStream {
  readonly #channel: ExecChannel;
  #left: number;
  #blockLeft = 0;
  #blockBytes = FIRST_BLOCK_BYTES;
  #began = performance.now();
  #isOver = false;
  #resume: (() => void) | undefined;
  readonly #wake = (): void => this.#resume?.();

  constructor(channel: ExecChannel, total: number) {
    this.#channel = channel;
    this.#left = total;
    channel.stdin.on('drain', this.#wake);
    channel.ended.then(() => {
      this.#isOver = true;
      this.#wake();
    });
  }

  async write(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      if (this.#blockLeft === 0) this.#beginBlock();
      const piece = bytes.subarray(at, at + this.#blockLeft);
      this.#blockLeft -= piece.length;
      at += piece.length;
      await this.#send(piece);
    }
  }

  async end(): Promise<void> {
    await this.#send('DONE\n');
    this.#channel.stdin.off('drain', this.#wake);
  }

  /** As long as the link takes in a moment. */
  #beginBlock(): void {
    const now = performance.now();
    const seconds = (now - this.#began) / 1000;
    this.#began = now;
    const wanted = seconds > 0 ? (this.#blockBytes / seconds) * BLOCK_SECONDS : LARGEST_BLOCK_BYTES;
    this.#blockBytes = Math.round(
      Math.min(LARGEST_BLOCK_BYTES, 4 * this.#blockBytes, Math.max(FIRST_BLOCK_BYTES, wanted)),
    );
    this.#blockLeft = Math.min(this.#left, this.#blockBytes);
    this.#left -= this.#blockLeft;
    this.#channel.stdin.write(`DATA ${this.#blockLeft}\n`);
  }

  /** Waits where the host does not take more; fails once the channel has ended. */
  async #send(piece: Buffer | string): Promise<void> {
    if (!this.#isOver && this.#channel.stdin.write(piece)) return;
    if (!this.#isOver) await new Promise<void>((resolve) => (this.#resume = resolve));
    if (this.#isOver) throw new SendingEnded();
  }
}

/** The host has let go before all was sent: what it said is the reason. */
export class SendingEnded extends Error {}
