import { createHash } from 'node:crypto';

/** Reads the type at the front of a public key blob, for example `ssh-ed25519`; undefined when there is none. */
export function readKeyType(blob: Buffer): string | undefined {
  if (blob.length < 5) return undefined;
  const length = blob.readUInt32BE(0);
  if (length === 0 || length > 64 || blob.length < 4 + length) return undefined;
  const type = blob.toString('latin1', 4, 4 + length);
  return /^[\x21-\x7e]+$/.test(type) ? type : undefined;
}

/** Reads how many bits the modulus of an RSA key blob has; undefined for a key of another type. */
export function readRsaBits(blob: Buffer): number | undefined {
  if (readKeyType(blob) !== 'ssh-rsa') return undefined;
  // Type, exponent and modulus, each behind its length; a number may have a zero byte in front.
  let offset = 0;
  for (let skipped = 0; skipped < 2; skipped++) {
    if (blob.length < offset + 4) return 0;
    offset += 4 + blob.readUInt32BE(offset);
  }
  const modulus = blob.toString('hex', offset + 4).replace(/^0+/, '');
  return modulus === '' ? 0 : modulus.length * 4 - Math.clz32(Number.parseInt(modulus[0] ?? '', 16)) + 28;
}

/** Formats the fingerprint of a public key blob as ssh does: `SHA256:` and unpadded base64. */
export function formatFingerprint(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

/** Formats a key for people: its type and its fingerprint. */
export function formatKey(blob: Buffer): string {
  return `${readKeyType(blob) ?? 'key'} ${formatFingerprint(blob)}`;
}
