import { createHash, randomBytes, randomFillSync } from 'node:crypto';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { OutlastError } from '@outlast/core';
import { afterAll, describe, expect, test } from 'vitest';
import type { ExecChannel, ExecEnd } from '../ssh/transport.js';
import { SendingEnded, sendData } from './data-stream.js';
import { readSource } from './read-source.js';
import { type NeededFiles, sendFiles, type UploadProgress } from './send-release.js';
import type { SourceTree } from './source-tree.js';
import { measureArchive, writeArchive } from './tar-archive.js';

const folder = mkdtempSync(join(tmpdir(), 'outlast-send-release-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const MIB = 1 << 20;
/** From here on a file goes by itself. */
const LARGE = 16 * MIB;
const PIECE_BYTES = 256 * 1024;
/** A block is announced by such a line, at most. */
const ANNOUNCEMENT_BYTES = 'DATA 33554432\nTAR\n'.length;

interface Host {
  readonly channel: ExecChannel;
  /** Ends the channel, as when the link is cut. */
  end(): void;
}

function openChannel(stdin: Writable): Host {
  let end = (_: ExecEnd) => {};
  const ended = new Promise<ExecEnd>((resolve) => {
    end = resolve;
  });
  const channel = { stdin, stdout: new PassThrough(), stderr: new PassThrough(), ended, close: () => undefined };
  return { channel, end: () => end({ exitCode: null, signal: null }) };
}

/** Takes all that is sent to a host that reads on, so many milliseconds for each piece. */
async function collect(send: (channel: ExecChannel) => Promise<void>, pieceMs = 0): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const stdin = new Writable({
    write(piece: Buffer, _, done) {
      pieces.push(piece);
      setTimeout(done, pieceMs);
    },
  });
  await send(openChannel(stdin).channel);
  stdin.end();
  await new Promise((resolve) => stdin.once('finish', resolve));
  return Buffer.concat(pieces);
}

/** What was sent, read by the protocol that stands in `deploy/receive-upload.ts` of core. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isOver(): boolean {
    return this.#at === this.#bytes.length;
  }

  readLine(): string {
    const end = this.#bytes.indexOf('\n', this.#at);
    if (end < 0) throw new Error(`no line ends behind byte ${this.#at}`);
    const line = this.#bytes.toString('latin1', this.#at, end);
    this.#at = end + 1;
    return line;
  }

  /** Blocks to their DONE. */
  readData(): Buffer {
    const blocks: Buffer[] = [];
    for (let line = this.readLine(); line !== 'DONE'; line = this.readLine()) {
      const [, count = ''] = /^DATA ([1-9][0-9]*)$/.exec(line) ?? [];
      if (count === '') throw new Error(`neither DATA nor DONE: ${line.slice(0, 100)}`);
      const block = this.#bytes.subarray(this.#at, this.#at + Number(count));
      if (block.length !== Number(count)) throw new Error(`a block of ${count} bytes ends after ${block.length}`);
      this.#at += block.length;
      blocks.push(block);
    }
    return Buffer.concat(blocks);
  }
}

interface Part {
  readonly head: string;
  readonly data: Buffer;
}

function parseFiles(bytes: Buffer): Part[] {
  const reader = new Reader(bytes);
  const parts: Part[] = [];
  for (let head = reader.readLine(); head !== 'SENT'; head = reader.readLine()) {
    if (!/^(?:TAR|TARGZ|(?:FILE|FILEGZ|PIECE) [1-9][0-9]* [0-9]+)$/.test(head))
      throw new Error(`not begun by TAR or FILE: ${head}`);
    parts.push({ head, data: reader.readData() });
  }
  expect(reader.isOver).toBe(true);
  return parts;
}

function listHeads(parts: readonly Part[]): string[] {
  return parts.map(({ head }) => head);
}

