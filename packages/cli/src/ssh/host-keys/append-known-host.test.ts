import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { appendKnownHost, formatKnownHostLine } from './append-known-host.js';
import { parseKnownHosts } from './known-hosts-file.js';
import { indexKnownHosts } from './known-hosts-index.js';

const folder = mkdtempSync(join(tmpdir(), 'outlast-append-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const lookup = (text: string, name: string) => indexKnownHosts(parseKnownHosts(text, 'kh').entries).lookup(name);
const key = Buffer.concat([Buffer.from('\0\0\0\vssh-ed25519\0\0\0 '), Buffer.alloc(32, 1)]);

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
  expect(lookup(text, '[web1]:2222')).toHaveLength(1);
});

describe('the hashing habit of a file', () => {
  const append = async (text: string, hashed = false) => {
    const path = join(folder, 'habit');
    writeFileSync(path, text);
    await appendKnownHost(path, { name: 'web1', key, hashed });
    return readFileSync(path, 'utf8').trimEnd().split('\n').at(-1) ?? '';
  };
  const plain = formatKnownHostLine({ name: 'web2', key, hashed: false });
  const hashed = formatKnownHostLine({ name: 'web3', key, hashed: true });

  test.each([
    ['every name is hashed', `# comment\n${hashed}\n`],
    ['every name that can be hashed is', `@revoked ${plain}\n${plain.replace('web2', '*.example')}\n${hashed}`],
  ])('is kept where %s', async (_what, text) => {
    expect(await append(text)).toMatch(/^\|1\|/);
  });

  test.each([
    ['nothing is in it', ''],
    ['some names are hashed', `${hashed}\n${plain}\n`],
  ])('does not count where %s', async (_what, text) => {
    expect(await append(text)).toMatch(/^web1 /);
    expect(await append(text, true)).toMatch(/^\|1\|/);
  });
});

test.each(['*', 'a,b', '!web1', '@revoked', '#web1', 'two words', '|1|'])('%j is filed as that name alone', (name) => {
  const text = formatKnownHostLine({ name, key, hashed: false });
  expect(lookup(text, name)).toHaveLength(1);
  expect(lookup(text, 'web1')).toEqual([]);
});

test('many at the same time lose nothing of each other', async () => {
  const path = join(folder, 'busy');
  const names = Array.from({ length: 50 }, (_, index) => `web${index}`);
  await Promise.all(names.map((name) => appendKnownHost(path, { name, key, hashed: false })));
  const { entries, broken } = parseKnownHosts(readFileSync(path, 'utf8'), path);
  expect(entries.map(({ patterns }) => patterns).toSorted()).toEqual(names.toSorted());
  expect(broken).toEqual([]);
});
