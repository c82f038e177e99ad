import { createHmac } from 'node:crypto';
import { matchesWildcard } from '../configuration/wildcard.js';

// ssh gives up on a list with a longer pattern.
const MAX_PATTERN = 1_022;
const HASHED = /^\|1\|([A-Za-z0-9+/]{27}=)\|[A-Za-z0-9+/]{27}=$/;

/** The host whose key is looked up. */
export interface HostIdentity {
  readonly hostname: string;
  readonly port: number;
  readonly hostKeyAlias: string | null;
}

/** Formats the name under which a host's key is filed: its alias, `host`, or `[host]:port`. */
export function formatKnownHostName({ hostname, port, hostKeyAlias }: HostIdentity): string {
  if (hostKeyAlias !== null) return lowerAscii(hostKeyAlias);
  const host = lowerAscii(hostname);
  return port === 22 ? host : `[${host}]:${port}`;
}

/** Hashes a name as `HashKnownHosts` does; `salt` has 20 bytes. */
export function hashName(name: string, salt: Buffer): string {
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
}

/** False for the first field of a line that would be a hashed name and is none. */
export function isSoundNameField(field: string): boolean {
  return !isHashedName(field) || HASHED.test(field);
}

/** Tells a hashed name from a list of patterns. */
export function isHashedName(field: string): boolean {
  return field.startsWith('|');
}

/**
 * Lists the names, one character a byte and each once, of a field that holds nothing else, so that an index does for `matchesName`.
 * Undefined where that has to be asked: for a hashed name, and where one pattern decides about the others.
 */
export function listPlainNames(field: string): ReadonlySet<string> | undefined {
  if (isHashedName(field) || /[*?!]/.test(field)) return undefined;
  const names = lowerAscii(field).split(',');
  return names.every(({ length }) => length <= MAX_PATTERN) ? new Set(names) : undefined;
}

/**
 * Tells whether the first field of a line, one character a byte, speaks of `name`, which is in lower case already.
 * As in ssh `?` is one byte, only ASCII letters have a case, and one negated match outweighs all others, wherever it stands.
 */
export function matchesName(field: string, name: string): boolean {
  if (isHashedName(field)) return matchesHash(field, name);
  const bytes = toNameBytes(name);
  let matched = false;
  for (const pattern of lowerAscii(field).split(',')) {
    const negated = pattern.startsWith('!');
    const bare = negated ? pattern.slice(1) : pattern;
    if (bare.length > MAX_PATTERN) return false;
    if (!matchesWildcard(bare, bytes)) continue;
    if (negated) return false;
    matched = true;
  }
  return matched;
}

function matchesHash(field: string, name: string): boolean {
  const salt = HASHED.exec(field)?.[1];
  return salt !== undefined && hashName(name, Buffer.from(salt, 'base64')) === field;
}

function lowerAscii(text: string): string {
  return /[A-Z]/.test(text) ? text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text;
}

/** Turns a name into one character a byte, as the fields of a file are; most names are that already. */
export function toNameBytes(text: string): string {
  return /[^\x20-\x7e]/.test(text) ? Buffer.from(text).toString('latin1') : text;
}