function makeRoot(files: Readonly<Record<string, string>> = {}): string {
  const root = mkdtempSync(join(folder, 'tree-'));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

/** A file of blocks that are not there costs no disk; what stands at its end tells where it was cut. */
function addSparse(root: string, path: string, size: number, end = path): void {
  writeFileSync(join(root, path), '');
  truncateSync(join(root, path), size - end.length);
  appendFileSync(join(root, path), end);
}

function read(root: string): Promise<SourceTree> {
  return readSource(root, { excluded: new Set(), signal: new AbortController().signal });
}

interface Sent {
  readonly parts: Part[];
  readonly progress: UploadProgress[];
}

const NO_PARTS: ReadonlyMap<string, number> = new Map();

async function send(tree: SourceTree, needed: Partial<NeededFiles>, pieceMs?: number): Promise<Sent> {
  const progress: UploadProgress[] = [];
  const all = { lines: '', parts: NO_PARTS, isFirst: true, mayCompress: false, ...needed };
  const bytes = await collect((channel) => sendFiles(channel, tree, all, (each) => progress.push(each)), pieceMs);
  return { parts: parseFiles(bytes), progress };
}

/** The archive of the entries with these paths. */
function buildArchive(tree: SourceTree, paths: readonly string[]): Buffer {
  return Buffer.concat([
    ...writeArchive(
      tree.root,
      tree.entries.filter(({ path }) => paths.includes(path)),
    ),
  ]);
}

// Lines: 1 a, 2 a/1, 3 a/2, 4 b, 5 b/3, 6 c, 7 link.
async function makeTree(): Promise<SourceTree> {
  const root = makeRoot({ 'a/1': 'one', 'a/2': 'two', 'b/3': 'three', c: 'c' });
  symlinkSync('a/1', join(root, 'link'));
  return read(root);
}

test.each([0, 1, PIECE_BYTES, PIECE_BYTES + 1, 5 * MIB + 3])(
  'a manifest of %i bytes arrives byte for byte',
  async (length) => {
    const manifest = randomFillSync(Buffer.alloc(length));
    const bytes = await collect((channel) => sendData(channel, manifest));
    const reader = new Reader(bytes);
    expect(reader.readData().equals(manifest)).toBe(true);
    expect(reader.isOver).toBe(true);
  },
);

test('the first time only what is needed is archived, and all folders and links with it', async () => {
  const tree = await makeTree();
  const { parts } = await send(tree, { lines: '3,6' });
  expect(listHeads(parts)).toEqual(['TAR']);
  expect(parts[0]?.data.equals(buildArchive(tree, ['a', 'a/2', 'b', 'c', 'link']))).toBe(true);
});

test('the first time folders and links come even if no file is needed', async () => {
  const tree = await makeTree();
  const { parts, progress } = await send(tree, { lines: '' });
  expect(listHeads(parts)).toEqual(['TAR']);
  expect(parts[0]?.data.equals(buildArchive(tree, ['a', 'b', 'link']))).toBe(true);
  expect(progress.at(-1)).toMatchObject({ files: 0, totalFiles: 0 });
});

test('a second time folders and links do not come again', async () => {
  const tree = await makeTree();
  const { parts } = await send(tree, { lines: '3,6', isFirst: false });
  expect(listHeads(parts)).toEqual(['TAR']);
  expect(parts[0]?.data.equals(buildArchive(tree, ['a/2', 'c']))).toBe(true);
});

test.each([
  ['1-7', ['a/1', 'a/2', 'b/3', 'c']],
  ['2-3,5', ['a/1', 'a/2', 'b/3']],
  ['5', ['b/3']],
  ['2,6', ['a/1', 'c']],
  // Lines of folders and of links, and lines that are not there, name no file.
  ['1,4,7,8-99,6', ['c']],
  // A host may say what it will.
  ['6-1e99', ['c']],
])('the lines %j are those of %j', async (lines, paths) => {
  const tree = await makeTree();
  const { parts, progress } = await send(tree, { lines, isFirst: false });
  expect(parts[0]?.data.equals(buildArchive(tree, paths))).toBe(true);
  expect(progress.at(-1)).toMatchObject({ files: paths.length, totalFiles: paths.length });
});

test('nothing at all is needed: only that is told', async () => {
  const { parts } = await send(await makeTree(), { lines: '', isFirst: false });
  expect(parts).toEqual([]);
});

test('a large file goes by itself behind the archive, by its line', async () => {
  const root = makeRoot({ 'a/small': 'x', z: 'z' });
  addSparse(root, 'large', LARGE);
  addSparse(root, 'nearly', LARGE - 1);
  const tree = await read(root);
  const { parts } = await send(tree, { lines: '1-5' });
  expect(listHeads(parts)).toEqual(['TAR', 'FILE 3 0']);
  expect(parts[0]?.data.equals(buildArchive(tree, ['a', 'a/small', 'nearly', 'z']))).toBe(true);
  expect(parts[1]?.data.equals(readFileSync(join(root, 'large')))).toBe(true);
});

test.each([1, PIECE_BYTES, LARGE - 3, LARGE + 2])(
  'of a large file what comes behind the %i bytes that are there is sent',
  async (offset) => {
    const root = makeRoot({ a: 'a' });
    addSparse(root, 'large', LARGE + 5);
    const tree = await read(root);
    const hash = tree.entries[1]?.hash ?? '';
    const { parts, progress } = await send(tree, { lines: '2', parts: new Map([[hash, offset]]) });
    expect(listHeads(parts)).toEqual([`FILE 2 ${offset}`]);
    expect(parts[0]?.data.equals(readFileSync(join(root, 'large')).subarray(offset))).toBe(true);
    expect(progress.at(-1)).toMatchObject({ files: 1, totalFiles: 1 });
  },
);

test('a large file that is there whole is only named', async () => {
  const root = makeRoot();
  addSparse(root, 'large', LARGE);
  const tree = await read(root);
  const { parts } = await send(tree, { lines: '1', parts: new Map([[tree.entries[0]?.hash ?? '', LARGE]]) });
  expect(parts).toEqual([{ head: `FILE 1 ${LARGE}`, data: Buffer.alloc(0) }]);
});

test('what a cut has left of another file does not count', async () => {
  const root = makeRoot();
  addSparse(root, 'large', LARGE);
  const parts = new Map([[createHash('sha256').update('another').digest('hex'), 1000]]);
  expect(listHeads((await send(await read(root), { lines: '1', parts })).parts)).toEqual(['FILE 1 0']);
});

// The host moves what it has left to the first of them: for the second there is nothing of it any more.
test('what a cut has left counts for one of two files with the same content', async () => {
  const root = makeRoot();
  addSparse(root, 'one', LARGE, 'end');
  addSparse(root, 'two', LARGE, 'end');
  const tree = await read(root);
  const { parts } = await send(tree, { lines: '1-2', parts: new Map([[tree.entries[0]?.hash ?? '', LARGE - 10]]) });
  expect(listHeads(parts)).toEqual([`FILE 1 ${LARGE - 10}`, 'FILE 2 0']);
  expect(parts[1]?.data.length).toBe(LARGE);
});

function expectWhole(progress: readonly UploadProgress[]): void {
  const last = progress.at(-1);
  expect(last).toEqual({
    bytes: last?.totalBytes,
    totalBytes: last?.totalBytes,
    files: last?.totalFiles,
    totalFiles: last?.totalFiles,
  });
  for (const [at, each] of progress.entries()) {
    expect(each.totalBytes).toBe(last?.totalBytes);
    expect(each.bytes).toBeGreaterThanOrEqual(progress[at - 1]?.bytes ?? 0);
    expect(each.files).toBeGreaterThanOrEqual(progress[at - 1]?.files ?? 0);
  }
}

test('progress grows to all bytes and files, and what is there already counts', async () => {
  const root = makeRoot({ a: 'a', b: 'b' });
  addSparse(root, 'large', LARGE + 7);
  addSparse(root, 'other', LARGE);
  const tree = await read(root);
  const { parts, progress } = await send(tree, { lines: '1-4', parts: new Map([[tree.entries[2]?.hash ?? '', 100]]) });
  const sent = parts.reduce((sum, { data }) => sum + data.length, 0);
  expectWhole(progress);
  expect(progress.at(-1)).toMatchObject({ bytes: sent + 100, files: 4 });
  expect(progress.length).toBeGreaterThan((2 * LARGE) / PIECE_BYTES);
});

test('progress grows to all bytes where nothing but large files is sent', async () => {
  const root = makeRoot();
  addSparse(root, 'large', LARGE);
  const { progress } = await send(await read(root), { lines: '1' });
  expectWhole(progress);
  expect(progress.at(-1)?.totalBytes).toBe(LARGE);
});

test('progress counts the files of an archive as they go', async () => {
  const size = 100_000;
  const root = makeRoot(Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`f${index}`, 'x'.repeat(size)])));
  const { progress } = await send(await read(root), { lines: '1-20' });
  expectWhole(progress);
  expect(progress.length).toBeGreaterThan(5);
  for (const { bytes, files } of progress.slice(0, -1)) {
    expect(files).toBeLessThanOrEqual(bytes / size);
    expect(files).toBeGreaterThan(bytes / size - 2);
  }
});

