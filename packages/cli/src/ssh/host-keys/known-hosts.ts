import { readKeyType } from './fingerprint.js';
import type { KnownHost } from './known-hosts-file.js';
import type { KnownHosts } from './known-hosts-index.js';
import { formatKnownHostName, type HostIdentity } from './known-hosts-name.js';

/**
 * Lists the types of the keys on file for a host, to be asked for first. Pure.
 * A revoked key does not count: the host may have a newer one of another type.
 */
export function listKnownTypes(knownHosts: KnownHosts, host: HostIdentity): string[] {
  const matching = knownHosts.lookup(formatKnownHostName(host));
  const known = matching.filter(({ marker, key }) => marker === 'none' && findRevoked(matching, key) === undefined);
  return [...new Set(known.map(({ type }) => type))];
}

/** What the known_hosts files say of a key that a host presented. */
export type HostKeyVerdict =
  | { readonly state: 'known' | 'changed' | 'revoked'; readonly entry: KnownHost }
  | UnknownHostKey;

/** A key that is not on file for its host. */
export interface UnknownHostKey {
  readonly state: 'unknown';
  /** A certificate authority is known for the host, so its certificate would have been accepted. */
  readonly certified: boolean;
  /** Where the same key is on file under another name. */
  readonly twin: KnownHost | undefined;
}

/**
 * Judges a presented key as ssh does, but for one thing: a key that is revoked for the host without its port is refused,
 * where ssh takes it for an unknown one. Pure.
 */
export function judgeHostKey(knownHosts: KnownHosts, host: HostIdentity, key: Buffer): HostKeyVerdict {
  const verdict = judgeName(knownHosts, formatKnownHostName(host), key);
  if (verdict.state !== 'unknown') return verdict;
  const twin = knownHosts.findKey(key);
  if (host.hostKeyAlias !== null || host.port === 22) return { ...verdict, twin };
  // An entry without a port vouches for its key on any port, but a different key there proves no change.
  const portless = judgeName(knownHosts, formatKnownHostName({ ...host, port: 22 }), key);
  return portless.state === 'known' || portless.state === 'revoked' ? portless : { ...verdict, twin };
}

function judgeName(knownHosts: KnownHosts, name: string, key: Buffer): HostKeyVerdict {
  const matching = knownHosts.lookup(name);
  const revoked = findRevoked(matching, key);
  if (revoked !== undefined) return { state: 'revoked', entry: revoked };
  const plain = matching.filter((entry) => entry.marker === 'none');
  const same = plain.find((entry) => entry.key.equals(key));
  if (same !== undefined) return { state: 'known', entry: same };
  // A key of another type counts as changed too: the known ones were asked for first and did not come.
  const other = plain.find((entry) => entry.type === readKeyType(key)) ?? plain[0];
  if (other !== undefined) return { state: 'changed', entry: other };
  const certified = matching.some((entry) => entry.marker === 'cert-authority');
  return { state: 'unknown', certified, twin: undefined };
}

function findRevoked(entries: readonly KnownHost[], key: Buffer): KnownHost | undefined {
  return entries.find((entry) => entry.marker === 'revoked' && entry.key.equals(key));
}
