import { Duplex } from 'node:stream';
import { generateKeyPair } from '@outlast/test-fixtures';
import ssh2, { type Client, type ParsedKey } from 'ssh2';
import { expect, test, vi } from 'vitest';
import manifest from '../../../package.json' with { type: 'json' };
import { hastenVerification, lookInside, UnknownStartError } from './inner.js';

function startClient(): Client {
  const client = new ssh2.Client();
  client.on('error', () => undefined);
  // Somebody who listens and never says a word.
  const sock = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  client.connect({ sock, username: 'anyone', readyTimeout: 0 });
  return client;
}

test('the ssh2 that is pinned, to the letter, has the inside that is known', () => {
  expect(manifest.dependencies.ssh2).toMatch(/^\d+\.\d+\.\d+$/);
  expect(lookInside(startClient())).toBeDefined();
});

test('an ssh2 that has not connected yet has none', () => {
  expect(lookInside(new ssh2.Client())).toBeUndefined();
});

test.each([
  ['_protocol'],
  ['_protocol', 'authPK'],
  ['_protocol', 'session'],
  ['_protocol', 'exec'],
  ['_protocol', 'channelData'],
  ['_protocol', 'ping'],
  ['_protocol', '_handlers'],
  ['_protocol', '_handlers', 'USERAUTH_FAILURE'],
  ['_protocol', '_handlers', 'USERAUTH_PK_OK'],
  ['_protocol', '_handlers', 'GLOBAL_REQUEST'],
  ['_protocol', '_handlers', 'EXT_INFO'],
  ['_chanMgr'],
  ['_chanMgr', 'add'],
  ['_chanMgr', 'remove'],
  ['_callbacks'],
])('an ssh2 without %s %s %s is left alone', (...path) => {
  const client = startClient();
  const names = path.filter((name) => name !== undefined);
  const last = names.pop() ?? '';
  const holder = names.reduce<object>((part, name) => (part as Record<string, object>)[name] ?? {}, client);
  Object.defineProperty(holder, last, { value: undefined });
  expect(lookInside(client)).toBeUndefined();
});

test.each([
  {},
  { outgoing: { id: '0', window: 1 }, _callbacks: [] },
  { outgoing: { id: 0 }, _callbacks: [] },
  { outgoing: { id: 0, window: 1 } },
])('a channel of another shape, %j, is one of which nothing is known, and throws nothing at ssh2', (channel) => {
  const client = startClient() as Client & {
    readonly _protocol: Record<string, unknown>;
    readonly _chanMgr: { get(id: number): (error: undefined, channel: object) => void };
  };
  for (const name of ['session', 'exec', 'channelData']) client._protocol[name] = () => undefined;
  const [onStarted, onMisplaced] = [vi.fn(), vi.fn()];
  lookInside(client)?.exec({ line: 'true', input: Buffer.from('in'), serverChannel: 0, onStarted, onMisplaced });
  client._chanMgr.get(0)(undefined, channel);
  expect(onStarted.mock.calls).toEqual([[expect.any(UnknownStartError)]]);
  expect(onMisplaced).not.toHaveBeenCalled();
});

test('signatures of ed25519 keys are checked as before, only faster', () => {
  const parse = (text: string): ParsedKey => [ssh2.utils.parseKey(text)].flat()[0] as ParsedKey;
  const [pair, other] = [generateKeyPair(), generateKeyPair()];
  const data = Buffer.from('what was exchanged');
  const signature = parse(pair.privateKey).sign(data);
  hastenVerification(ssh2);
  const key = parse(pair.publicKey);
  expect(key.verify(data, signature)).toBe(true);
  expect(key.verify(Buffer.from('another'), signature)).toBe(false);
  expect(key.verify(data, Buffer.concat([signature.subarray(1), Buffer.of(0)]))).toBe(false);
  expect(key.verify(data, Buffer.alloc(0))).toBe(false);
  expect(parse(other.publicKey).verify(data, signature)).toBe(false);
  const rsa = generateKeyPair('rsa');
  const rsaSignature = parse(rsa.privateKey).sign(data, 'sha512');
  expect(parse(rsa.publicKey).verify(data, rsaSignature, 'sha512')).toBe(true);
  expect(parse(rsa.publicKey).verify(data, rsaSignature, 'sha256')).toBe(false);
});
