import { createHash } from 'node:crypto';

/** Reads the type at the front of a public key blob, for example `ssh-ed25519`; undefined when there is none. */
export function readKeyType(blob: Buffer): string | undefined {
  if (blob.length < 5) return undefined;
  const length = blob.readUInt32BE(0);
  if (length === 0 || length > 64 || blob.length < 4 + length) return undefined;
  const type = blob.toString('latin1', 4, 4 + length);
  return /^[\x21-\x7e]+$/.test(type) ? type : undefined;
}

/** Formats the fingerprint of a public key blob as ssh does: `SHA256:` and unpadded base64. */
export function formatFingerprint(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

/** Formats a key for people: its type and its fingerprint. */
export function formatKey(blob: Buffer): string {
  return `${readKeyType(blob) ?? 'key'} ${formatFingerprint(blob)}`;
}
