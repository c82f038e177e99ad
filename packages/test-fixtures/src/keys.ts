import { createHash } from 'node:crypto';
import ssh2 from 'ssh2';

/** A kind of SSH key. */
export type KeyType = 'ed25519' | 'ecdsa' | 'rsa';

/** A key pair in the formats of OpenSSH. */
export interface KeyPair {
  /** The text of an unencrypted OpenSSH private key file. */
  readonly privateKey: string;
  /** One line, "ssh-ed25519 AAAA…", without a comment. */
  readonly publicKey: string;
}

/** Makes a fresh key pair without any OpenSSH program. */
export function generateKeyPair(type: KeyType = 'ed25519'): KeyPair {
  for (;;) {
    const made = generateUnchecked(type);
    const pair = { privateKey: made.private.trimEnd().concat('\n'), publicKey: made.public.trim() };
    // ssh2 drops a leading zero byte of an ed25519 public key, once in 256 keys: no one accepts those.
    if (isSound(pair)) return pair;
  }
}

/** Formats the SHA-256 fingerprint of a public key line as `ssh-keygen -l` does: "SHA256:…". */
export function formatFingerprint(publicKey: string): string {
  const blob = Buffer.from(publicKey.split(' ')[1] ?? '', 'base64');
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

let shared: KeyPair | undefined;

/** The key that hosts of this process authorise and laptops use, unless a test brings its own. */
export function sharedClientKey(): KeyPair {
  shared ??= generateKeyPair();
  return shared;
}

function generateUnchecked(type: KeyType): { private: string; public: string } {
  const { generateKeyPairSync } = ssh2.utils;
  if (type === 'rsa') return generateKeyPairSync('rsa', { bits: 2048 });
  if (type === 'ecdsa') return generateKeyPairSync('ecdsa', { bits: 256 });
  return generateKeyPairSync('ed25519');
}

function isSound(pair: KeyPair): boolean {
  const message = Buffer.from('sound?');
  const secret = ssh2.utils.parseKey(pair.privateKey);
  const open = ssh2.utils.parseKey(pair.publicKey);
  if (secret instanceof Error || open instanceof Error) return false;
  try {
    return open.verify(message, secret.sign(message)) === true;
  } catch {
    return false;
  }
}
