import { randomBytes } from 'node:crypto';
import { readKeyType } from './fingerprint.js';
import type { KnownHost } from './known-hosts-file.js';
import type { KnownHosts } from './known-hosts-index.js';
import { hashName } from './known-hosts-name.js';

/** A key that a person, or the settings, accepted for a host. */
export interface AcceptedKey {
  /** As `formatKnownHostName` gives it. */
  readonly name: string;
  readonly key: Buffer;
  /** Where it is to be filed; empty where it is not. */
  readonly file: string;
}

/** The keys accepted in this run: known whether or not they could be written. */
export interface AcceptedKeys {
  /** False where the name has the key already. */
  add(accepted: AcceptedKey): boolean;
  /** What has been accepted up to now; a session goes by that to its end, as it does by the files. */
  snapshot(): KnownHosts;
}

interface NumberedEntry {
  readonly number: number;
  readonly entry: KnownHost;
}

/** Creates an empty list; each name stands for itself, even an alias such as `*`. */
export function createAcceptedKeys(): AcceptedKeys {
  const names = new Map<string, NumberedEntry[]>();
  const keys = new Map<string, NumberedEntry>();
  let count = 0;
  return {
    add({ name, key, file }) {
      const others = names.get(name) ?? [];
      if (others.some(({ entry }) => entry.key.equals(key))) return false;
      const added = { number: count++, entry: buildEntry({ name, key, file }) };
      names.set(name, [...others, added]);
      const mapKey = key.toString('latin1');
      if (!keys.has(mapKey)) keys.set(mapKey, added);
      return true;
    },
    snapshot() {
      const size = count;
      const select = (found: readonly NumberedEntry[]): KnownHost[] =>
        found.filter(({ number }) => number < size).map(({ entry }) => entry);
      return {
        lookup: (name) => select(names.get(name) ?? []),
        findKey(key) {
          const first = keys.get(key.toString('latin1'));
          return select(first === undefined ? [] : [first])[0];
        },
      };
    },
  };
}

function buildEntry({ name, key, file }: AcceptedKey): KnownHost {
  // Hashed, an alias such as `*` is no pattern.
  const patterns = hashName(name, randomBytes(20));
  return { file, line: 0, marker: 'none', patterns, type: readKeyType(key) ?? '', key };
}
