import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { HostSettings } from './host-settings.js';
import { createKnownHostsStore } from './known-hosts-store.js';

const folder = mkdtempSync(join(tmpdir(), 'outlast-store-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const key = Buffer.concat([Buffer.from([0, 0, 0, 11]), Buffer.from('ssh-ed25519'), Buffer.alloc(36, 1)]);
const line = (name: string): string => `${name} ssh-ed25519 ${key.toString('base64')}\n`;

function buildSettings(...userKnownHostsFiles: string[]): HostSettings {
  const settings = { hostname: 'web1', port: 22, hostKeyAlias: null, hashKnownHosts: false, revokedHostKeysFiles: [] };
  return {
    ...settings,
    userKnownHostsFiles,
    globalKnownHostsFiles: [join(folder, 'global')],
  } as unknown as HostSettings;
}

test('all files count, a missing one has no entries', async () => {
  const [one, two] = [join(folder, 'one'), join(folder, 'two')];
  writeFileSync(one, line('web1'));
  writeFileSync(two, line('web2'));
  const entries = await createKnownHostsStore().load(buildSettings(one, join(folder, 'none'), two));
  expect(entries.map((entry) => [entry.patterns, entry.file])).toEqual([
    ['web1', one],
    ['web2', two],
  ]);
});

test('a file that another program changed is read again', async () => {
  const file = join(folder, 'changing');
  const store = createKnownHostsStore();
  writeFileSync(file, line('web1'));
  expect(await store.load(buildSettings(file))).toHaveLength(1);
  writeFileSync(file, line('web1') + line('web2'));
  expect(await store.load(buildSettings(file))).toHaveLength(2);
});

test('a key that several connections accept is written once', async () => {
  const file = join(folder, 'accepted');
  const store = createKnownHostsStore();
  const settings = buildSettings(file);
  expect(await Promise.all([store.accept(settings, key), store.accept(settings, key)])).toEqual([undefined, undefined]);
  expect(readFileSync(file, 'utf8')).toBe(line('web1'));
});

test('a key that cannot be written is known for the run, and the reason comes back', async () => {
  const store = createKnownHostsStore();
  const settings = buildSettings(join(folder, 'accepted', 'below-a-file'));
  expect(await store.accept(settings, key)).toMatchObject({ code: expect.stringMatching(/^E/) });
  expect(await store.load(settings)).toHaveLength(1);
});

test('a file that cannot be read is an error, since it may hold a revoked key', async () => {
  // A folder in the place of the file: not even root can read that.
  await expect(createKnownHostsStore().load(buildSettings(folder))).rejects.toMatchObject({ code: 'E_CONFIG' });
});
