import type { ExecChannel } from '../ssh/transport.js';
import { isCompressible, isSlow, MEASURED_BYTES } from './compression.js';
import { sendCompressed, sendPieces } from './data-stream.js';
import type { SourceEntry, SourceTree } from './source-tree.js';
import { createFileCounter, measureArchive, writeArchive } from './tar-archive.js';

const SAMPLED_FILES = 50;

/** As archives: what is little, and what comes behind the beginning of much over a slow link, is compressed where that makes it smaller. */
export async function sendArchives(
  channel: ExecChannel,
  tree: SourceTree,
  { entries, mayCompress }: { readonly entries: readonly SourceEntry[]; readonly mayCompress: boolean },
  advance: (bytes: number, files: number) => void,
): Promise<void> {
  const countFiles = createFileCounter(entries);
  const onBytes = (bytes: number) => advance(bytes, countFiles(bytes));
  const pays = mayCompress && doesShrink(tree, entries);
  const [first, rest] = splitArchive(entries, pays ? MEASURED_BYTES : Number.POSITIVE_INFINITY);
  const begun = performance.now();
  if (pays && rest.length === 0) await sendCompressedArchive(channel, tree, first, onBytes);
  else await sendArchive(channel, tree, first, onBytes);
  if (rest.length === 0) return;
  const send = isSlow(measureArchive(first), begun) ? sendCompressedArchive : sendArchive;
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
function doesShrink({ root }: SourceTree, entries: readonly SourceEntry[]): boolean {
  const files = entries.filter(({ kind }) => kind === 'file');
  const middle = files.slice(Math.floor(files.length / 2), Math.floor(files.length / 2) + SAMPLED_FILES);
  const [sample] = writeArchive(root, middle);
  return sample !== undefined && isCompressible(sample);
}

type SendEntries = (
  channel: ExecChannel,
  tree: SourceTree,
  entries: readonly SourceEntry[],
  onBytes: (bytes: number) => void,
) => Promise<void>;

const sendArchive: SendEntries = (channel, tree, entries, onBytes) => {
  channel.stdin.write('TAR\n');
  return sendPieces(channel, writeArchive(tree.root, entries), measureArchive(entries), onBytes);
};

const sendCompressedArchive: SendEntries = (channel, tree, entries, onBytes) => {
  channel.stdin.write('TARGZ\n');
  return sendCompressed(channel, writeArchive(tree.root, entries), onBytes);
};