test('progress is whole where nothing is needed', async () => {
  const { progress } = await send(await makeTree(), { lines: '', isFirst: false });
  expectWhole(progress);
});

const CHANGES = [
  ['written to', (path: string) => writeFileSync(path, 'new')],
  ['removed', (path: string) => rmSync(path)],
] as const;

/** Too large to be kept from the time when it was listed. */
const makeUnkeptTree = () => read(makeRoot({ a: 'a', 'b/3': 'x'.repeat(70_000) }));

test.each(CHANGES)('a file that was %s since it was listed is refused a second time', async (_, change) => {
  const tree = await makeUnkeptTree();
  change(join(tree.root, 'b/3'));
  const stdin = new PassThrough();
  const sending = sendFiles(
    openChannel(stdin).channel,
    tree,
    { lines: '1,3', parts: NO_PARTS, isFirst: false, mayCompress: false },
    () => {},
  );
  const error = await sending.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(OutlastError);
  expect(error).toMatchObject({ code: 'E_UPLOAD', message: expect.stringContaining('"b/3" was changed') });
  expect(stdin.readableLength).toBe(0);
});

test.each(CHANGES)(
  'a file that was %s since it was listed is sent the first time, as long as it was',
  async (_, change) => {
    const tree = await makeUnkeptTree();
    change(join(tree.root, 'b/3'));
    const { parts } = await send(tree, { lines: '3' });
    expect(parts[0]?.data.length).toBe(buildArchive(tree, ['b', 'b/3']).length);
  },
);

