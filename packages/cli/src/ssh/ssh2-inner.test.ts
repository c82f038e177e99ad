import { PassThrough } from 'node:stream';
import ssh2, { type Client } from 'ssh2';
import { expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { lookInside } from './ssh2-inner.js';

function startClient(): Client {
  const client = new ssh2.Client();
  client.on('error', () => undefined);
  client.connect({ sock: new PassThrough(), username: 'anyone', readyTimeout: 0 });
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
