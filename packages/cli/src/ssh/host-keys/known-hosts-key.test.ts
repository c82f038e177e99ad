import { expect, test } from 'vitest';
import { parseKnownHostKey } from './known-hosts-key.js';

/** A blob of strings, the first of which is its type. */
function pack(...parts: (string | Buffer)[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(Buffer.from(part).length);
      return [length, Buffer.from(part)];
    }),
  );
}

const ed25519 = pack('ssh-ed25519', Buffer.alloc(32, 7));
const encode = (blob: Buffer): string => blob.toString('base64');

test.each([
  ['ssh-ed25519', ed25519],
  ['ssh-rsa', pack('ssh-rsa', '\x01\0\x01', Buffer.alloc(257, 7))],
  ['ecdsa-sha2-nistp521', pack('ecdsa-sha2-nistp521', 'nistp521', Buffer.alloc(133, 4))],
  ['ssh-dss', pack('ssh-dss', 'p', 'q', 'g', 'y')],
  ['sk-ssh-ed25519@openssh.com', pack('sk-ssh-ed25519@openssh.com', Buffer.alloc(32, 7), 'ssh:')],
  ['sk-ecdsa-sha2-nistp256@openssh.com', pack('sk-ecdsa-sha2-nistp256@openssh.com', 'nistp256', 'point', 'ssh:')],
  ['ssh-ed25519-cert-v01@openssh.com', pack('ssh-ed25519-cert-v01@openssh.com', 'nonce', 'and so on')],
])('a key of type %s is read', (type, blob) => {
  expect(parseKnownHostKey(type, encode(blob))).toEqual({ state: 'sound', key: blob });
});

test.each([
  ['a type that has not been invented yet', 'ssh-mldsa-87', encode(pack('ssh-mldsa-87', 'key'))],
  ['exponent and modulus of SSH 1', '35', '1302498509428501285094285012985091'],
])('%s is foreign, not broken', (_what, type, base64) => {
  expect(parseKnownHostKey(type, base64)).toEqual({ state: 'foreign' });
});

test.each([
  ['a key that was cut short', 'ssh-ed25519', encode(ed25519.subarray(0, 48))],
  ['a key that is too short and says so', 'ssh-ed25519', encode(pack('ssh-ed25519', Buffer.alloc(31, 7)))],
  ['a key with something behind it', 'ssh-rsa', encode(Buffer.concat([pack('ssh-rsa', 'e', 'n'), Buffer.from('x')]))],
  ['a key with a part too few', 'ssh-rsa', encode(pack('ssh-rsa', 'e'))],
  ['another type than the key has', 'ssh-rsa', encode(ed25519)],
  ['a foreign type that the key has not', 'ssh-mldsa-87', encode(ed25519)],
  ['no base64', 'ssh-ed25519', '!!!!'],
  ['base64 without its padding', 'ssh-rsa', encode(pack('ssh-rsa', 'e', 'nn')).replaceAll('=', '')],
  ['base64 with too much of it', 'ssh-ed25519', `${encode(ed25519)}=`],
  ['two lines that were glued', 'ssh-ed25519', `${encode(ed25519)}web2`],
])('%s is broken', (_what, type, base64) => {
  expect(parseKnownHostKey(type, base64)).toEqual({ state: 'broken' });
});
