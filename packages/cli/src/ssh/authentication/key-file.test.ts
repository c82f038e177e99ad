import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { formatFingerprint } from '../host-keys/fingerprint.js';
import { readKeyFile } from './key-file.js';

const folder = mkdtempSync(join(tmpdir(), 'outlast-key-file-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const hasKeygen = spawnSync('ssh-keygen', ['-?']).error === undefined;
beforeEach((context) => {
  if (!hasKeygen) context.skip('no ssh-keygen program on this machine');
});

let count = 0;
function generate(...args: string[]): string {
  const path = join(folder, `key${count++}`);
  execFileSync('ssh-keygen', ['-q', '-f', path, ...args]);
  return path;
}

test.each(['ed25519', 'rsa', 'ecdsa'])('an encrypted %s key tells its public half', async (type) => {
  const path = generate('-t', type, '-N', 'secret', '-a', '1');
  rmSync(`${path}.pub`);
  const file = await readKeyFile(path);
  expect(file).toMatchObject({ kind: 'private', encrypted: true, hasCertificate: false });
  const theirs = execFileSync('ssh-keygen', ['-l', '-f', path], { encoding: 'utf8' });
  expect(file.kind === 'private' && file.publicKey && theirs.includes(formatFingerprint(file.publicKey))).toBe(true);
});

test('an encrypted PEM key takes its public half from the file beside it', async () => {
  const path = generate('-t', 'rsa', '-m', 'PEM', '-N', 'secret');
  expect(await readKeyFile(path)).toMatchObject({ kind: 'private', encrypted: true, publicKey: expect.any(Buffer) });
  rmSync(`${path}.pub`);
  expect(await readKeyFile(path)).toMatchObject({ kind: 'private', encrypted: true, publicKey: undefined });
});

test('a certificate beside the key is noticed', async () => {
  const authority = generate('-t', 'ed25519', '-N', '');
  const path = generate('-t', 'ed25519', '-N', '');
  execFileSync('ssh-keygen', ['-q', '-s', authority, '-I', 'me', `${path}.pub`]);
  expect(await readKeyFile(path)).toMatchObject({ kind: 'private', encrypted: false, hasCertificate: true });
  expect(await readKeyFile(`${path}-cert.pub`)).toMatchObject({ kind: 'unusable', needsOpenssh: true });
});

test('a public key alone is usable with an agent', async () => {
  const path = generate('-t', 'ed25519', '-N', '');
  expect(await readKeyFile(`${path}.pub`)).toMatchObject({ kind: 'public', publicKey: expect.any(Buffer) });
  rmSync(path);
  expect(await readKeyFile(path)).toMatchObject({ kind: 'public', path });
});

test('files that are no usable key say why', async () => {
  const open = generate('-t', 'ed25519', '-N', '');
  chmodSync(open, 0o644);
  expect(await readKeyFile(open)).toMatchObject({ kind: 'unusable', reason: expect.stringContaining('chmod 600') });
  const pkcs8 = generate('-t', 'rsa', '-m', 'PKCS8', '-N', '');
  expect(await readKeyFile(pkcs8)).toMatchObject({
    kind: 'unusable',
    reason: expect.stringContaining('ssh-keygen -p'),
  });
  const cut = join(folder, 'cut');
  copyFileSync(generate('-t', 'ed25519', '-N', ''), cut);
  writeFileSync(cut, readFileSync(cut, 'utf8').replace(/(BEGIN[^\n]+\n.{20})[^-]*/, '$1\n'));
  chmodSync(cut, 0o600);
  expect(await readKeyFile(cut)).toMatchObject({ kind: 'unusable', reason: 'damaged' });
  writeFileSync(cut, 'hello');
  expect(await readKeyFile(cut)).toMatchObject({ kind: 'unusable', reason: 'not a private key', missing: false });
  expect(await readKeyFile(join(folder, 'none'))).toMatchObject({ kind: 'unusable', missing: true });
});
