import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createSeededRandom, type SeededRandom } from '@outlast/test-fixtures';
import { afterAll, expect, test } from 'vitest';
import { createIgnoreRules } from './ignore-rules.js';

const folder = mkdtempSync(join(tmpdir(), 'outlast-ignore-rules-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const hasGit = spawnSync('git', ['--version']).error === undefined;

/** Makes a folder of files, by their path; an `undefined` content stands for any. */
function makeTree(files: Readonly<Record<string, string | undefined>>): string {
  const root = mkdtempSync(join(folder, 'tree-'));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content ?? 'x');
  }
  return root;
}

interface Walked {
  readonly keptFiles: string[];
  readonly keptFolders: string[];
  readonly ignored: string[];
}

/** Asks as a walk does: the rules of a folder first, then for what is in it, and never below what is left out. */
function walk(root: string): Walked {
  const rules = createIgnoreRules(root);
  const walked: Walked = { keptFiles: [], keptFolders: [], ignored: [] };
  const enter = (below: string) => {
    rules.enter(below);
    for (const entry of readdirSync(join(root, below), { withFileTypes: true })) {
      const path = join(below, entry.name);
      if (rules.isIgnored(path, entry.isDirectory())) walked.ignored.push(path);
      else if (!entry.isDirectory()) walked.keptFiles.push(path);
      else {
        walked.keptFolders.push(path);
        enter(path);
      }
    }
  };
  enter('');
  return walked;
}

/** The kept files without those that hold the rules. */
function listKept(files: Readonly<Record<string, string | undefined>>): string[] {
  return walk(makeTree(files))
    .keptFiles.filter((path) => !path.endsWith('ignore'))
    .sort();
}

test('keeps everything where there are no rules', () => {
  expect(listKept({ 'a.txt': undefined, 'b/c.log': undefined, 'b/.hidden': undefined })).toEqual([
    'a.txt',
    'b/.hidden',
    'b/c.log',
  ]);
});

test('the files with the rules are kept themselves', () => {
  const { keptFiles } = walk(makeTree({ '.gitignore': 'x', '.outlastignore': 'y', 'a/.gitignore': 'z' }));
  expect(keptFiles.sort()).toEqual(['.gitignore', '.outlastignore', 'a/.gitignore']);
});

test.each(['.gitignore', '.outlastignore'])('a rule of %s counts in every folder below it', (name) => {
  expect(listKept({ [name]: '*.log', 'a.log': undefined, 'b/c.log': undefined, 'b/d.txt': undefined })).toEqual([
    'b/d.txt',
  ]);
});

test.each(['.gitignore', '.outlastignore'])('a rule of a nested %s counts for nothing beside or above it', (name) => {
  const files = { [`b/${name}`]: '*.log', 'a.log': undefined, 'b/c/d.log': undefined, 'bb/e.log': undefined };
  expect(listKept(files)).toEqual(['a.log', 'bb/e.log']);
});

test.each(['.gitignore', '.outlastignore'])('of two rules in %s files the one in the deeper folder wins', (name) => {
  const files = {
    [name]: '*.log\n!keep.txt',
    [`b/${name}`]: '!*.log\nkeep.txt',
    'a.log': undefined,
    'keep.txt': undefined,
    'b/a.log': undefined,
    'b/c/a.log': undefined,
    'b/keep.txt': undefined,
  };
  expect(listKept(files)).toEqual(['b/a.log', 'b/c/a.log', 'keep.txt']);
});

test('of two rules in one file the later one wins', () => {
  const files = { 'a.log': undefined, 'keep.log': undefined };
  expect(listKept({ '.gitignore': '*.log\n!keep.log', ...files })).toEqual(['keep.log']);
  expect(listKept({ '.gitignore': '!keep.log\n*.log', ...files })).toEqual([]);
});

test('a rule with a slash behind it is about folders only', () => {
  const files = { '.gitignore': 'build/', 'build/a': undefined, 'b/build': undefined, 'c/d/build/e': undefined };
  expect(listKept(files)).toEqual(['b/build']);
});

test('a rule with a slash before it is about its own folder only', () => {
  const files = {
    '.gitignore': '/x',
    'b/.gitignore': '/y',
    x: undefined,
    y: undefined,
    'b/x': undefined,
    'b/y': undefined,
    'b/c/y': undefined,
  };
  expect(listKept(files)).toEqual(['b/c/y', 'b/x', 'y']);
});

test('comments, blank lines and escaped signs are read as git does', () => {
  const files = { '.gitignore': '# a\n\n\\#b\n\\!c\n', a: undefined, '#b': undefined, '!c': undefined };
  expect(listKept(files)).toEqual(['a']);
});

test('capital and small letters are not the same', () => {
  const files = { '.gitignore': 'build/\n*.log', 'Build/a': undefined, 'b.LOG': undefined, 'c.log': undefined };
  expect(listKept(files)).toEqual(['Build/a', 'b.LOG']);
});

test('.outlastignore wins over .gitignore of the same folder', () => {
  const files = {
    '.gitignore': '*.log\n!b.txt',
    '.outlastignore': '!a.log\nb.txt',
    'a.log': undefined,
    'b.txt': undefined,
    'c.log': undefined,
  };
  expect(listKept(files)).toEqual(['a.log']);
});

