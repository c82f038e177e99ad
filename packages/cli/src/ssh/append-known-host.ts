import { createHmac, randomBytes } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readKeyType } from './fingerprint.js';

/** A key to be remembered for a host. */
export interface NewKnownHost {
  /** As `formatKnownHostName` gives it. */
  readonly name: string;
  readonly key: Buffer;
  /** As with `HashKnownHosts yes`: the name cannot be read back from the file. */
  readonly hashed: boolean;
}

/** Formats the line for a known_hosts file, without its newline. */
export function formatKnownHostLine({ name, key, hashed }: NewKnownHost): string {
  return `${hashed ? hashName(name) : name} ${readKeyType(key) ?? ''} ${key.toString('base64')}`;
}

function hashName(name: string): string {
  const salt = randomBytes(20);
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
}

/**
 * Appends one entry in a single write, so that clients at the same time lose nothing of each other.
 * Creates the file with mode 0600 and its folder with 0700 where they are missing; keeps the mode of an existing one.
 *
 * @throws the file system's error.
 */
export async function appendKnownHost(path: string, host: NewKnownHost): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(path, 'a+', 0o600);
  try {
    const { size } = await file.stat();
    const last = Buffer.alloc(1);
    if (size > 0) await file.read(last, 0, 1, size - 1);
    // A last line without newline would be glued to ours.
    const separator = size > 0 && last[0] !== 0x0a ? '\n' : '';
    await file.write(`${separator}${formatKnownHostLine(host)}\n`);
  } finally {
    await file.close();
  }
}
