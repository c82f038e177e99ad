import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Laptop, runProgram, varyHost } from '@outlast/test-fixtures';
import { describe, expect, test } from 'vitest';
import { readDocument } from '../document-schema.js';
import { addLaptop, useLab } from '../program-lab.js';

const lab = useLab(['web1']);
const NAMES = Array.from({ length: 30 }, (_, index) => `host${index}`);

/** The argv of a program that may have so many files open. */
const limitFiles = (openFiles: number, argv: readonly string[]) => [
  ...['/bin/sh', '-c', `ulimit -n ${openFiles} && exec "$@"`, 'sh'],
  ...argv,
];

/** Asks all hosts at the same time with a program that may have so many files open. */
async function askWithFewFiles(laptop: Laptop, openFiles: number, flags: readonly string[]) {
  const argv = laptop.argvOf(['status', '--json', '-H', NAMES.join(','), '--parallel', '30', ...flags]);
  const { home: cwd } = laptop;
  const TMPDIR = join(cwd, 't');
  await mkdir(TMPDIR);
  const env = { ...laptop.env, TMPDIR };
  const result = await runProgram(limitFiles(openFiles, argv), { env, cwd, timeoutMs: 55_000 });
  return { ...result, leftovers: await readdir(TMPDIR), document: readDocument('status', result.stdout) };
}

describe('where the laptop may open fewer files than its hosts need at once, fewer are done at once', () => {
  test.each([
    ['ssh2', 80, () => []],
    ['openssh', 80, () => ['--transport', 'openssh']],
    ['a ProxyCommand', 80, (config: string) => ['-o', `ProxyCommand=ssh -F ${config} -W %h:%p host0`]],
  ])('over %s', async (_name, openFiles, buildFlags) => {
    const laptop = await addLaptop(NAMES.map((alias) => varyHost(lab.host(), { alias })));
    const told = await askWithFewFiles(laptop, openFiles, buildFlags(laptop.sshConfig));
    expect(told.document.outcomes.map(({ host }) => host)).toEqual(NAMES);
    expect(told.document.outcomes.flatMap(({ error }) => error ?? [])).toEqual([]);
    expect(told.exitCode).toBe(0);
    expect(told.stderr).toMatch(/80 files may be open \(ulimit -n\): [0-9]+ hosts are done at the same time, not 30/);
    expect(told.leftovers).toEqual([]);
    expect(told.stderr).not.toMatch(/^ +at /m);
  });
});

test('more hosts than files may be open for are not followed at once, and that is said before anything is sent', async () => {
  const argv = lab.laptop.argvOf(['logs', '-f', '-H', 'web[1-40]']);
  const { exitCode, stderr } = await lab.laptop.run(limitFiles(80, argv));
  expect(stderr).toMatch(
    /^error: this laptop may open 80 files, and 40 hosts at once take 120\n +→ .*ulimit -n 120.* 20 hosts/,
  );
  expect(exitCode).toBe(2);
});

test.each([20, 26])('fewer files than the program itself needs are told in a word: %i', async (openFiles) => {
  const { exitCode, stdout, stderr } = await lab.laptop.run(
    limitFiles(openFiles, lab.laptop.argvOf(['status', '-H', 'web1'])),
  );
  expect(stderr).toBe('error: too few files may be open here for outlast\n  → ulimit -n 256\n');
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
});
