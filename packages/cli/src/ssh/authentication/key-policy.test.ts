import { generateKeyPair } from '@outlast/test-fixtures';
import { expect, test } from 'vitest';
import { findKeyObstacle, listRsaAlgorithms } from './key-policy.js';

const toBlob = (line: string): Buffer => Buffer.from(line.split(' ')[1] ?? '', 'base64');
const ED25519 = toBlob(generateKeyPair('ed25519').publicKey);
const RSA = toBlob(generateKeyPair('rsa').publicKey);
const allow = (...names: string[]) => ({ pubkeyAcceptedAlgorithms: names, requiredRsaSize: 1024 });

test.each([
  ['any key where nothing is said', ED25519, allow(), undefined],
  ['a key whose type is listed', ED25519, allow('ssh-ed25519'), undefined],
  ['a key whose type is not', ED25519, allow('rsa-sha2-512'), 'ssh-ed25519 is not among PubkeyAcceptedAlgorithms'],
  ['an RSA key with either of its algorithms', RSA, allow('rsa-sha2-256'), undefined],
  ['an RSA key with SHA-1 alone', RSA, allow('ssh-rsa'), 'ssh-rsa is not among PubkeyAcceptedAlgorithms'],
  ['a long RSA key', RSA, { ...allow(), requiredRsaSize: 2048 }, undefined],
  ['a short one', RSA, { ...allow(), requiredRsaSize: 2049 }, '2048 bits, fewer than RequiredRSASize 2049'],
])('%s', (_what, key, policy, obstacle) => {
  expect(findKeyObstacle(key, policy)).toBe(obstacle);
});

test('RSA signs with the best that is allowed', () => {
  expect(listRsaAlgorithms(allow())).toEqual(['rsa-sha2-512', 'rsa-sha2-256']);
  expect(listRsaAlgorithms(allow('rsa-sha2-256', 'ssh-ed25519'))).toEqual(['rsa-sha2-256']);
  expect(listRsaAlgorithms(allow('ssh-rsa'))).toEqual([]);
});
