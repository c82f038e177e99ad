import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT } from '../run-step.mjs';

const TERMINAL = 'Only packages/cli/src/output writes to the terminal';
const EXIT = 'Only packages/cli/src/bin.ts decides how the process ends';
const SSH2 = 'Only packages/cli/src/ssh and packages/test-fixtures import ssh2';
const PURE = 'packages/core has no clock, no randomness and no I/O';
const INSIDE = 'Import a package by its name, never from inside its folder';
const NODE = 'This import references a Node.js builtin module';
const CONSOLE = "Don't use console";
const LIBRARY = 'The library is no program';
const PROGRAM = 'The program does not use the library';
const CYCLE = 'This import is part of a cycle';

// The rule that must fire, the file, its source. `#` makes names unique: all of them are linted in one run.
const FORBIDDEN = [
  [SSH2, 'packages/cli/src/fleet/#.ts', "export { Client } from 'ssh2';"],
  [SSH2, 'packages/cli/src/commands/#.ts', "export const load = () => import('ssh2');"],
  [SSH2, 'packages/cli/src/output/#.ts', "export type { Client } from 'ssh2';"],
  [SSH2, 'packages/cli/test/sshd/#.test.ts', "export { SFTP } from 'ssh2/lib/protocol/SFTP.js';"],
  [TERMINAL, 'packages/cli/src/commands/#.ts', "process.stdout.write('a');"],
  [TERMINAL, 'packages/cli/src/ssh/#.ts', "process?.stderr.write('a');"],
  [TERMINAL, 'packages/cli/src/bin.ts', "globalThis.process.stderr.write('a');"],
  [TERMINAL, 'packages/core/src/#.ts', 'export const { argv, stdout } = process;'],
  [TERMINAL, 'packages/test-fixtures/src/#.ts', 'export const { stderr } = process;'],
  [TERMINAL, 'packages/cli/src/#.ts', "import { stdout } from 'node:process';\nstdout.write('a');"],
  [CONSOLE, 'packages/cli/src/output/#.ts', "console.error('a');"],
  [EXIT, 'packages/cli/src/commands/#.ts', 'process.exitCode = 1;'],
  [EXIT, 'packages/cli/src/output/#.ts', 'process.exit(1);'],
  [EXIT, 'packages/cli/src/fleet/#.ts', 'export const { env, exit } = process;'],
  [NODE, 'packages/core/src/shell/#.ts', "export { readFileSync } from 'node:fs';"],
  [PURE, 'packages/core/src/state/#.ts', 'export const now = () => Date.now();'],
  [PURE, 'packages/core/src/state/#.ts', 'export const now = () => new Date();'],
  [PURE, 'packages/core/src/wire/#.ts', 'export const nonce = () => Math.random();'],
  [INSIDE, 'packages/cli/test/sshd/#.test.ts', "export { a } from '../../../core/src/errors.js';"],
  [INSIDE, 'packages/cli/src/#.ts', "export { a } from '../../core/src/errors.js';"],
  [INSIDE, 'packages/test-fixtures/test/docker/#.test.ts', "export { a } from '../../../cli/src/bin.js';"],
  [INSIDE, 'packages/cli/src/ssh/#.ts', "export { a } from '../../../core/src/errors.js';"],
  [INSIDE, 'packages/cli/src/#.ts', "export { a } from '@outlast/core/dist/errors.js';"],
  [LIBRARY, 'packages/cli/src/library/#.ts', "export { a } from '../commands/start.js';"],
  [LIBRARY, 'packages/cli/src/library/#.ts', "export { a } from '../output/streams.js';"],
  [LIBRARY, 'packages/cli/src/library/#.ts', "export { a } from '../config/load-config.js';"],
  [LIBRARY, 'packages/cli/src/library/#.ts', "export { Command } from 'commander';"],
  [LIBRARY, 'packages/cli/src/index.ts', "export { a } from './commands/start.js';"],
  [SSH2, 'packages/cli/src/library/#.ts', "export { Client } from 'ssh2';"],
  [TERMINAL, 'packages/cli/src/library/#.ts', "process.stdout.write('a');"],
  [EXIT, 'packages/cli/src/library/#.ts', 'process.exitCode = 1;'],
  [PROGRAM, 'packages/cli/src/commands/#.ts', "export { a } from '../library/host.js';"],
  [PROGRAM, 'packages/cli/src/fleet/#.ts', "export { a } from '../index.js';"],
  [
    CYCLE,
    'packages/core/src/odd.ts',
    "import { even } from './even.js';\nexport const odd = (n) => n > 0 && even(n - 1);",
  ],
  [
    CYCLE,
    'packages/core/src/even.ts',
    "import { odd } from './odd.js';\nexport const even = (n) => n === 0 || odd(n - 1);",
  ],
].map(withUniqueName);

const ALLOWED = [
  ['packages/cli/src/ssh/#.ts', "export { Client } from 'ssh2';"],
  ['packages/cli/src/ssh/#.test.ts', "export { SFTP } from 'ssh2/lib/protocol/SFTP.js';"],
  ['packages/test-fixtures/src/#.ts', "export const load = () => import('ssh2');"],
  ['packages/cli/src/output/#.ts', "process.stdout.write('a');"],
  ['packages/cli/src/output/deep/#.ts', "import { stderr } from 'node:process';\nstderr.write('a');"],
  ['packages/cli/src/bin.ts', 'process.exitCode = 1;'],
  [
    'packages/core/src/shell/#.test.ts',
    "export { readFileSync } from 'node:fs';\nexport const now = () => Date.now();",
  ],
  ['packages/core/src/state/#.ts', 'export const format = (ms) => new Date(ms).toISOString();'],
  ['packages/cli/src/fleet/#.ts', 'export const now = () => [Date.now(), Math.random()];'],
  ['packages/cli/src/library/#.ts', "export { runFleet } from '../fleet/run-fleet.js';"],
  ['packages/cli/test/sshd/#.test.ts', "export { OutlastError } from '@outlast/core';"],
].map((row, index) => withUniqueName(['', ...row], index).slice(1));

const trees = [];
let found;

beforeAll(() => {
  found = lint(FORBIDDEN.map(([, path, source]) => [path, source]));
});

afterAll(() => {
  for (const tree of trees) rmSync(tree, { recursive: true, force: true });
});

test.each(FORBIDDEN)('%s: an error in %s: %s', (rule, path) => {
  const messages = found.filter((diagnostic) => diagnostic.location.path.endsWith(path)).map(({ message }) => message);
  expect(messages).toContainEqual(expect.stringContaining(rule));
});

test('what stands where it may is no error', () => {
  expect(lint(ALLOWED)).toEqual([]);
});

function withUniqueName([rule, path, source], index) {
  return [rule, path.replace('#', `file-${index}`), source];
}

/** The errors that biome finds in these files, in a tree of the same layout and under the same rules. */
function lint(files) {
  const tree = mkdtempSync(join(tmpdir(), 'outlast-boundaries-'));
  trees.push(tree);
  for (const path of ['biome.json', '.gitignore', 'scripts/lint'])
    cpSync(join(ROOT, path), join(tree, path), { recursive: true });
  for (const [path, source] of files) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), `${source}\n`);
  }
  const args = ['lint', '--reporter=json', '--diagnostic-level=error', '--max-diagnostics=none', 'packages'];
  const { stdout } = spawnSync(join(ROOT, 'node_modules', '.bin', 'biome'), args, { cwd: tree, encoding: 'utf8' });
  return JSON.parse(stdout).diagnostics;
}
