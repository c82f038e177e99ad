import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, type TestContext, test } from 'vitest';
import { readSource } from './read-source.js';
import type { SourceEntry } from './source-tree.js';
import { measureArchive, writeArchive } from './tar-archive.js';

const folder = mkdtempSync(join(tmpdir(), 'outlast-tar-archive-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const BLOCK = 512;
const PIECE_BYTES = 256 * 1024;

function makeFolder(): string {
  return mkdtempSync(join(folder, 'tree-'));
}

function addFile(root: string, path: string, content: string | Buffer, mode = 0o644): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
  // The umask of whoever runs this must not decide.
  chmodSync(join(root, path), mode);
}

async function listEntries(root: string): Promise<readonly SourceEntry[]> {
  return (await readSource(root, { excluded: new Set(), signal: new AbortController().signal })).entries;
}

/** Bytes of which no two neighbouring blocks are the same, so that one in the place of another is seen. */
function makeBytes(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at++) bytes[at] = (at * 31 + (at >> 8) * 7 + (at >> 16)) & 0xff;
  return bytes;
}

function buildArchive(root: string, entries: readonly SourceEntry[]): Buffer {
  return Buffer.concat([...writeArchive(root, entries)]);
}

interface Unpacked {
  readonly kind: string;
  readonly mode?: string;
  readonly mtime?: number;
  readonly content?: string;
}

/** What is in a folder, by path; without what `readSource` says of it. */
function describeFolder(root: string, below = ''): Record<string, Unpacked> {
  const described: Record<string, Unpacked> = {};
  for (const name of readdirSync(join(root, below))) {
    const path = join(below, name);
    const { mode, mtimeMs } = lstatSync(join(root, path));
    const shown = (mode & 0o7777).toString(8);
    const kind = mode & 0o170000;
    if (kind === 0o120000) described[path] = { kind: 'link', content: readlinkSync(join(root, path)) };
    else if (kind === 0o040000) {
      described[path] = { kind: 'folder', mode: shown };
      Object.assign(described, describeFolder(root, path));
    } else {
      const content = createHash('sha256')
        .update(readFileSync(join(root, path)))
        .digest('hex');
      described[path] = { kind: 'file', mode: shown, mtime: Math.floor(mtimeMs / 1000), content };
    }
  }
  return described;
}

const PROGRAMS = [
  { name: 'GNU tar', words: ['tar'], probe: ['--version'], says: 'GNU tar', flags: '-xpf' },
  { name: 'busybox', words: ['busybox', 'tar'], probe: ['--help'], says: 'BusyBox', flags: '-xpof' },
  { name: 'bsdtar', words: ['bsdtar'], probe: ['--version'], says: 'bsdtar', flags: '-xpf' },
] as const;
type Program = (typeof PROGRAMS)[number];

function skipWithout({ name, words: [program, ...rest], probe, says }: Program, context: TestContext): void {
  const { stdout, stderr } = spawnSync(program as string, [...rest, ...probe], { encoding: 'utf8' });
  context.skip(!`${stdout}${stderr}`.includes(says), `${name} is not installed`);
}

