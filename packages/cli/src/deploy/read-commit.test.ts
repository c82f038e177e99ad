import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { readCommit } from './read-commit.js';

const folder = mkdtempSync(join(tmpdir(), 'outlast-read-commit-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const hasGit = spawnSync('git', ['--version']).error === undefined;

beforeEach((context) => {
  context.skip(!hasGit, 'git is not installed');
});

function runGit(root: string, ...args: string[]): string {
  // What somebody has set for git on this machine must not decide.
  const env = { PATH: process.env.PATH, HOME: folder, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
  const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com'];
  return execFileSync('git', ['-C', root, ...identity, ...args], { env, encoding: 'utf8' }).trim();
}

function makeRepository(): string {
  const root = mkdtempSync(join(folder, 'repository-'));
  runGit(root, 'init', '-q');
  mkdirSync(join(root, 'app'));
  writeFileSync(join(root, 'app/file'), 'x');
  runGit(root, 'add', '.');
  runGit(root, 'commit', '-q', '-m', 'first');
  return root;
}

test('a folder outside of git has no commit', async () => {
  expect(await readCommit(mkdtempSync(join(folder, 'plain-')))).toBeNull();
});

test('a folder that is missing has no commit', async () => {
  expect(await readCommit(join(folder, 'missing'))).toBeNull();
});

test('a repository without a commit has none', async () => {
  const root = mkdtempSync(join(folder, 'empty-'));
  runGit(root, 'init', '-q');
  expect(await readCommit(root)).toBeNull();
});

test('a clean repository has the beginning of the hash of its commit, also in a folder of it', async () => {
  const root = makeRepository();
  const commit = runGit(root, 'rev-parse', 'HEAD').slice(0, 12);
  expect(commit).toMatch(/^[0-9a-f]{12}$/);
  expect(await readCommit(root)).toBe(commit);
  expect(await readCommit(join(root, 'app'))).toBe(commit);
});

test('a tag does not take the place of the hash', async () => {
  const root = makeRepository();
  runGit(root, 'tag', '-a', 'deadbeef', '-m', 'a name like a hash');
  expect(await readCommit(root)).toBe(runGit(root, 'rev-parse', 'HEAD').slice(0, 12));
});

test.each([
  ['changed', (root: string) => writeFileSync(join(root, 'app/file'), 'y')],
  ['staged', (root: string) => stage(root)],
  ['removed', (root: string) => rmSync(join(root, 'app/file'))],
])('what is %s is told', async (_, change) => {
  const root = makeRepository();
  change(root);
  expect(await readCommit(root)).toBe(`${runGit(root, 'rev-parse', 'HEAD').slice(0, 12)}-dirty`);
});

function stage(root: string): void {
  writeFileSync(join(root, 'app/new'), 'y');
  runGit(root, 'add', '.');
}

test('where git is not installed there is no commit', async () => {
  const root = makeRepository();
  const path = process.env.PATH;
  process.env.PATH = join(folder, 'no-programs');
  try {
    expect(await readCommit(root)).toBeNull();
  } finally {
    process.env.PATH = path;
  }
});
