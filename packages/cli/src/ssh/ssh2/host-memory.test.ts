import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createHostMemory, type HostRecord } from './host-memory.js';

const RECORD: HostRecord = {
  server: 'OpenSSH_9.2p1',
  ahead: 'program',
  identity: 'SHA256:x',
  choice: 'c',
  doubts: 0,
  doubted: 0,
};

async function makePath(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'outlast-memory-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return join(folder, 'deep', 'connections.json');
}

async function remember(path: string, host: string, record = RECORD): Promise<void> {
  const memory = createHostMemory(path);
  await memory.load();
  memory.note(host, record);
  await memory.save();
}

async function recall(path: string, host: string): Promise<HostRecord | undefined> {
  const memory = createHostMemory(path);
  await memory.load();
  return memory.recall(host);
}

test('what one run learns, the next one knows, and nobody else', async () => {
  const path = await makePath();
  await remember(path, 'me@web1');
  expect(await recall(path, 'me@web1')).toEqual(RECORD);
  expect(await recall(path, 'me@web2')).toBeUndefined();
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test('runs at the same time keep what the others learnt', async () => {
  const path = await makePath();
  const [one, other] = [createHostMemory(path), createHostMemory(path)];
  await Promise.all([one.load(), other.load()]);
  one.note('me@web1', RECORD);
  other.note('me@web2', RECORD);
  await one.save();
  await other.save();
  expect([await recall(path, 'me@web1'), await recall(path, 'me@web2')]).toEqual([RECORD, RECORD]);
});

test('is not written where nothing is new', async () => {
  const path = await makePath();
  await remember(path, 'me@web1');
  await writeFile(path, (await readFile(path, 'utf8')).replace('{', '{ '));
  await remember(path, 'me@web1', { ...RECORD });
  expect(await readFile(path, 'utf8')).toMatch(/^\{ /);
});

test.each(['', '{', 'null', '[]', '{"hosts":null}', '{"hosts":[1]}', '{"hosts":{"me@web1":null}}'])(
  'a file that holds %j counts as none',
  async (text) => {
    const path = await makePath();
    await remember(path, 'me@web1');
    await writeFile(path, text);
    expect(await recall(path, 'me@web1')).toBeUndefined();
    await remember(path, 'me@web2');
    expect(await recall(path, 'me@web2')).toEqual(RECORD);
  },
);

test.each([
  { ahead: 'everything' },
  { server: 1 },
  { doubts: 'many' },
  { doubted: undefined },
  { identity: undefined },
])('a record with %j counts as none', async (change) => {
  const path = await makePath();
  await remember(path, 'me@web1', { ...RECORD, ...change } as HostRecord);
  expect(await recall(path, 'me@web1')).toBeUndefined();
});

test('a folder that cannot be written fails no run', async () => {
  await expect(remember('/dev/null/connections.json', 'me@web1')).resolves.toBeUndefined();
});

test('keeps the ten thousand hosts that were met last', async () => {
  const path = await makePath();
  const memory = createHostMemory(path);
  for (let host = 0; host <= 10_000; host++) memory.note(`me@host${host}`, RECORD);
  await memory.save();
  expect(await recall(path, 'me@host0')).toBeUndefined();
  expect(await recall(path, 'me@host1')).toEqual(RECORD);
  expect(await recall(path, 'me@host10000')).toEqual(RECORD);
});
