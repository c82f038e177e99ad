import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { OutlastError } from '@outlast/core';
import { afterAll, expect, type TestContext, test } from 'vitest';
import { readSource } from './read-source.js';
import type { SourceTree } from './source-tree.js';

const folder = mkdtempSync(join(tmpdir(), 'outlast-read-source-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const isRoot = process.getuid?.() === 0;
/** Where the path begins in a line of the manifest, counted from 1. */
const PATH_COLUMN = 73;

function makeRoot(files: Readonly<Record<string, string>> = {}): string {
  const root = join(mkdtempSync(join(folder, 'tree-')), 'root');
  mkdirSync(root);
  for (const [path, content] of Object.entries(files)) addFile(root, path, content);
  return root;
}

function addFile(root: string, path: string, content = 'x', mode = 0o644): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
  // The umask of whoever runs this must not decide.
  chmodSync(join(root, path), mode);
}

function read(root: string, { excluded = [] as string[], signal = new AbortController().signal } = {}) {
  return readSource(root, { excluded: new Set(excluded), signal });
}

async function readProblem(root: string): Promise<OutlastError> {
  const error = await read(root).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(OutlastError);
  expect((error as OutlastError).code).toBe('E_USAGE');
  return error as OutlastError;
}

function hash(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

interface ManifestLine {
  readonly kind: string;
  readonly mode: string;
  readonly hash: string;
  readonly path: string;
}

/** Reads the manifest as a host does: by columns, and odd names with its own printf. */
function parseManifest({ manifest }: SourceTree): ManifestLine[] {
  const lines = manifest.toString('utf8').split('\n');
  expect(lines.pop()).toBe('');
  return lines.map((line) => {
    expect(line).toMatch(/^[FDLfdl] 0[0-7]{3} (?:[0-9a-f]{64}|-{64}) \.\//);
    const [kind = '', mode = '', digest = ''] = line.split(' ');
    const shown = line.slice(PATH_COLUMN - 1);
    // It is read by `read`, which takes blanks at the end of a line away.
    if (/[a-z]/.test(kind)) expect(shown).not.toContain(' ');
    const path = /[a-z]/.test(kind)
      ? execFileSync('/bin/sh', ['-c', 'printf "%bx" "$1"', 'sh', shown], { encoding: 'utf8' }).slice(0, -1)
      : shown;
    return { kind, mode, hash: digest, path };
  });
}

function listPaths({ entries }: SourceTree): string[] {
  return entries.map(({ path }) => path);
}

const NO_HASH = '-'.repeat(64);

test('lists files, folders and links with their mode and hash, sorted by the bytes of their path', async () => {
  const root = makeRoot();
  addFile(root, 'empty', '');
  addFile(root, 'bin/run', '#!/bin/sh\n', 0o755);
  addFile(root, 'bin/deep/er/read-only', 'r', 0o444);
  addFile(root, '-rf', 'dash');
  addFile(root, 'a name', 'blank');
  addFile(root, '.env', 'hidden', 0o600);
  addFile(root, 'ünï \u{1f600}', 'unicode');
  // In the order of a dictionary, or of UTF-16, they would stand elsewhere.
  addFile(root, 'Z', 'capital');
  addFile(root, '\u{1f600}', 'astral');
  addFile(root, '\uff21', 'wide');
  for (const path of ['bin', 'bin/deep', 'bin/deep/er']) chmodSync(join(root, path), 0o755);
  chmodSync(join(root, 'bin/deep'), 0o750);
  symlinkSync('bin/run', join(root, 'start'));
  symlinkSync('../../start', join(root, 'bin/deep/up'));
  const tree = await read(root);
  expect(parseManifest(tree)).toEqual([
    { kind: 'F', mode: '0644', hash: hash('dash'), path: './-rf' },
    { kind: 'F', mode: '0600', hash: hash('hidden'), path: './.env' },
    { kind: 'F', mode: '0644', hash: hash('capital'), path: './Z' },
    { kind: 'F', mode: '0644', hash: hash('blank'), path: './a name' },
    { kind: 'D', mode: '0755', hash: NO_HASH, path: './bin' },
    { kind: 'D', mode: '0750', hash: NO_HASH, path: './bin/deep' },
    { kind: 'D', mode: '0755', hash: NO_HASH, path: './bin/deep/er' },
    { kind: 'F', mode: '0444', hash: hash('r'), path: './bin/deep/er/read-only' },
    { kind: 'L', mode: '0777', hash: hash('../../start'), path: './bin/deep/up' },
    { kind: 'F', mode: '0755', hash: hash('#!/bin/sh\n'), path: './bin/run' },
    { kind: 'F', mode: '0644', hash: hash(''), path: './empty' },
    { kind: 'L', mode: '0777', hash: hash('bin/run'), path: './start' },
    { kind: 'F', mode: '0644', hash: hash('unicode'), path: './ünï \u{1f600}' },
    { kind: 'F', mode: '0644', hash: hash('wide'), path: './\uff21' },
    { kind: 'F', mode: '0644', hash: hash('astral'), path: './\u{1f600}' },
  ]);
  expect(tree.manifestHash).toBe(hash(tree.manifest));
  expect(tree.root).toBe(root);
});

test('an entry tells size, time and where a link leads to, in the order of the manifest', async () => {
  const root = makeRoot({ 'a/file': 'four' });
  symlinkSync('file', join(root, 'a/link'));
  utimesSync(join(root, 'a/file'), 1_000_000_000.75, 1_000_000_000.75);
  expect((await read(root)).entries).toEqual([
    expect.objectContaining({ kind: 'folder', path: 'a', size: 0 }),
    expect.objectContaining({ kind: 'file', path: 'a/file', size: 4, mtime: 1_000_000_000 }),
    expect.objectContaining({ kind: 'link', path: 'a/link', size: 0, target: 'file' }),
  ]);
});

// Digits and blanks behind what is written in octal must not be taken for a part of it.
test.each(['new\nline', 'trailing\n', '\n1 2', 'back\\slash', '\\0101', '\\n', '\\', ' a \\ b ', 'é\n\u{1f600}'])(
  'the name %j is written in octal, and read back by a shell',
  async (name) => {
    const root = makeRoot({ [name]: 'odd', plain: 'plain' });
    const tree = await read(root);
    expect(parseManifest(tree)).toContainEqual({ kind: 'f', mode: '0644', hash: hash('odd'), path: `./${name}` });
    expect(parseManifest(tree)).toContainEqual({ kind: 'F', mode: '0644', hash: hash('plain'), path: './plain' });
    expect(tree.manifest.toString().split('\n')).toHaveLength(3);
  },
);

test('folders and links with odd names are written in octal too', async () => {
  const root = makeRoot({ 'a\nb/c': 'x' });
  symlinkSync('x\ny', join(root, 'l\\'));
  expect(parseManifest(await read(root)).map(({ kind, path }) => `${kind} ${path}`)).toEqual([
    'd ./a\nb',
    'f ./a\nb/c',
    'l ./l\\',
  ]);
});

// The path in what the hash program of a host prints is looked up in the manifest: what it escapes would never be found.
test.for(['a\rb', 'a\tb', ' a ', '*', "a'b", 'a\u0007b', 'é'])(
  'the name %j stands plainly in the manifest only if sha256sum prints it plainly',
  async (name, context) => {
    context.skip(spawnSync('sha256sum', ['--version']).error !== undefined, 'sha256sum is not installed');
    const root = makeRoot({ [name]: 'x' });
    const [line] = parseManifest(await read(root));
    const printed = execFileSync('sha256sum', [`./${name}`], { cwd: root, encoding: 'utf8' });
    if (printed !== `${hash('x')}  ./${name}\n`) expect(line?.kind).toBe('f');
    expect(line?.path).toBe(`./${name}`);
  },
);

test('a file larger than what is read at once has the hash of all of it', async () => {
  const content = Buffer.alloc((1 << 20) + 17, 'abcdefg');
  const root = makeRoot();
  writeFileSync(join(root, 'large'), content);
  expect((await read(root)).entries).toEqual([expect.objectContaining({ hash: hash(content), size: content.length })]);
});

test('a folder that its owner may not write to becomes one that can go again', async () => {
  const root = makeRoot({ 'a/b': 'x' });
  chmodSync(join(root, 'a'), 0o555);
  try {
    expect((await read(root)).entries[0]?.mode).toBe(0o755);
  } finally {
    chmodSync(join(root, 'a'), 0o755);
  }
});

test('bits besides those of permission are left behind', async () => {
  const root = makeRoot({ a: 'x' });
  chmodSync(join(root, 'a'), 0o4755);
  expect((await read(root)).entries[0]?.mode).toBe(0o755);
});

test('a root that is reached over a link is read as what it leads to', async () => {
  const root = makeRoot({ 'a/b': 'x' });
  symlinkSync('a/b', join(root, 'link'));
  symlinkSync('root', `${root}-link`);
  expect((await read(`${root}-link`)).manifestHash).toBe((await read(root)).manifestHash);
});

test.each(['b', './b', 'd/../b', 'd', '.', 'nothing/there', 'd/c', 'back/b'])(
  'a link to %j stays in the folder and is kept as it is',
  async (target) => {
    const root = makeRoot({ b: 'x', 'd/c': 'x' });
    symlinkSync('d/..', join(root, 'back'));
    symlinkSync(target, join(root, 'link'));
    expect((await read(root)).entries).toContainEqual(
      expect.objectContaining({ path: 'link', kind: 'link', target, hash: hash(target) }),
    );
  },
);

test.each([
  '/etc',
  '/etc/passwd',
  '/nothing/there',
  '..',
  '../',
  '../beside',
  'd/../../beside',
  '../root/b',
  'd/../..',
])('a link to %j leads out and is refused', async (target) => {
  const root = makeRoot({ b: 'x', 'd/c': 'x' });
  symlinkSync(target, join(root, 'link'));
  const { message } = await readProblem(root);
  expect(message).toContain(`"link" is a link that leads out of the folder, to "${target}"`);
});

test('a link in a nested folder may lead up to the root and no further', async () => {
  const root = makeRoot({ 'a/b/c': 'x' });
  symlinkSync('../..', join(root, 'a/b/root'));
  symlinkSync('../../..', join(root, 'a/b/out'));
  const { message } = await readProblem(root);
  expect(message).toContain('"a/b/out" is a link that leads out');
  expect(message).not.toContain('"a/b/root"');
});

test('an absolute link is refused even if it leads into the folder, which is elsewhere on a host', async () => {
  const root = makeRoot({ b: 'x' });
  symlinkSync(join(root, 'b'), join(root, 'link'));
  expect((await readProblem(root)).message).toContain('"link" is a link that leads out');
});

// By its words `d/up/../beside` is `d/beside`, but `d/up` is the root.
test('a link that leaves through another link is refused', async () => {
  const root = makeRoot({ 'd/c': 'x' });
  writeFileSync(join(dirname(root), 'beside'), 'x');
  symlinkSync('..', join(root, 'd/up'));
  symlinkSync('d/up/../beside', join(root, 'link'));
  const { message } = await readProblem(root);
  expect(message).toContain('"link" is a link that leads out');
  expect(message).not.toContain('"d/up"');
});

// On the host it may be there.
test('a link that leaves through another link to what is missing here is refused', async () => {
  const root = makeRoot({ 'd/c': 'x' });
  symlinkSync('..', join(root, 'd/up'));
  symlinkSync('d/up/../missing', join(root, 'link'));
  expect((await readProblem(root)).message).toContain('"link" is a link that leads out');
});

test('a folder whose name begins as that of the root does is outside of it', async () => {
  const root = makeRoot({ 'd/c': 'x' });
  mkdirSync(`${root}-2`);
  symlinkSync('..', join(root, 'd/up'));
  symlinkSync('d/up/../root-2', join(root, 'link'));
  expect((await readProblem(root)).message).toContain('"link" is a link that leads out');
});

test('names of links and folders that begin with two dots lead nowhere', async () => {
  const root = makeRoot({ '..a/b': 'x' });
  symlinkSync('..a', join(root, '...'));
  expect(listPaths(await read(root))).toEqual(['...', '..a', '..a/b']);
});

test('a link whose target is not UTF-8 is refused, and not sent as one to somewhere else', async () => {
  const root = makeRoot({ b: 'x' });
  symlinkSync(Buffer.from([0x61, 0xff]), join(root, 'link'));
  expect((await readProblem(root)).message).toContain('"link"');
});

test('a FIFO is refused, and not waited for', async (context) => {
  const root = makeRoot({ b: 'x' });
  context.skip(spawnSync('mkfifo', [join(root, 'pipe')]).status !== 0, 'mkfifo is not installed');
  expect((await readProblem(root)).message).toContain('"pipe" is a device, a FIFO or a socket');
});

function addOddFile(root: string, context: TestContext): void {
  try {
    writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0x61, 0xff])]), 'x');
  } catch {
    context.skip('the file system here takes no name that is not UTF-8');
  }
}

