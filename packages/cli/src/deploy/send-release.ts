import { join } from 'node:path';
import { OutlastError, quoteForMessage } from '@outlast/core';
import type { ExecChannel } from '../ssh/transport.js';
import { hashFile } from './hash-file.js';
import { sendArchives } from './send-archives.js';
import { sendLargeFile } from './send-large-file.js';
import type { SourceEntry, SourceTree } from './source-tree.js';
import { measureArchive } from './tar-archive.js';

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
/** The host takes a client that says nothing for three times as long for gone. */
const BEAT_MS = 10_000;

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
  if (!needed.isFirst) await refuseChanged(channel, tree, files);
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

interface NeededFile {
  readonly entry: SourceEntry;
  /** Its line of the manifest. */
  readonly line: number;
}

function listNeeded({ entries }: SourceTree, lines: string): NeededFile[] {
  const files: NeededFile[] = [];
  for (const range of lines.split(',').filter((each) => each !== '')) {
    const [first = 0, last = first] = range.split('-').map(Number);
    // A host that asks for more than there is gets what there is.
    for (let line = first; line <= Math.min(last, entries.length); line++) {
      const entry = entries[line - 1];
      if (entry?.kind === 'file') files.push({ entry, line });
    }
  }
  return files;
}

/** What came out otherwise than it was announced has been written to, unless the host has lost it. */
async function refuseChanged(channel: ExecChannel, tree: SourceTree, files: readonly NeededFile[]): Promise<void> {
  // The host waits for us meanwhile.
  const timer = setInterval(() => channel.stdin.write('\n'), BEAT_MS);
  try {
    for (const { entry } of files) {
      if (entry.content !== undefined) continue;
      if ((await hashFile(join(tree.root, entry.path))) === entry.hash) continue;
      throw new OutlastError('E_UPLOAD', `${quoteForMessage(entry.path)} was changed while it was uploaded`, {
        hint: 'deploy again once nobody writes to it, or leave it out by a line in .outlastignore',
      });
    }
  } finally {
    clearInterval(timer);
  }
}
