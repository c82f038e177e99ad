import { createHash } from 'node:crypto';

/** One file, folder or link of a release. */
export interface SourceEntry {
  readonly kind: 'file' | 'folder' | 'link';
  /** Below the root, with `/` between names. */
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  /** Whole seconds since the epoch. */
  readonly mtime: number;
  /** In bytes; 0 for what is no file. */
  readonly size: number;
  /** SHA-256 of the content, or of where a link leads to, in hexadecimal; undefined for a folder. */
  readonly hash?: string;
  /** Where a link leads to. */
  readonly target?: string;
  /** What stood in a small file when its hash was taken; what is in others is read again to be sent. */
  readonly content?: Buffer;
}

/** A folder on this machine as it is to be on hosts. */
export interface SourceTree {
  /** An absolute path on this machine. */
  readonly root: string;
  /** Sorted by path, so that a folder stands before what is in it. */
  readonly entries: readonly SourceEntry[];
  /** What the host is told of them, a line for each in the same order: `deploy/manifest.ts` of core reads it. */
  readonly manifest: Buffer;
  /** SHA-256 of the manifest, in hexadecimal. */
  readonly manifestHash: string;
}

const LETTERS = { file: 'F', folder: 'D', link: 'L' } as const;
const NO_HASH = '-'.repeat(64);

/** Describes entries for the host. */
export function buildSourceTree(root: string, entries: readonly SourceEntry[]): SourceTree {
  const sorted = [...entries].sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  const manifest = Buffer.from(sorted.map(formatEntry).join(''));
  return { root, entries: sorted, manifest, manifestHash: createHash('sha256').update(manifest).digest('hex') };
}

/** What stands in no line of a list that the tools of a host take is written as `printf %b` reads it. */
function formatEntry({ kind, path, mode, hash = NO_HASH }: SourceEntry): string {
  const isOdd = /[\n\r\\]/.test(path);
  const letter = isOdd ? LETTERS[kind].toLowerCase() : LETTERS[kind];
  const shown = isOdd
    ? path.replace(/[\n\r\\ ]/g, (char) => `\\0${char.charCodeAt(0).toString(8).padStart(3, '0')}`)
    : path;
  return `${letter} ${mode.toString(8).padStart(4, '0')} ${hash} ./${shown}\n`;
}
