import { randomBytes } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readKeyType } from './fingerprint.js';
import { parseKnownHosts } from './known-hosts-file.js';
import { hashName } from './known-hosts-name.js';

// What a name must not hold where it stands for itself: a list, a pattern, a hash, a marker, a comment.
const NO_PLAIN_NAME = /[\s,*?!]|^[|@#]/;

/** A key to be remembered for a host. */
export interface NewKnownHost {
  /** As `formatKnownHostName` gives it. */
  readonly name: string;
  readonly key: Buffer;
  /** As with `HashKnownHosts yes`: the name cannot be read back from the file. */
  readonly hashed: boolean;
}

/** Formats the line for a known_hosts file, without its newline. A name that would be read as a pattern is always hashed. */
export function formatKnownHostLine({ name, key, hashed }: NewKnownHost): string {
  const field = hashed || NO_PLAIN_NAME.test(name) ? hashName(name, randomBytes(20)) : name;
  return `${field} ${readKeyType(key) ?? ''} ${key.toString('base64')}`;
}

/**
 * Appends one entry in a single write, so that clients at the same time, of any kind, lose nothing of each other.
 * Creates the file with mode 0600 and its folder with 0700 where they are missing; keeps the mode of an existing one.
 *
 * The name is hashed as `hashed` says, and also in a file in which every name is: there ssh, with `HashKnownHosts no`, would
 * write the first name that can be read, which whoever hashed the others hardly wants. ssh finds either.
 * A last line without its newline is ended first; ssh up to 9.2 glues the new entry to it and so loses both.
 *
 * @throws the file system's error; one without a code where there was room for a part of the line only, which readers pass over.
 */
export async function appendKnownHost(path: string, host: NewKnownHost): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(path, 'a+', 0o600);
  try {
    const text = await file.readFile('latin1');
    const separator = text === '' || text.endsWith('\n') ? '' : '\n';
    const hashed = host.hashed || hashesAllNames(text, path);
    const line = Buffer.from(`${separator}${formatKnownHostLine({ ...host, hashed })}\n`);
    // One call: the file system puts it at the end, whoever else is writing. The rest of a short write could land anywhere.
    const { bytesWritten } = await file.write(line);
    if (bytesWritten < line.length) throw new Error('only a part of the line could be written');
  } finally {
    await file.close();
  }
}

/** Markers do not count: they stand before patterns, which cannot be hashed. */
function hashesAllNames(text: string, path: string): boolean {
  const { entries } = parseKnownHosts(text, path);
  const names = entries.filter(({ marker, patterns }) => marker === 'none' && !/[*?!]/.test(patterns));
  return names.length > 0 && names.every(({ patterns }) => patterns.startsWith('|'));
}
