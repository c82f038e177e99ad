import { generateKeyPair, type KeyType } from '@outlast/test-fixtures';
import ssh2, { type ParsedKey } from 'ssh2';
import { describe, expect, test } from 'vitest';
import { buildSigner, keepKeyObject, signNow } from './signing-key.js';

const DATA = Buffer.from('what is signed');

function parse(text: string): ParsedKey {
  return [ssh2.utils.parseKey(text)].flat()[0] as ParsedKey;
}

describe.each<KeyType>(['ed25519', 'ecdsa', 'rsa'])('a key of type %s', (type) => {
  const pair = generateKeyPair(type);
  const publicHalf = parse(pair.publicKey);
  const key = keepKeyObject(parse(pair.privateKey));

  test('signs as ssh2 would have', () => {
    expect(publicHalf.verify(DATA, signNow(key, DATA, undefined))).toBe(true);
    expect(publicHalf.verify(Buffer.from('another'), signNow(key, DATA, undefined))).toBe(false);
  });

  test('signs ahead with the algorithm that it names', async () => {
    for (const [algorithm, hash] of Object.entries({ 'rsa-sha2-512': 'sha512', 'rsa-sha2-256': 'sha256' })) {
      const signer = buildSigner(key, async (data, name) => signNow(key, data, name), algorithm);
      expect(signer.algorithm).toBe(type === 'rsa' ? algorithm : key.type);
      expect(publicHalf.verify(DATA, await signer.sign(DATA), type === 'rsa' ? hash : undefined)).toBe(true);
    }
  });
});

test('a public half signs nothing', () => {
  expect(() => signNow(keepKeyObject(parse(generateKeyPair().publicKey)), DATA, undefined)).toThrow();
});
