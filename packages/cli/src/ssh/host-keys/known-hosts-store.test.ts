import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { HostSettings } from '../configuration/host-settings.js';
import { createKnownHostsStore } from './known-hosts-store.js';

const folder = mkdtempSync(join(tmpdir(), 'outlast-store-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const key = Buffer.concat([Buffer.from('\0\0\0\vssh-ed25519\0\0\0 '), Buffer.alloc(32, 1)]);
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
  writeFileSync(two, line('web*'));
  const known = await createKnownHostsStore(() => undefined).load(buildSettings(one, join(folder, 'none'), two));
  expect(known.lookup('web1').map(({ file }) => file)).toEqual([one, two]);
});

test('a file that another program changed is read again where the newest is asked for', async () => {
  const file = join(folder, 'changing');
  const store = createKnownHostsStore(() => undefined);
  writeFileSync(file, line('web1'));
  expect((await store.load(buildSettings(file))).lookup('web1')).toHaveLength(1);
  writeFileSync(file, line('web1') + line('web1'));
  expect((await store.load(buildSettings(file), { newest: true })).lookup('web1')).toHaveLength(2);
});

test('a file is looked at once a second', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const file = join(folder, 'watched');
  const store = createKnownHostsStore(() => undefined);
  const look = async () => (await store.load(buildSettings(file))).lookup('web1');
  expect(await look()).toHaveLength(0);
  writeFileSync(file, line('web1'));
  vi.advanceTimersByTime(999);
  expect(await look()).toHaveLength(0);
  vi.advanceTimersByTime(1);
  expect(await look()).toHaveLength(1);
});

test('many that read a file at the same time share what was parsed', async () => {
  const file = join(folder, 'shared');
  writeFileSync(file, line('web1'));
  const store = createKnownHostsStore(() => undefined);
  const loaded = await Promise.all([1, 2, 3].map(() => store.load(buildSettings(file))));
  expect(new Set(loaded.flatMap((known) => known.lookup('web1'))).size).toBe(1);
});

test('a key that several connections accept is written once', async () => {
  const file = join(folder, 'accepted');
  const store = createKnownHostsStore(() => undefined);
  const settings = buildSettings(file);
  expect(await Promise.all([store.accept(settings, key), store.accept(settings, key)])).toEqual([undefined, undefined]);
  expect(readFileSync(file, 'utf8')).toBe(line('web1'));
});

test('a key that cannot be written is known for the run, and the reason comes back', async () => {
  const store = createKnownHostsStore(() => undefined);
  const settings = buildSettings(join(folder, 'accepted', 'below-a-file'));
  expect(await store.accept(settings, key)).toMatchObject({ code: expect.stringMatching(/^E/) });
  expect((await store.load(settings)).lookup('web1')).toHaveLength(1);
});

test('a file that cannot be read is an error, since it may hold a revoked key', async () => {
  // A folder in the place of the file: not even root can read that.
  await expect(createKnownHostsStore(() => undefined).load(buildSettings(folder))).rejects.toMatchObject({
    code: 'E_CONFIG',
  });
});

describe('the broken lines of a file', () => {
  const read = async (...texts: string[]) => {
    const file = join(folder, 'broken');
    const warnings: string[] = [];
    const store = createKnownHostsStore((message) => warnings.push(message));
    for (const text of texts) {
      writeFileSync(file, text);
      await Promise.all([1, 2].map(() => store.load(buildSettings(file), { newest: true })));
    }
    return warnings.map((message) => message.replaceAll(file, 'FILE'));
  };

  test('are told where they stand, once a run', async () => {
    const text = `# comment\nnonsense\n${line('web1')}`;
    expect(await read(text, text + line('web2'))).toEqual(['FILE:2 is no known_hosts entry and was passed over']);
  });

  test('are counted where there are many', async () => {
    const told = [1, 2, 3].map((number) => `FILE:${number} is no known_hosts entry and was passed over`);
    expect(await read('nonsense\n'.repeat(4))).toEqual([
      ...told,
      'FILE has 1 more line that is no entry, from line 4 on',
    ]);
    expect((await read('nonsense\n'.repeat(9))).slice(3)).toEqual([
      'FILE has 6 more lines that are no entries, from line 4 on',
    ]);
  });

  test('are none in a file that ssh reads without a murmur', async () => {
    expect(await read(`# comment\r\n\r\nweb1 1024 35 130249850942850128\n${line('web1')}`)).toEqual([]);
  });
});

test('an alias that looks like a pattern speaks of nobody else', async () => {
  const file = join(folder, 'alias');
  const store = createKnownHostsStore(() => undefined);
  const settings = { ...buildSettings(file), hostKeyAlias: '*' };
  await store.accept(settings, key);
  const known = await store.load(settings);
  expect(known.lookup('*')).toHaveLength(2);
  expect(known.lookup('web1')).toEqual([]);
});
