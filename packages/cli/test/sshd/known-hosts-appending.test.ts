import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProgram } from '@outlast/test-fixtures';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { parseKnownHosts } from '../../src/ssh/host-keys/known-hosts-file.js';
import { useLab } from '../program-lab.js';

const lab = useLab(['web1']);
const folder = mkdtempSync(join(tmpdir(), 'outlast-appending-'));
const file = join(folder, 'known_hosts');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const COUNT = 200;
const KEY = `ssh-ed25519 ${Buffer.from(`\0\0\0\vssh-ed25519\0\0\0 ${'k'.repeat(32)}`).toString('base64')}`;
const MODULE = fileURLToPath(new URL('../../dist/ssh/host-keys/append-known-host.js', import.meta.url));
// Waits until all of them are there, so that they really meet, then appends name after name.
const APPEND = `
  import { readdirSync, writeFileSync } from 'node:fs';
  const [module, folder, base64, client, count, clients] = process.argv.slice(1);
  const { appendKnownHost } = await import(module);
  writeFileSync(folder + '/ready-' + client, '');
  const isReady = (name) => name.startsWith('ready-');
  while (readdirSync(folder).filter(isReady).length < Number(clients)) await new Promise(setImmediate);
  for (let number = 0; number < Number(count); number++) {
    const host = { name: client + '-' + number, key: Buffer.from(base64, 'base64'), hashed: false };
    await appendKnownHost(folder + '/known_hosts', host);
  }`;

/** Lets one process out of so many append that many names to a file that may have `limit` blocks of 512 bytes. */
function append(client: string, count: number, clients = 1, limit = 'unlimited') {
  const words = [MODULE, folder, KEY.split(' ')[1] ?? '', client, String(count), String(clients)];
  const node = [process.execPath, '--input-type=module', '-e', APPEND, ...words];
  return runProgram(['sh', '-c', `ulimit -f ${limit}; exec "$@"`, 'sh', ...node]);
}

function read() {
  const text = readFileSync(file, 'latin1');
  const { entries, broken } = parseKnownHosts(text, file);
  return { text, names: entries.map(({ patterns }) => patterns).toSorted(), broken };
}

describe('processes that append at the same time', () => {
  beforeEach(() => writeFileSync(file, `# no entry yet\nfirst ${KEY}`, { mode: 0o640 }));

  test('lose nothing and glue nothing, though the last line had no newline', async () => {
    const clients = ['a', 'b', 'c', 'd'];
    const ended = await Promise.all(clients.map((client) => append(client, COUNT, clients.length)));
    expect(ended.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual(clients.map(() => [0, '']));
    const { text, names, broken } = read();
    const numbers = Array.from({ length: COUNT }, (_, number) => number);
    const added = clients.flatMap((client) => numbers.map((number) => `${client}-${number}`));
    expect(names).toEqual(['first', ...added].toSorted());
    expect([broken, text.at(-1)]).toEqual([[], '\n']);
    expect(statSync(file).mode & 0o777).toBe(0o640);
    // That they met shows in the order.
    const order = [...text.matchAll(/^([a-d])-/gm)].map(([, client]) => client);
    expect(order.filter((client, index) => client !== order[index - 1]).length).toBeGreaterThan(clients.length);
  });

  test('are told when there was room for a part of the line only, which the next one does not glue itself to', async () => {
    writeFileSync(file, `first ${KEY}\n${'#'.repeat(1_024 - KEY.length - 40)}\n`);
    const { stderr, exitCode } = await append('cut', 1, 1, '2');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('only a part of the line could be written')]);
    expect(read()).toMatchObject({ names: ['first'], broken: [{ line: 3 }] });
    await append('next', 1);
    expect(read()).toMatchObject({ names: ['first', 'next-0'], broken: [{ line: 3 }] });
  });
});

test('several programs that meet a host for the first time leave one sound line each', async () => {
  const { knownHosts } = lab.laptop;
  writeFileSync(knownHosts, `first ${KEY}`, { mode: 0o600 });
  const aliases = ['one', 'two', 'three', 'four'];
  const accept = ['-o', 'StrictHostKeyChecking=accept-new', '-o', 'HashKnownHosts=no'];
  const ended = await Promise.all(
    aliases.map((alias) => lab.run(['status', '-H', 'web1', ...accept, '-o', `HostKeyAlias=${alias}`])),
  );
  expect(ended.map(({ exitCode }) => exitCode)).toEqual(aliases.map(() => 0));
  const { entries, broken } = parseKnownHosts(readFileSync(knownHosts, 'latin1'), knownHosts);
  expect(entries.map(({ patterns }) => patterns).toSorted()).toEqual(['first', ...aliases].toSorted());
  expect(broken).toEqual([]);
});
