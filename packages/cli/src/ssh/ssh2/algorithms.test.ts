import ssh2 from 'ssh2';
import { expect, test } from 'vitest';
import type { HostSettings } from '../configuration/host-settings.js';
import { buildAlgorithms } from './algorithms.js';

const open = { hostKeyAlgorithms: [], kexAlgorithms: [], ciphers: [], macs: [] };
const build = (allowed: object, known: string[] = []) =>
  buildAlgorithms({ ...open, ...allowed } as unknown as HostSettings, known) as Record<string, string[]>;

test('nothing weak is offered, and all that is offered ssh2 knows', () => {
  const lists = build({});
  expect(Object.values(lists).flat().join()).not.toMatch(/sha1|ssh-rsa|ssh-dss|cbc|group1-|md5|arcfour|zlib/);
  const client = new ssh2.Client().on('error', () => undefined);
  expect(() =>
    client.connect({ username: 'me', port: 1, host: '127.0.0.1', algorithms: lists as never }),
  ).not.toThrow();
  client.destroy();
});

test('host keys that are on file come first', () => {
  expect(build({}, ['ssh-rsa']).serverHostKey?.slice(0, 3)).toEqual(['rsa-sha2-512', 'rsa-sha2-256', 'ssh-ed25519']);
  expect(build({}, ['ecdsa-sha2-nistp384']).serverHostKey?.[0]).toBe('ecdsa-sha2-nistp384');
});

test('the ssh configuration takes away, and never adds something weak', () => {
  expect(build({ ciphers: ['aes256-ctr', '3des-cbc'] }).cipher).toEqual(['aes256-ctr']);
  expect(() => build({ macs: ['hmac-sha1'] })).toThrow(expect.objectContaining({ code: 'E_NO_COMMON_ALGORITHM' }));
});
