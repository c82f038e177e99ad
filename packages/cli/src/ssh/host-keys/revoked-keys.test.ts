import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyPair } from '@outlast/test-fixtures';
import { afterAll, expect, test } from 'vitest';
import type { HostSettings } from '../configuration/host-settings.js';
import { judgeHostKey } from './known-hosts.js';
import type { KnownHosts } from './known-hosts-index.js';
import { createKnownHostsStore } from './known-hosts-store.js';

const folder = mkdtempSync(join(tmpdir(), 'outlast-revoked-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const [stolen, good] = [generateKeyPair().publicKey, generateKeyPair().publicKey];
const blobOf = (line: string): Buffer => Buffer.from(line.split(' ')[1] ?? '', 'base64');
const host = { hostname: 'web1', port: 2222, hostKeyAlias: null };
const knownHosts = join(folder, 'known_hosts');
writeFileSync(knownHosts, `[web1]:2222 ${stolen}\n[web1]:2222 ${good}\n`);

async function load(revoked: string | Buffer): Promise<KnownHosts> {
  const file = join(folder, 'revoked');
  writeFileSync(file, revoked);
  return createKnownHostsStore(() => undefined).load(buildSettings(file));
}

const buildSettings = (file: string): HostSettings =>
  ({
    ...host,
    userKnownHostsFiles: [knownHosts],
    globalKnownHostsFiles: [],
    revokedHostKeysFiles: [file],
  }) as unknown as HostSettings;

test('a revoked key is refused under every name, although known_hosts lists it', async () => {
  const loaded = await load(`# stolen\n\n  ${stolen} of web1\r\n`);
  expect(judgeHostKey(loaded, host, blobOf(stolen))).toMatchObject({ state: 'revoked', entry: { line: 3 } });
  expect(judgeHostKey(loaded, { ...host, hostKeyAlias: 'fleet' }, blobOf(stolen))).toMatchObject({ state: 'revoked' });
  expect(judgeHostKey(loaded, host, blobOf(good))).toMatchObject({ state: 'known' });
});

test('a key revocation list is left to OpenSSH', async () => {
  const list = Buffer.concat([Buffer.from('SSHKRL\n\0', 'latin1'), Buffer.alloc(32)]);
  await expect(load(list)).rejects.toMatchObject({ code: 'E_NEEDS_OPENSSH' });
});

test('a line that is no key refuses the host, and so does a file that is not there', async () => {
  await expect(load(`${good}\nssh-ed25519 AAAA\n`)).rejects.toMatchObject({
    code: 'E_CONFIG',
    message: expect.stringContaining('revoked:2'),
  });
  const missing = createKnownHostsStore(() => undefined).load(buildSettings(join(folder, 'none')));
  await expect(missing).rejects.toMatchObject({ code: 'E_CONFIG', message: expect.stringContaining('ENOENT') });
});
