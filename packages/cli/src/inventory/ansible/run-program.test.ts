import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isGone, waitFor } from '@outlast/test-fixtures';
import { afterAll, expect, test } from 'vitest';
import { type InventoryProgram, runInventoryProgram } from './run-program.js';

const folder = mkdtempSync(join(tmpdir(), 'outlast-program-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let programs = 0;

function run(script: string, more: Partial<InventoryProgram> = {}): Promise<string> {
  const path = join(folder, `list-${programs++}`);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  const signal = new AbortController().signal;
  return runInventoryProgram({ path, name: 'list', env: process.env, cwd: folder, signal, ...more }, ['--list']);
}

/** A script that notes a child of its own and waits with it. */
const lingering = (note: string): string => `sleep 600 & echo $! > ${note}.new; mv ${note}.new ${note}; wait`;

async function expectChildEnded(note: string): Promise<void> {
  const pid = Number(readFileSync(join(folder, note), 'utf8'));
  await waitFor(() => isGone(pid), { what: 'the end of the child' });
}

test('a program reads nothing, and is given its arguments by themselves', async () => {
  expect(await run('cat; printf "%s|" "$@"')).toBe('--list|');
});

test('one that takes too long ends with its children', async () => {
  const running = run(lingering('late'), { timeoutMs: 2_000 });
  await expect(running).rejects.toMatchObject({ code: 'E_CONFIG', message: expect.stringContaining('within 2 s') });
  await expectChildEnded('late');
});

test('Ctrl-C ends it with its children, and is what becomes of the run', async () => {
  const interrupt = new AbortController();
  const running = run(lingering('interrupted'), { signal: interrupt.signal });
  const outcome = expect(running).rejects.toThrow('interrupted');
  await waitFor(() => existsSync(join(folder, 'interrupted')), { what: 'the child' });
  interrupt.abort(new Error('interrupted'));
  await outcome;
  await expectChildEnded('interrupted');
});

test('one that prints more than there is room for is stopped', async () => {
  await expect(run('head -c 2000000 /dev/zero', { mostBytes: 1_048_576 })).rejects.toThrow('prints more than 1 MiB');
});

test('a child that it leaves behind ends with it', async () => {
  expect(await run('sleep 600 >/dev/null 2>&1 & echo $! > left; echo {}')).toBe('{}\n');
  await expectChildEnded('left');
});