test('a name that is not UTF-8 is refused', async (context) => {
  const root = makeRoot({ b: 'x' });
  addOddFile(root, context);
  expect((await readProblem(root)).message).toContain('has a name that is not UTF-8');
});

test('a name that is not UTF-8 can be left out', async (context) => {
  const root = makeRoot({ b: 'x', '.outlastignore': 'a*' });
  addOddFile(root, context);
  expect(listPaths(await read(root))).toEqual(['.outlastignore', 'b']);
});

test('a file that cannot be read is refused, unless by whom everything can be read', async () => {
  const root = makeRoot({ b: 'x' });
  addFile(root, 'locked', 'x', 0o000);
  if (isRoot)
    expect((await read(root)).entries).toContainEqual(expect.objectContaining({ path: 'locked', mode: 0o400 }));
  else expect((await readProblem(root)).message).toContain('"locked" cannot be read: EACCES');
});

test('a folder that cannot be read is refused, unless by whom everything can be read', async () => {
  const root = makeRoot({ b: 'x', 'locked/c': 'x' });
  chmodSync(join(root, 'locked'), 0o000);
  try {
    if (isRoot) expect(listPaths(await read(root))).toEqual(['b', 'locked', 'locked/c']);
    else expect((await readProblem(root)).message).toContain('"locked" cannot be read: EACCES');
  } finally {
    chmodSync(join(root, 'locked'), 0o755);
  }
});

