import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import type { ParsedKey } from 'ssh2';

/** Signs data; `hash` is `sha256` or `sha512` for RSA keys, and undefined for those whose type says it. */
export type Sign = (data: Buffer, hash: string | undefined) => Promise<Buffer>;

/** What signs for one key without asking anybody. */
export interface Signer {
  readonly key: ParsedKey;
  /** As the signature's algorithm is called on the wire. */
  readonly algorithm: string;
  sign(data: Buffer): Promise<Buffer>;
}

/** Builds the signer of a key from what signs with it; for RSA with the algorithm that is given. */
export function buildSigner(key: ParsedKey, signWith: Sign, rsaAlgorithm: string): Signer {
  if (key.type !== 'ssh-rsa') return { key, algorithm: key.type, sign: (data) => signWith(data, undefined) };
  const hash = rsaAlgorithm === 'rsa-sha2-256' ? 'sha256' : 'sha512';
  return { key, algorithm: rsaAlgorithm, sign: (data) => signWith(data, hash) };
}

// By OpenSSH's names of the curves: the hash goes with the size of the key (RFC 5656, 6.2.1).
const ECDSA_HASHES: Readonly<Record<string, string>> = {
  'ecdsa-sha2-nistp256': 'sha256',
  'ecdsa-sha2-nistp384': 'sha384',
  'ecdsa-sha2-nistp521': 'sha512',
};

/** Makes a parsed private key keep what it signs with: ssh2 reads its PEM anew each time, which takes ten times as long as to sign. */
export function keepKeyObject(key: ParsedKey): ParsedKey {
  let object: KeyObject | undefined;
  key.sign = (data, hash) => {
    try {
      object ??= createPrivateKey(key.getPrivatePEM());
      return sign(hash ?? ECDSA_HASHES[key.type] ?? (key.type === 'ssh-rsa' ? 'sha1' : null), toBuffer(data), object);
    } catch (error) {
      // As ssh2's own does.
      return error as never;
    }
  };
  return key;
}

function toBuffer(data: Buffer | string): Buffer {
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}

/** Signs with a private key that was parsed. */
export function signNow(key: ParsedKey, data: Buffer, hash: string | undefined): Buffer {
  const signature = key.sign(data, hash);
  // ssh2 returns its errors here.
  if (!Buffer.isBuffer(signature)) throw signature;
  return signature;
}