test.each(CHANGES)('a small file that was %s since it was listed is sent as it was listed', async (_, change) => {
  const tree = await makeTree();
  const listed = buildArchive(tree, ['b/3']);
  change(join(tree.root, 'b/3'));
  const { parts } = await send(tree, { lines: '5', isFirst: false });
  expect(parts[0]?.data.equals(listed)).toBe(true);
});

test('a file that was changed but is not needed again is not in the way', async () => {
  const tree = await makeTree();
  writeFileSync(join(tree.root, 'b/3'), 'new');
  expect(listHeads((await send(tree, { lines: '6', isFirst: false })).parts)).toEqual(['TAR']);
});

test.each<[string, (path: string) => void, number]>([
  ['has become shorter', (path) => truncateSync(path, PIECE_BYTES + 1), PIECE_BYTES + 1],
  ['is gone', (path) => rmSync(path), 0],
  [
    'has become a folder',
    (path) => {
      rmSync(path);
      mkdirSync(path);
    },
    0,
  ],
])('a large file that %s since it was listed is filled with zeros', async (_, change, kept) => {
  const root = makeRoot();
  const content = randomFillSync(Buffer.alloc(LARGE));
  writeFileSync(join(root, 'large'), content);
  const tree = await read(root);
  change(join(root, 'large'));
  content.fill(0, kept);
  const { parts, progress } = await send(tree, { lines: '1' });
  expect(parts[0]?.data.equals(content)).toBe(true);
  expect(progress.at(-1)).toMatchObject({ files: 1 });
});