function unpack({ words, flags }: Program, archive: Buffer, into = makeFolder()): string {
  // BusyBox takes the umask from the modes unless root unpacks, whatever -p says.
  const script = 'umask 0; exec "$@"';
  const { status, stderr } = spawnSync('/bin/sh', ['-c', script, 'sh', ...words, flags, '-', '-C', into], {
    input: archive,
    encoding: 'utf8',
    // Names are bytes, and not those of the locale of whoever runs this.
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return into;
}

/** Of a path: `./` stands before it in the archive, and `/` behind it for a folder. */
function makeName(bytes: number, letter: string): string {
  const name = letter.repeat(bytes);
  return bytes <= 200 ? name : `${letter.repeat(200)}/${makeName(bytes - 201, letter)}`;
}

function makeOddTree(): string {
  const root = makeFolder();
  addFile(root, 'empty', '');
  for (const size of [1, 511, 512, 513, 1023, 1024, 1025]) addFile(root, `size-${size}`, makeBytes(size));
  // Such that what comes next begins before, at and behind the end of a piece.
  for (const size of [PIECE_BYTES - 512, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES + 77])
    addFile(root, `pieces/${size}`, makeBytes(size));
  for (const bytes of [97, 98, 99, 100, 253, 254, 255, 256, 300, 509, 510, 511, 700]) {
    addFile(root, makeName(bytes, 'n'), `${bytes}`);
    mkdirSync(join(root, makeName(bytes, 'd')), { recursive: true });
    symlinkSync(makeName(bytes, 't'), join(root, `link-${bytes}`));
  }
  mkdirSync(dirname(join(root, makeName(299, 'l'))));
  symlinkSync(makeName(300, 't'), join(root, makeName(299, 'l')));
  addFile(root, 'é'.repeat(60), 'cut in the middle of a letter');
  addFile(root, 'ünï \u{1f600}/ü', 'unicode');
  addFile(root, 'new\nline/\n', 'newline');
  addFile(root, 'back\\slash\\n', 'backslash');
  addFile(root, '-rf', 'dash');
  addFile(root, '--help/-', 'dashes');
  addFile(root, ' a name ', 'blanks');
  addFile(root, '.hidden', 'hidden', 0o600);
  addFile(root, 'modes/read-only', 'r', 0o444);
  addFile(root, 'modes/run', 'x', 0o755);
  addFile(root, 'modes/all', 'x', 0o777);
  mkdirSync(join(root, 'modes/own'));
  chmodSync(join(root, 'modes/own'), 0o700);
  symlinkSync('modes/run', join(root, 'start'));
  symlinkSync('../start', join(root, 'modes/up'));
  symlinkSync('nothing', join(root, 'dangling'));
  symlinkSync('a\nb', join(root, 'odd target'));
  utimesSync(join(root, 'empty'), 1_000_000_000, 1_000_000_000);
  utimesSync(join(root, 'size-1'), 0, 0);
  return root;
}

test('the archive is as long as it was measured, in whole blocks, with names around the longest short one', async () => {
  const root = makeOddTree();
  const entries = await listEntries(root);
  const archive = buildArchive(root, entries);
  expect(archive.length).toBe(measureArchive(entries));
  expect(archive.length % BLOCK).toBe(0);
  for (const entry of entries) expect(buildArchive(root, [entry]).length).toBe(measureArchive([entry]));
});

test('an archive of nothing is its two blocks of zeros', () => {
  expect(buildArchive(folder, [])).toEqual(Buffer.alloc(2 * BLOCK));
  expect(measureArchive([])).toBe(2 * BLOCK);
});

test('all pieces but the last are of one size, and stay as they were handed out', async () => {
  const root = makeFolder();
  addFile(root, 'a', makeBytes(5 * PIECE_BYTES));
  const entries = await listEntries(root);
  const pieces: Buffer[] = [];
  const copies: Buffer[] = [];
  for (const piece of writeArchive(root, entries)) {
    pieces.push(piece);
    copies.push(Buffer.from(piece));
  }
  expect(pieces.map(({ length }) => length)).toEqual([...Array(5).fill(PIECE_BYTES), 3 * BLOCK]);
  expect(Buffer.concat(pieces).equals(Buffer.concat(copies))).toBe(true);
});

describe.each(PROGRAMS)('$name', (program) => {
  test('unpacks names, contents, modes, times and links as they were', async (context) => {
    skipWithout(program, context);
    const root = makeOddTree();
    const into = unpack(program, buildArchive(root, await listEntries(root)));
    expect(describeFolder(into)).toEqual(describeFolder(root));
  });

  test('unpacks over what is there already', async (context) => {
    skipWithout(program, context);
    const root = makeFolder();
    addFile(root, 'a/b', 'new', 0o755);
    symlinkSync('a/b', join(root, 'link'));
    const archive = buildArchive(root, await listEntries(root));
    const into = unpack(program, archive);
    addFile(into, 'a/b', 'old', 0o600);
    unpack(program, archive, into);
    expect(describeFolder(into)).toEqual(describeFolder(root));
  });

  test.for([
    ['has become shorter', 700_000, (path: string) => truncateSync(path, 1000)],
    ['has become empty', 700_000, (path: string) => truncateSync(path, 0)],
    ['has become longer', 700_000, (path: string) => appendFileSync(path, makeBytes(PIECE_BYTES))],
    ['was empty and has become longer', 0, (path: string) => appendFileSync(path, 'more')],
    ['is gone', 700_000, (path: string) => rmSync(path)],
    ['has become a folder', 700_000, (path: string) => replaceByFolder(path)],
  ] as const)('a file that %s since it was listed keeps its size', async ([, size, change], context) => {
    skipWithout(program, context);
    const root = makeFolder();
    for (const name of ['a', 'b', 'c']) addFile(root, name, makeBytes(size));
    const entries = await listEntries(root);
    change(join(root, 'b'));
    const archive = buildArchive(root, entries);
    expect(archive.length).toBe(measureArchive(entries));
    const into = unpack(program, archive);
    expect(readFileSync(join(into, 'b')).equals(predict(join(root, 'b'), size))).toBe(true);
    // Nothing of it is in what stands before and behind it.
    for (const name of ['a', 'c']) expect(readFileSync(join(into, name)).equals(makeBytes(size))).toBe(true);
  });
});

function replaceByFolder(path: string): void {
  rmSync(path);
  mkdirSync(path);
}

/** What is there now, cut or filled with zeros. */
function predict(path: string, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  if (lstatSync(path, { throwIfNoEntry: false })?.isFile()) readFileSync(path).copy(bytes);
  return bytes;
}
