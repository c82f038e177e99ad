import { createHmac } from 'node:crypto';
import { readKeyType } from './fingerprint.js';
import { matchesWildcard } from './wildcard.js';

/** One line of a known_hosts file. */
export interface KnownHost {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly marker: 'none' | 'cert-authority' | 'revoked';
  /** The first field as written: patterns separated by commas, or one hashed name. */
  readonly patterns: string;
  readonly type: string;
  readonly key: Buffer;
}

/** A line that is no entry. */
export interface BrokenLine {
  readonly file: string;
  readonly line: number;
}

/** Parses a known_hosts file; empty lines and comments are dropped, lines that make no sense are listed. Pure. */
export function parseKnownHosts(text: string, file: string): { entries: KnownHost[]; broken: BrokenLine[] } {
  const entries: KnownHost[] = [];
  const broken: BrokenLine[] = [];
  for (const [index, content] of text.split('\n').entries()) {
    const trimmed = content.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const at = { file, line: index + 1 };
    const entry = parseLine(trimmed, at);
    if (entry === undefined) broken.push(at);
    else entries.push(entry);
  }
  return { entries, broken };
}

function parseLine(content: string, at: BrokenLine): KnownHost | undefined {
  const fields = content.split(/[ \t]+/);
  const marker = fields[0]?.startsWith('@') ? parseMarker(fields.shift()) : 'none';
  const [patterns, type, base64] = fields;
  if (marker === undefined || patterns === undefined || type === undefined || base64 === undefined) return undefined;
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  const key = Buffer.from(base64, 'base64');
  // The type is written twice, before the key and in it; where the two differ the line is damaged.
  return readKeyType(key) === type ? { ...at, marker, patterns, type, key } : undefined;
}

function parseMarker(field: string | undefined): KnownHost['marker'] | undefined {
  if (field === '@cert-authority') return 'cert-authority';
  return field === '@revoked' ? 'revoked' : undefined;
}

/** The host whose key is looked up. */
export interface HostIdentity {
  readonly hostname: string;
  readonly port: number;
  readonly hostKeyAlias: string | null;
}

/** Formats the name under which a host's key is filed: its alias, `host`, or `[host]:port`. */
export function formatKnownHostName({ hostname, port, hostKeyAlias }: HostIdentity): string {
  if (hostKeyAlias !== null) return hostKeyAlias.toLowerCase();
  const host = hostname.toLowerCase();
  return port === 22 ? host : `[${host}]:${port}`;
}

/** Selects the entries that speak of `name`, in their order. */
export function lookupHostKeys(entries: readonly KnownHost[], name: string): KnownHost[] {
  return entries.filter((entry) => matchesName(entry.patterns, name));
}

function matchesName(patterns: string, name: string): boolean {
  if (patterns.startsWith('|')) return matchesHash(patterns, name);
  let matched = false;
  for (const pattern of patterns.split(',')) {
    const negated = pattern.startsWith('!');
    if (!matchesWildcard((negated ? pattern.slice(1) : pattern).toLowerCase(), name)) continue;
    if (negated) return false;
    matched = true;
  }
  return matched;
}

function matchesHash(pattern: string, name: string): boolean {
  const [, version, salt, hash] = pattern.split('|');
  if (version !== '1' || salt === undefined || hash === undefined) return false;
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
}

/** What the known_hosts files say of a key that a host presented. */
export type HostKeyVerdict =
  | { readonly state: 'known' | 'changed' | 'revoked'; readonly entry: KnownHost }
  /** `certified`: a certificate authority is known for the host, so its certificate would have been accepted. */
  | { readonly state: 'unknown'; readonly certified: boolean };

/** Judges a presented key as ssh does. Pure. */
export function judgeHostKey(entries: readonly KnownHost[], host: HostIdentity, key: Buffer): HostKeyVerdict {
  const verdict = judgeName(entries, formatKnownHostName(host), key);
  if (verdict.state !== 'unknown' || host.hostKeyAlias !== null || host.port === 22) return verdict;
  // An entry without a port vouches for its key on any port, but a different key there proves no change.
  const portless = judgeName(entries, host.hostname.toLowerCase(), key);
  return portless.state === 'known' || portless.state === 'revoked' ? portless : verdict;
}

function judgeName(entries: readonly KnownHost[], name: string, key: Buffer): HostKeyVerdict {
  const matching = lookupHostKeys(entries, name);
  const revoked = matching.find((entry) => entry.marker === 'revoked' && entry.key.equals(key));
  if (revoked !== undefined) return { state: 'revoked', entry: revoked };
  const plain = matching.filter((entry) => entry.marker === 'none');
  const same = plain.find((entry) => entry.key.equals(key));
  if (same !== undefined) return { state: 'known', entry: same };
  // A key of another type counts as changed too: the known ones were asked for first and did not come.
  const other = plain.find((entry) => entry.type === readKeyType(key)) ?? plain[0];
  if (other !== undefined) return { state: 'changed', entry: other };
  return { state: 'unknown', certified: matching.some((entry) => entry.marker === 'cert-authority') };
}