test('of a large file that has become longer since it was listed the beginning is sent', async () => {
  const root = makeRoot();
  addSparse(root, 'large', LARGE);
  const tree = await read(root);
  const content = readFileSync(join(root, 'large'));
  appendFileSync(join(root, 'large'), Buffer.alloc(PIECE_BYTES, 'more'));
  expect((await send(tree, { lines: '1' })).parts[0]?.data.equals(content)).toBe(true);
});

/** A host that takes a write only when it is told to. */
function openSlowHost(highWaterMark: number) {
  let take: (() => void) | undefined;
  let taken = 0;
  const stdin = new Writable({
    highWaterMark,
    write(chunk: Buffer, _encoding, callback) {
      take = () => {
        take = undefined;
        taken += chunk.length;
        callback();
      };
    },
  });
  return { ...openChannel(stdin), stdin, takeOne: () => take?.(), count: () => taken };
}

/** Lets whoever sends go on until it has filled what it may, or is done; a read of a file takes several turns. */
async function letSenderFill(stdin: Writable, isDone: () => boolean): Promise<void> {
  while (!stdin.writableNeedDrain && !isDone()) await nextTurn();
  for (let turn = 0; turn < 5; turn++) await nextTurn();
}

test.each(['archive', 'large'])('no more than one piece (%s) is written before the host takes it', async (kind) => {
  const root = makeRoot();
  const size = kind === 'large' ? LARGE : 3 * MIB;
  addSparse(root, kind, size);
  const tree = await read(root);
  const highWaterMark = 64 * 1024;
  const host = openSlowHost(highWaterMark);
  let isDone = false;
  const sending = sendFiles(
    host.channel,
    tree,
    { lines: '1', parts: NO_PARTS, isFirst: true, mayCompress: false },
    () => {},
  ).then(() => {
    isDone = true;
  });
  let most = 0;
  while (!isDone || host.stdin.writableLength > 0) {
    if (!isDone) await letSenderFill(host.stdin, () => isDone);
    most = Math.max(most, host.stdin.writableLength);
    // Until it is told that there is room again.
    do host.takeOne();
    while (host.stdin.writableNeedDrain && host.stdin.writableLength > 0);
    await nextTurn();
  }
  await sending;
  expect(host.count()).toBeGreaterThan(size);
  expect(most).toBeGreaterThan(PIECE_BYTES / 2);
  expect(most).toBeLessThanOrEqual(highWaterMark + PIECE_BYTES + ANNOUNCEMENT_BYTES);
});

test.each(['archive', 'large'])('sending ends when the channel ends while it is full (%s)', async (kind) => {
  const root = makeRoot();
  addSparse(root, kind, kind === 'large' ? LARGE : 3 * MIB);
  const tree = await read(root);
  const host = openSlowHost(1024);
  const sending = sendFiles(
    host.channel,
    tree,
    { lines: '1', parts: NO_PARTS, isFirst: true, mayCompress: false },
    () => {},
  );
  await letSenderFill(host.stdin, () => false);
  host.end();
  await expect(sending).rejects.toBeInstanceOf(SendingEnded);
});

test('sending a manifest ends when the channel ends while it is full', async () => {
  const host = openSlowHost(1024);
  const sending = sendData(host.channel, Buffer.alloc(MIB));
  await letSenderFill(host.stdin, () => false);
  host.end();
  await expect(sending).rejects.toBeInstanceOf(SendingEnded);
});

test('sending ends where the channel has ended before, and is not full', async () => {
  const root = makeRoot();
  addSparse(root, 'large', LARGE);
  const tree = await read(root);
  const host = openChannel(new PassThrough({ highWaterMark: 2 * LARGE }));
  host.end();
  const sending = sendFiles(
    host.channel,
    tree,
    { lines: '1', parts: NO_PARTS, isFirst: true, mayCompress: false },
    () => {},
  );
  await expect(sending).rejects.toBeInstanceOf(SendingEnded);
});

