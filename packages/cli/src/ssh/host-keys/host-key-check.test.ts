import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyPair } from '@outlast/test-fixtures';
import { expect, test } from 'vitest';
import type { HostSettings } from '../configuration/host-settings.js';
import { createQuestions } from '../questions.js';
import { formatKey } from './fingerprint.js';
import { createHostKeyCheck, type HostKeyContext } from './host-key-check.js';
import { parseKnownHosts } from './known-hosts-file.js';
import { indexKnownHosts } from './known-hosts-index.js';
import { createKnownHostsStore } from './known-hosts-store.js';

function makeKey(fill: number): Buffer {
  return Buffer.concat([
    Buffer.from([0, 0, 0, 11]),
    Buffer.from('ssh-ed25519'),
    Buffer.from([0, 0, 0, 32]),
    Buffer.alloc(32, fill),
  ]);
}

function buildContext(confirm: () => Promise<boolean>): HostKeyContext {
  const settings = { hostname: 'web1', port: 22, user: 'me', hostKeyAlias: null, strictHostKeyChecking: 'ask' };
  const files = {
    sshArgs: ['web1'],
    userKnownHostsFiles: [],
    globalKnownHostsFiles: [],
    hashKnownHosts: false,
    batchMode: false,
    revokedHostKeysFiles: [],
  };
  return {
    name: 'web1',
    settings: { ...settings, ...files } as unknown as HostSettings,
    store: createKnownHostsStore(() => undefined),
    questions: createQuestions({ interactive: true, confirm, secret: async () => undefined }),
    signal: new AbortController().signal,
    warn: () => undefined,
  };
}

const index = (text: string) => indexKnownHosts(parseKnownHosts(text, '/kh').entries);
const known = index(`web1 ssh-ed25519 ${makeKey(1).toString('base64')}`);

test('a known key is accepted at once, and again on every rekey', () => {
  const answers: boolean[] = [];
  const check = createHostKeyCheck(
    known,
    buildContext(() => Promise.reject(new Error('asked'))),
  );
  check.verify(makeKey(1), (ok) => answers.push(ok));
  check.verify(makeKey(1), (ok) => answers.push(ok));
  expect([answers, check.refusal]).toEqual([[true, true], undefined]);
});

test('another key on a rekey is refused, even one that would have been asked about', () => {
  const answers: boolean[] = [];
  const check = createHostKeyCheck(
    known,
    buildContext(async () => true),
  );
  check.verify(makeKey(1), (ok) => answers.push(ok));
  check.verify(makeKey(2), (ok) => answers.push(ok));
  expect(answers).toEqual([true, false]);
  expect(check.refusal).toMatchObject({ code: 'E_HOST_KEY_CHANGED' });
});

test('an accepted key is judged silently afterwards, on this session and the next', async () => {
  let asked = 0;
  const context = buildContext(async () => ++asked > 0);
  for (let session = 0; session < 2; session++) {
    const check = createHostKeyCheck(await context.store.load(context.settings), context);
    expect(await new Promise((resolve) => check.verify(makeKey(3), resolve))).toBe(true);
    expect(await new Promise((resolve) => check.verify(makeKey(3), resolve))).toBe(true);
  }
  expect(asked).toBe(1);
});

test('accept-new files a key once, however many meet the host at the same time', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'outlast-check-'));
  const file = join(folder, 'known_hosts');
  const context = buildContext(() => Promise.reject(new Error('asked')));
  const settings = { ...context.settings, strictHostKeyChecking: 'accept-new', userKnownHostsFiles: [file] } as const;
  const meet = () => {
    const check = createHostKeyCheck(index(''), { ...context, settings });
    return new Promise((resolve) => check.verify(makeKey(5), resolve));
  };
  expect(await Promise.all(Array.from({ length: 8 }, meet))).toEqual(Array.from({ length: 8 }, () => true));
  expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(1);
  rmSync(folder, { recursive: true });
});

test('a refused key stays refused', async () => {
  const check = createHostKeyCheck(
    index(''),
    buildContext(async () => false),
  );
  expect(await new Promise((resolve) => check.verify(makeKey(4), resolve))).toBe(false);
  expect(await new Promise((resolve) => check.verify(makeKey(4), resolve))).toBe(false);
  expect(check.refusal).toMatchObject({ code: 'E_HOST_KEY_UNKNOWN' });
});

test('the buffer that ssh2 hands over may be used again', async () => {
  const check = createHostKeyCheck(
    known,
    buildContext(async () => true),
  );
  const buffer = makeKey(1);
  check.verify(buffer, () => undefined);
  buffer.fill(0);
  expect(await new Promise((resolve) => check.verify(makeKey(1), resolve))).toBe(true);
});

test('a person is asked, and told in the refusal, where another host has the same key', async () => {
  const questions: string[] = [];
  const elsewhere = index(`# old name\nold-name ssh-ed25519 ${makeKey(1).toString('base64')}`);
  const context = buildContext(async () => false);
  const confirm = async (question: string) => questions.push(question) > 1;
  const check = createHostKeyCheck(elsewhere, {
    ...context,
    store: { load: async () => elsewhere, accept: async () => undefined },
    questions: createQuestions({ interactive: true, confirm, secret: async () => undefined }),
  });
  await new Promise((resolve) => check.verify(makeKey(1), resolve));
  const told = `${formatKey(makeKey(1))}, as another host has (/kh:2)`;
  expect(questions).toEqual([`web1 port 22 is not known yet. Its key is ${told}. Trust it? (yes/no)`]);
  expect(check.refusal?.message).toBe(`no known_hosts file lists web1 port 22, which presented ${told}`);
});

test.each([
  [2048, true],
  [2049, false],
])('an RSA key of 2048 bits where %i are required', async (requiredRsaSize, accepted) => {
  const line = generateKeyPair('rsa').publicKey;
  const context = buildContext(async () => false);
  const settings = { ...context.settings, requiredRsaSize };
  const check = createHostKeyCheck(index(`web1 ${line}`), { ...context, settings });
  const key = Buffer.from(line.split(' ')[1] ?? '', 'base64');
  expect(await new Promise((resolve) => check.verify(key, resolve))).toBe(accepted);
  expect(check.refusal?.code).toBe(accepted ? undefined : 'E_NO_COMMON_ALGORITHM');
});