test('a folder that is missing is refused', async () => {
  const error = await readProblem(join(folder, 'missing'));
  expect(error.message).toContain('there is no folder');
  expect(error.message).toContain('missing');
});

test('a file in the place of a folder is refused', async () => {
  const root = makeRoot({ b: 'x' });
  expect((await readProblem(join(root, 'b'))).message).toContain('this is no folder: ');
});

test.each([
  ['nothing in it', {}],
  ['only what is left out in it', { '.gitignore': '*', a: 'x' }],
  ['only .git in it', { '.git/config': 'x' }],
])('a folder with %s is refused', async (_, files) => {
  expect((await readProblem(makeRoot(files as Record<string, string>))).message).toContain(
    'there is no file to deploy',
  );
});

test('a folder of empty folders and links is refused', async () => {
  const root = makeRoot();
  mkdirSync(join(root, 'a'));
  symlinkSync('a', join(root, 'b'));
  expect((await readProblem(root)).message).toContain('there is no file to deploy');
});

test('an empty folder beside files is kept', async () => {
  const root = makeRoot({ b: 'x' });
  mkdirSync(join(root, 'a'));
  expect(listPaths(await read(root))).toEqual(['a', 'b']);
});

test('tells the first five problems, and how many more there are', async () => {
  const root = makeRoot({ b: 'x' });
  for (let number = 1; number <= 7; number++) symlinkSync('/etc', join(root, `link-${number}`));
  const { message } = await readProblem(root);
  expect(message.match(/leads out/g)).toHaveLength(5);
  expect(message).toMatch(/; and 2 more$/);
});

