import { readKeyType } from './fingerprint.js';

// What ssh reads in a known_hosts file, and of how many strings such a key is made.
const PARTS = new Map([
  ['ssh-ed25519', 2],
  ['ssh-rsa', 3],
  ['ecdsa-sha2-nistp256', 3],
  ['ecdsa-sha2-nistp384', 3],
  ['ecdsa-sha2-nistp521', 3],
  ['ssh-dss', 5],
  ['sk-ssh-ed25519@openssh.com', 3],
  ['sk-ecdsa-sha2-nistp256@openssh.com', 4],
]);
const CERTIFICATE = /^(?:ssh|ecdsa|sk)-[a-z0-9-]+-cert-v01@openssh\.com$/;
const ED25519_BYTES = 4 + 'ssh-ed25519'.length + 4 + 32;

/** A key of a known_hosts line. `foreign`: sound as far as can be told, but of a type that ssh passes over. */
export type ParsedKey = { readonly state: 'sound'; readonly key: Buffer } | { readonly state: 'foreign' | 'broken' };

/**
 * Parses a key's type and its base64 as ssh does: what was cut short, or says two types, is broken.
 * The `exponent modulus` of SSH 1 is as foreign as a type that has not been invented yet. Pure.
 */
export function parseKnownHostKey(type: string, base64: string): ParsedKey {
  if (/^\d+$/.test(type) && /^\d+$/.test(base64)) return { state: 'foreign' };
  const key = Buffer.from(base64, 'base64');
  // Node reads base64 leniently; ssh does not.
  if (key.toString('base64') !== base64 || readKeyType(key) !== type) return { state: 'broken' };
  if (CERTIFICATE.test(type)) return { state: 'sound', key };
  const parts = PARTS.get(type);
  if (parts === undefined) return { state: 'foreign' };
  const sound = countStrings(key) === parts && (type !== 'ssh-ed25519' || key.length === ED25519_BYTES);
  return sound ? { state: 'sound', key } : { state: 'broken' };
}

/** Counts the strings that a blob is made of; undefined when its end is not that of a string. */
function countStrings(blob: Buffer): number | undefined {
  let [at, count] = [0, 0];
  while (at + 4 <= blob.length) {
    at += 4 + blob.readUInt32BE(at);
    count++;
  }
  return at === blob.length ? count : undefined;
}
