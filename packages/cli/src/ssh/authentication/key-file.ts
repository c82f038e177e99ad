import { readFile, stat } from 'node:fs/promises';
import { readKeyType } from '../host-keys/fingerprint.js';

/** What an IdentityFile turned out to hold. */
export type KeyFile =
  | PrivateKeyFile
  /** Only the public half: usable where the agent holds the other one. */
  | { readonly kind: 'public'; readonly path: string; readonly publicKey: Buffer }
  | UnusableKeyFile;

/** A file that ssh2 cannot use. */
export interface UnusableKeyFile {
  readonly kind: 'unusable';
  readonly path: string;
  readonly reason: string;
  readonly missing: boolean;
  /** True where ssh itself may be able to. */
  readonly suitsOpenssh: boolean;
  /** True for a certificate or a security key, which only ssh itself can use. */
  readonly needsOpenssh: boolean;
}

/** A file with a private key, perhaps an encrypted one. */
export interface PrivateKeyFile {
  readonly kind: 'private';
  readonly path: string;
  readonly text: string;
  readonly encrypted: boolean;
  /** Unknown for an encrypted PEM file without a `.pub` beside it. */
  readonly publicKey: Buffer | undefined;
  /** True when a certificate lies beside it, which goes unused. */
  readonly hasCertificate: boolean;
}

/** Reads an IdentityFile and what lies beside it (`.pub`, `-cert.pub`). Never throws. */
export async function readKeyFile(path: string): Promise<KeyFile> {
  const publicKey = parsePublicKey(await readTextFile(`${path}.pub`));
  try {
    const { mode, uid } = await stat(path);
    const text = await readFile(path, 'utf8');
    const own = parsePublicKey(text);
    if (own !== undefined) return judgePublicKey(path, own);
    if (uid === process.getuid?.() && (mode & 0o077) !== 0) {
      return buildUnusable(path, `others may read it, so ssh would not use it: chmod 600 ${path}`);
    }
    return parsePrivateKeyFile(path, text, {
      publicKey,
      hasCertificate: (await readTextFile(`${path}-cert.pub`)) !== undefined,
    });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    if (code === 'ENOENT' && publicKey !== undefined) return judgePublicKey(path, publicKey);
    const missing = code === 'ENOENT';
    return buildUnusable(path, missing ? 'not found' : code, { missing });
  }
}

async function readTextFile(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}

function parsePrivateKeyFile(
  path: string,
  text: string,
  beside: { readonly publicKey: Buffer | undefined; readonly hasCertificate: boolean },
): KeyFile {
  const label = /-----BEGIN ([A-Z0-9 ]+)-----/.exec(text)?.[1];
  if (label === 'OPENSSH PRIVATE KEY') {
    const header = parseOpensshHeader(text);
    if (header === undefined) return buildUnusable(path, 'damaged');
    const obstacle = findObstacle(header.publicKey);
    return obstacle === undefined
      ? { kind: 'private', path, text, ...header, hasCertificate: beside.hasCertificate }
      : buildUnusable(path, obstacle.reason, obstacle);
  }
  if (label === 'RSA PRIVATE KEY' || label === 'EC PRIVATE KEY') {
    return { kind: 'private', path, text, encrypted: /^Proc-Type: 4,ENCRYPTED/m.test(text), ...beside };
  }
  if (label === undefined) return buildUnusable(path, 'not a private key');
  return buildUnusable(path, `${label}: convert it with ssh-keygen -p -f ${path}`, { suitsOpenssh: true });
}

/** The part of OpenSSH's own format that is never encrypted. */
function parseOpensshHeader(text: string): { encrypted: boolean; publicKey: Buffer } | undefined {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END/.exec(text)?.[1];
  const bytes = Buffer.from(body ?? '', 'base64');
  const magic = 'openssh-key-v1\0';
  if (bytes.toString('latin1', 0, magic.length) !== magic) return undefined;
  const fields: Buffer[] = [];
  let offset = magic.length;
  // Cipher, KDF and its options, then the number of keys and the first public key.
  for (const name of ['cipher', 'kdf', 'options', 'count', 'public key']) {
    if (bytes.length < offset + 4) return undefined;
    const length = name === 'count' ? 0 : bytes.readUInt32BE(offset);
    offset += 4;
    if (bytes.length < offset + length) return undefined;
    fields.push(bytes.subarray(offset, offset + length));
    offset += length;
  }
  const [cipher, , , , publicKey] = fields;
  return publicKey === undefined ? undefined : { encrypted: cipher?.toString() !== 'none', publicKey };
}

function judgePublicKey(path: string, publicKey: Buffer): KeyFile {
  const obstacle = findObstacle(publicKey);
  return obstacle === undefined ? { kind: 'public', path, publicKey } : buildUnusable(path, obstacle.reason, obstacle);
}

type Obstacle = Pick<UnusableKeyFile, 'reason' | 'suitsOpenssh' | 'needsOpenssh'>;

function findObstacle(publicKey: Buffer): Obstacle | undefined {
  const type = readKeyType(publicKey) ?? 'damaged';
  if (type.includes('-cert-v01@')) return { reason: 'a certificate', suitsOpenssh: true, needsOpenssh: true };
  if (type.startsWith('sk-')) return { reason: 'a security key', suitsOpenssh: true, needsOpenssh: true };
  if (/^(?:ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521))$/.test(type)) return undefined;
  return { reason: `${type} is not supported`, suitsOpenssh: true, needsOpenssh: false };
}

/** Parses one line of a `.pub` file; undefined when it is none. */
function parsePublicKey(text: string | undefined): Buffer | undefined {
  const match = /^\s*([a-z][a-z0-9@.-]+) ([A-Za-z0-9+/]+=*)(?:\s|$)/.exec(text ?? '');
  if (match === null) return undefined;
  const blob = Buffer.from(match[2] ?? '', 'base64');
  return readKeyType(blob) === match[1] ? blob : undefined;
}

function buildUnusable(path: string, reason: string, more: Partial<UnusableKeyFile> = {}): UnusableKeyFile {
  return { kind: 'unusable', path, reason, missing: false, suitsOpenssh: false, needsOpenssh: false, ...more };
}