test('what is excluded is left out, and only there', async () => {
  const root = makeRoot({ 'outlast.yml': 'x', 'a/outlast.yml': 'x', 'secrets/key': 'x', b: 'x' });
  const tree = await read(root, { excluded: [join(root, 'outlast.yml'), join(root, 'secrets')] });
  expect(listPaths(tree)).toEqual(['a', 'a/outlast.yml', 'b']);
});

test('what is ignored is left out, and whatever it is does not matter', async () => {
  const root = makeRoot({
    '.gitignore': 'out\n*.log\n',
    'a/.outlastignore': 'c/',
    'a/b.log': 'x',
    'a/c/d': 'x',
    e: 'x',
  });
  symlinkSync('/etc', join(root, 'out'));
  expect(listPaths(await read(root))).toEqual(['.gitignore', 'a', 'a/.outlastignore', 'e']);
});

test('.git is left out wherever it is', async () => {
  const root = makeRoot({ '.git/config': 'x', 'a/.git': 'gitdir: ..', '.gitignore': '', 'a/b': 'x' });
  expect(listPaths(await read(root))).toEqual(['.gitignore', 'a', 'a/b']);
});

test.each<[string, (root: string) => void]>([
  ['the content of a file', (root) => writeFileSync(join(root, 'a/file'), 'y')],
  ['the mode of a file', (root) => chmodSync(join(root, 'a/file'), 0o600)],
  ['the mode of a folder', (root) => chmodSync(join(root, 'a'), 0o700)],
  ['the name of a file', (root) => renameSync(join(root, 'a/file'), join(root, 'a/file2'))],
  ['a file more', (root) => addFile(root, 'b', '')],
  ['an empty folder more', (root) => mkdirSync(join(root, 'b'))],
  [
    'where a link leads to',
    (root) => {
      rmSync(join(root, 'link'));
      symlinkSync('a/fil', join(root, 'link'));
    },
  ],
  [
    'a file in the place of a link',
    (root) => {
      rmSync(join(root, 'link'));
      addFile(root, 'link', 'a/file', 0o777);
    },
  ],
])('the hash of the manifest changes with %s', async (_, change) => {
  const root = makeRoot({ 'a/file': 'x' });
  chmodSync(join(root, 'a'), 0o755);
  symlinkSync('a/file', join(root, 'link'));
  const { manifestHash } = await read(root);
  change(root);
  expect((await read(root)).manifestHash).not.toBe(manifestHash);
});

test('the hash of the manifest does not change with times', async () => {
  const root = makeRoot({ 'a/file': 'x' });
  const { manifestHash } = await read(root);
  utimesSync(join(root, 'a/file'), 1, 1);
  utimesSync(join(root, 'a'), 1, 1);
  expect((await read(root)).manifestHash).toBe(manifestHash);
});

/** More than can be hashed in a moment: reading it all takes several times as long as nobody is listened to. */
function makeManyFiles(): string {
  const root = makeRoot();
  for (let number = 0; number < 500; number++) {
    writeFileSync(join(root, `file-${number}`), '');
    // A file of blocks that are not there costs no disk.
    truncateSync(join(root, `file-${number}`), 1 << 20);
  }
  return root;
}

test.each([
  ['the error it is aborted with', new OutlastError('E_SKIPPED', 'interrupted')],
  ['the error of an abort without one', undefined],
])('aborting gives up on a folder with many files, with %s', async (_, reason) => {
  const root = makeManyFiles();
  const controller = new AbortController();
  const reading = read(root, { signal: controller.signal });
  controller.abort(reason);
  await expect(reading).rejects.toBe(controller.signal.reason);
});
