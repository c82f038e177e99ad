import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { buildSettings } from '../../../test/openssh-samples.js';
import type { HostSettings } from '../configuration/host-settings.js';
import { readKeyFile } from './key-file.js';
import type { AgentKeys, Keyring } from './keyring.js';
import { listOpensshKeys } from './openssh-keys.js';

const folder = mkdtempSync(join(tmpdir(), 'outlast-openssh-keys-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const hasKeygen = spawnSync('ssh-keygen', ['-?']).error === undefined;
beforeEach((context) => {
  if (!hasKeygen) context.skip('no ssh-keygen program on this machine');
});

function generate(name: string, ...args: string[]): string {
  const path = join(folder, name);
  execFileSync('ssh-keygen', ['-q', '-f', path, '-N', '', ...args]);
  return path;
}

const plain = buildSettings();

function list(settings: Partial<HostSettings>, { mayAsk = true, agent = {} as Partial<AgentKeys> } = {}) {
  const listAgentKeys = async () => ({ keys: [], problem: undefined, ...agent });
  const keyring = { readFile: readKeyFile, listAgentKeys } as Pick<Keyring, 'readFile' | 'listAgentKeys'> as Keyring;
  return listOpensshKeys({ ...plain, ...settings }, keyring, { mayAsk });
}

test('certificates and formats that ssh2 cannot use are tried', async () => {
  const key = generate('certified', '-t', 'ed25519');
  execFileSync('ssh-keygen', ['-q', '-s', generate('authority', '-t', 'ed25519'), '-I', 'me', `${key}.pub`]);
  const pkcs8 = generate('pkcs8', '-t', 'rsa', '-m', 'PKCS8');
  const certificate = `${key}-cert.pub`;
  expect(await list({ identityFiles: [key, pkcs8], certificateFiles: [certificate] })).toEqual({
    labels: [certificate, key, pkcs8, certificate],
    skipped: [],
  });
});

test('what ssh cannot use either is left out, with the reason', async () => {
  const damaged = join(folder, 'damaged');
  writeFileSync(damaged, 'hello', { mode: 0o600 });
  const missing = join(folder, 'missing');
  const ours = join(folder, '.ssh/id_rsa');
  expect(await list({ identityFiles: [damaged, missing, ours], defaultIdentityFiles: [ours] })).toEqual({
    labels: [],
    skipped: [`${damaged}: not a private key`, `${missing}: not found`],
  });
});

test('an encrypted key is tried where somebody can be asked', async () => {
  const key = generate('locked', '-t', 'ed25519');
  execFileSync('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'secret', '-f', key]);
  expect(await list({ identityFiles: [key] })).toEqual({ labels: [key], skipped: [] });
  const skipped = [`${key}: encrypted and no terminal`];
  expect(await list({ identityFiles: [key] }, { mayAsk: false })).toEqual({ labels: [], skipped });
});

test('an agent may hold what ssh2 does not see', async () => {
  const identityAgent = '/run/agent';
  expect(await list({ identityAgent })).toEqual({ labels: ['what the agent holds'], skipped: [] });
  expect(await list({ identityAgent, identitiesOnly: true })).toEqual({ labels: [], skipped: [] });
  const problem = 'cannot be reached';
  expect(await list({ identityAgent }, { agent: { problem } })).toEqual({
    labels: [],
    skipped: ['agent: cannot be reached'],
  });
});
