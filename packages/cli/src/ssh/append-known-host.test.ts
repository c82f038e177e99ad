import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { appendKnownHost } from './append-known-host.js';
import { lookupHostKeys, parseKnownHosts } from './known-hosts.js';

const folder = mkdtempSync(join(tmpdir(), 'outlast-append-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const key = Buffer.concat([Buffer.from([0, 0, 0, 11]), Buffer.from('ssh-ed25519'), Buffer.alloc(36, 1)]);

test('a missing file and folder are made for their owner alone', async () => {
  const path = join(folder, 'home', '.ssh', 'known_hosts');
  await appendKnownHost(path, { name: 'web1', key, hashed: false });
  expect(readFileSync(path, 'utf8')).toBe(`web1 ssh-ed25519 ${key.toString('base64')}\n`);
  expect([statSync(path).mode & 0o777, statSync(join(folder, 'home', '.ssh')).mode & 0o777]).toEqual([0o600, 0o700]);
});

test('a last line without newline is not glued to the new one, and the mode stays', async () => {
  const path = join(folder, 'unfinished');
  writeFileSync(path, '# no newline here', { mode: 0o644 });
  await appendKnownHost(path, { name: 'web1', key, hashed: false });
  expect(readFileSync(path, 'utf8').split('\n')).toEqual(['# no newline here', expect.stringMatching(/^web1 /), '']);
  expect(statSync(path).mode & 0o777).toBe(0o644);
});

test('a hashed name is found and cannot be read', async () => {
  const path = join(folder, 'hashed');
  await appendKnownHost(path, { name: '[web1]:2222', key, hashed: true });
  const text = readFileSync(path, 'utf8');
  expect(text).not.toContain('web1');
  expect(lookupHostKeys(parseKnownHosts(text, path).entries, '[web1]:2222')).toHaveLength(1);
});

test('many at the same time lose nothing of each other', async () => {
  const path = join(folder, 'busy');
  const names = Array.from({ length: 50 }, (_, index) => `web${index}`);
  await Promise.all(names.map((name) => appendKnownHost(path, { name, key, hashed: false })));
  const { entries, broken } = parseKnownHosts(readFileSync(path, 'utf8'), path);
  expect(entries.map(({ patterns }) => patterns).toSorted()).toEqual(names.toSorted());
  expect(broken).toEqual([]);
});
