import type { SourceEntry } from './source-tree.js';

/** Of all that an archive is made of, in bytes. */
export const BLOCK = 512;
const LONGEST_NAME = 100;
/** What GNU tar calls the entry that holds the name of the next one. */
const LONG_NAME_ENTRY = '././@LongLink';

/** Says how many bytes of an archive an entry takes. */
export function measureEntry(entry: SourceEntry): number {
  const content = entry.kind === 'file' ? entry.size + padding(entry.size) : 0;
  return measureName(getName(entry)) + measureName(entry.target ?? '') + BLOCK + content;
}

function measureName(name: string): number {
  const length = Buffer.byteLength(name);
  return length <= LONGEST_NAME ? 0 : BLOCK + length + 1 + padding(length + 1);
}

function getName({ kind, path }: SourceEntry): string {
  return kind === 'folder' ? `./${path}/` : `./${path}`;
}

const TYPES = { file: '0', link: '2', folder: '5' } as const;

/** Builds the headers of an entry: those of names that are too long for the last one come first. */
export function* buildHeaders(entry: SourceEntry): Generator<Buffer, void> {
  const name = getName(entry);
  const { target = '', kind, mode, mtime } = entry;
  yield* buildLongName(name, 'L');
  yield* buildLongName(target, 'K');
  yield buildHeader({ name, target, mode, mtime, size: kind === 'file' ? entry.size : 0, type: TYPES[kind] });
}

function* buildLongName(name: string, type: string): Generator<Buffer, void> {
  const bytes = Buffer.from(`${name}\0`);
  if (bytes.length <= LONGEST_NAME + 1) return;
  yield buildHeader({ name: LONG_NAME_ENTRY, target: '', mode: 0, mtime: 0, size: bytes.length, type });
  yield bytes;
  yield Buffer.alloc(padding(bytes.length));
}

interface HeaderFields {
  readonly name: string;
  readonly target: string;
  readonly mode: number;
  readonly mtime: number;
  readonly size: number;
  readonly type: string;
}

/** Offsets of the header of ustar; sum over all bytes, with blanks in the place of the sum. */
function buildHeader({ name, target, mode, mtime, size, type }: HeaderFields): Buffer {
  const header = Buffer.alloc(BLOCK);
  Buffer.from(name).copy(header, 0, 0, LONGEST_NAME);
  header.write(`${formatOctal(mode, 7)}\0${formatOctal(0, 7)}\0${formatOctal(0, 7)}\0`, 100, 'latin1');
  header.write(`${formatOctal(size, 11)}\0${formatOctal(mtime, 11)}\0`, 124, 'latin1');
  header.write(`        ${type}`, 148, 'latin1');
  Buffer.from(target).copy(header, 157, 0, LONGEST_NAME);
  header.write('ustar  \0', 257, 'latin1');
  let sum = 0;
  for (const byte of header) sum += byte;
  header.write(`${formatOctal(sum, 6)}\0 `, 148, 'latin1');
  return header;
}

function formatOctal(value: number, width: number): string {
  return value.toString(8).padStart(width, '0');
}

/** Says how many bytes fill the last block of so many. */
export function padding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}