test('many large files leave nobody behind who listens to the stream', async () => {
  const root = makeRoot();
  for (let number = 0; number < 12; number++) addSparse(root, `large-${number}`, LARGE);
  const tree = await read(root);
  const stdin = new PassThrough();
  stdin.resume();
  const parts = new Map(tree.entries.map(({ hash = '' }) => [hash, LARGE - 1]));
  await sendFiles(
    openChannel(stdin).channel,
    tree,
    { lines: '1-12', parts, isFirst: true, mayCompress: false },
    () => {},
  );
  expect(stdin.listenerCount('drain')).toBe(0);
});

test('what is little is compressed where the host can unpack it and that makes it smaller', async () => {
  const tree = await read(makeRoot({ a: 'text that repeats itself. '.repeat(2000), b: 'more of it' }));
  const { parts, progress } = await send(tree, { lines: '1-2', mayCompress: true });
  expect(listHeads(parts)).toEqual(['TARGZ']);
  const [{ data } = { data: Buffer.alloc(0) }] = parts;
  expect(data.length).toBeLessThan(2000);
  expect(gunzipSync(data).equals(buildArchive(tree, ['a', 'b']))).toBe(true);
  expect(progress.at(-1)).toMatchObject({ bytes: measureArchive(tree.entries), files: 2 });
  expect(listHeads((await send(tree, { lines: '1-2' })).parts)).toEqual(['TAR']);
});

test('what does not get smaller is sent as it is', async () => {
  const root = makeRoot({ a: '' });
  writeFileSync(join(root, 'a'), randomBytes(100_000));
  expect(listHeads((await send(await read(root), { lines: '1', mayCompress: true })).parts)).toEqual(['TAR']);
});

test('of much the beginning tells how fast the link is, and over a fast one nothing is compressed', async () => {
  const root = makeRoot();
  for (const name of ['a', 'b', 'c']) writeFileSync(join(root, name), 'x'.repeat(5_000_000));
  const tree = await read(root);
  const { parts } = await send(tree, { lines: '1-3', mayCompress: true });
  expect(listHeads(parts)).toEqual(['TAR', 'TAR']);
  const whole = Buffer.concat(parts.map(({ data }) => data.subarray(0, -1024)));
  expect(whole.equals(buildArchive(tree, ['a', 'b', 'c']).subarray(0, -1024))).toBe(true);
});

describe('a large file that gets smaller', () => {
  const BEGINNING = 8 * MIB;

  test('is sent as it is over a fast link, and compressed behind its beginning over a slow one', async () => {
    const root = makeRoot();
    addSparse(root, 'large', LARGE);
    const tree = await read(root);
    const needed = { lines: '1', mayCompress: true };
    const fast = await send(tree, needed);
    expect(listHeads(fast.parts)).toEqual(['PIECE 1 0', `FILE 1 ${BEGINNING}`]);
    const slow = await send(tree, needed, 20);
    expect(listHeads(slow.parts)).toEqual(['PIECE 1 0', `FILEGZ 1 ${BEGINNING}`]);
    const content = readFileSync(join(root, 'large'));
    expect(Buffer.concat(fast.parts.map(({ data }) => data)).equals(content)).toBe(true);
    const [beginning = Buffer.alloc(0), rest = Buffer.alloc(0)] = slow.parts.map(({ data }) => data);
    expect(rest.length).toBeLessThan(LARGE / 50);
    expect(Buffer.concat([beginning, gunzipSync(rest)]).equals(content)).toBe(true);
    expectWhole(slow.progress);
  });

  test('is gone on with where a cut has left it', async () => {
    const root = makeRoot();
    addSparse(root, 'large', LARGE);
    const tree = await read(root);
    const parts = new Map([[tree.entries[0]?.hash ?? '', BEGINNING + 5]]);
    const { parts: sent } = await send(tree, { lines: '1', parts, mayCompress: true });
    expect(listHeads(sent)).toEqual([`FILE 1 ${BEGINNING + 5}`]);
  });
});