test('.outlastignore wins over .gitignore in a deeper folder', () => {
  const files = {
    '.outlastignore': '!a.log\nb.txt',
    'd/.gitignore': '*.log\n!b.txt',
    'd/a.log': undefined,
    'd/b.txt': undefined,
    'd/c.log': undefined,
  };
  expect(listKept(files)).toEqual(['d/a.log']);
});

test('a folder that .outlastignore takes back from .gitignore is kept with what is in it', () => {
  const files = { '.gitignore': 'dist/', '.outlastignore': '!dist/', 'dist/a.js': undefined, 'dist/b/c.js': undefined };
  expect(listKept(files)).toEqual(['dist/a.js', 'dist/b/c.js']);
});

test('a folder that a deeper .gitignore takes back is kept with what is in it', () => {
  const files = { '.gitignore': 'dist', 'a/.gitignore': '!dist', 'a/dist/b.js': undefined, 'dist/c.js': undefined };
  expect(listKept(files)).toEqual(['a/dist/b.js']);
});

test('rules above it count within a git repository, but for the folder itself', () => {
  const root = makeTree({
    '.gitignore': '*.log\n/app/secret\napp/\n!kept.log\n.env',
    'inner/.gitignore': '*.tmp',
    'app/a.log': undefined,
    'app/kept.log': undefined,
    'app/secret': undefined,
    'app/.env': undefined,
    'app/b.txt': undefined,
    'inner/app/.gitignore': '!.env',
    'inner/app/a.tmp': undefined,
    'inner/app/.env': undefined,
    'inner/app/secret': undefined,
    'inner/app/b.log': undefined,
  });
  const listBelow = (path: string) => walk(join(root, path)).keptFiles.sort();
  expect(listBelow('app')).toEqual(['.env', 'a.log', 'b.txt', 'kept.log', 'secret']);
  mkdirSync(join(root, '.git'));
  expect(listBelow('app')).toEqual(['b.txt', 'kept.log']);
  expect(listBelow('inner/app')).toEqual(['.env', '.gitignore', 'secret']);
});

test('.git is never part of it, as a folder or a file, whatever the rules say', () => {
  const files = {
    '.outlastignore': '!.git\n!.git/**',
    '.git/config': undefined,
    'module/.git': undefined,
    '.github/workflow': undefined,
    'a.git': undefined,
    '.gitattributes': undefined,
  };
  expect(listKept(files)).toEqual(['.gitattributes', '.github/workflow', 'a.git']);
});

function runGit(root: string, args: readonly string[], input = ''): string[] {
  // What somebody has set for git on this machine must not decide.
  const env = { PATH: process.env.PATH, HOME: folder, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
  const { status, stdout, stderr } = spawnSync('git', ['-C', root, ...args], { env, input, encoding: 'utf8' });
  // `check-ignore` ends with 1 where nothing is ignored.
  if (status !== 0 && status !== 1) throw new Error(`git ${args.join(' ')}: ${stderr}`);
  return stdout.split('\0').filter((path) => path !== '');
}

/** What git says of what a walk has asked for. */
function askGit(root: string, walked: Walked): Pick<Walked, 'keptFiles' | 'ignored'> {
  runGit(root, ['init', '-q']);
  const keptFiles = runGit(root, ['ls-files', '-z', '--others', '--exclude-standard']).sort();
  const asked = [...walked.keptFiles, ...walked.keptFolders, ...walked.ignored].join('\0');
  return { keptFiles, ignored: runGit(root, ['check-ignore', '--no-index', '-z', '--stdin'], asked).sort() };
}

const NAMES = ['a', 'b', 'c', 'build', 'a.log', 'b.txt', 'ab', '.env', 'x y', '-f', 'é'];
const PATTERNS = [...NAMES, '*.log', 'a*', '*', 'a?', '[ab]', '**/b', 'a/**', 'a/b', 'a/**/b', 'b/*', '.*', '*/c'];

function drawRules(random: SeededRandom): string {
  const drawRule = () =>
    `${random.chance(0.35) ? '!' : ''}${random.chance(0.2) ? '/' : ''}${random.pick(PATTERNS)}${random.chance(0.25) ? '/' : ''}`;
  return `${Array.from({ length: random.integer(1, 4) }, drawRule).join('\n')}\n`;
}

function drawTree(random: SeededRandom): Record<string, string> {
  const files: Record<string, string> = {};
  const fill = (below: string, depth: number) => {
    if (random.chance(0.5)) files[join(below, '.gitignore')] = drawRules(random);
    for (const name of NAMES) {
      if (!random.chance(0.5)) continue;
      if (depth < 3 && random.chance(0.5)) fill(join(below, name), depth + 1);
      else files[join(below, name)] = 'x';
    }
  };
  fill('', 0);
  return files;
}

test.for(Array.from({ length: 12 }, (_, seed) => seed))(
  'of a random tree (%i) the same is kept as git does',
  (seed, context) => {
    context.skip(!hasGit, 'git is not installed');
    const root = makeTree(drawTree(createSeededRandom(`ignore-rules-${seed}`)));
    const walked = walk(root);
    walked.keptFiles.sort();
    walked.ignored.sort();
    const { keptFiles, ignored } = walked;
    expect({ keptFiles, ignored }).toEqual(askGit(root, walked));
  },
);
