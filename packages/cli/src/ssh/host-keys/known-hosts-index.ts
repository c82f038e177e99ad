import type { KnownHost } from './known-hosts-file.js';
import { isHashedName, listPlainNames, matchesName, toNameBytes } from './known-hosts-name.js';

/** Entries of known_hosts files, found without a walk through all of them: a fleet asks thousands of times. */
export interface KnownHosts {
  /** Selects the entries that speak of `name`, which is in lower case already, in their order. */
  lookup(name: string): readonly KnownHost[];
  /** Finds the first entry without a marker that has this key, under whatever name. */
  findKey(key: Buffer): KnownHost | undefined;
}

/**
 * Indexes the entries of one file, in the order of their lines. A lookup gives those of which `matchesName` is true; it computes each hash
 * once for each name, since a connection asks for the same one several times. Pure, but for what it remembers.
 */
export function indexKnownHosts(entries: readonly KnownHost[]): KnownHosts {
  const { plain, patterns, hashed } = sortByForm(entries);
  // Only what is hashed is remembered: it speaks of one name, where a pattern could be in the answer for every name.
  const remembered = new Map<string, readonly KnownHost[]>();
  let keys: ReadonlyMap<string, KnownHost> | undefined;
  const lookupHashed = (name: string): readonly KnownHost[] => {
    const found = remembered.get(name) ?? selectByName(hashed, name);
    remembered.set(name, found);
    return found;
  };
  return {
    lookup(name) {
      const found = [plain.get(toNameBytes(name)) ?? [], selectByName(patterns, name), lookupHashed(name)];
      return found.flat().sort((one, other) => one.line - other.line);
    },
    findKey(key) {
      keys ??= indexKeys(entries);
      return keys.get(formatMapKey(key));
    },
  };
}

/** Joins what several files say, in their order. */
export function joinKnownHosts(parts: readonly KnownHosts[]): KnownHosts {
  return {
    lookup: (name) => parts.flatMap((part) => part.lookup(name)),
    findKey(key) {
      for (const part of parts) {
        const found = part.findKey(key);
        if (found !== undefined) return found;
      }
      return undefined;
    },
  };
}

interface Forms {
  /** By name, one character a byte. */
  readonly plain: ReadonlyMap<string, readonly KnownHost[]>;
  readonly patterns: readonly KnownHost[];
  readonly hashed: readonly KnownHost[];
}

function sortByForm(entries: readonly KnownHost[]): Forms {
  const plain = new Map<string, KnownHost[]>();
  const patterns: KnownHost[] = [];
  const hashed: KnownHost[] = [];
  for (const entry of entries) {
    const names = listPlainNames(entry.patterns);
    if (names === undefined) (isHashedName(entry.patterns) ? hashed : patterns).push(entry);
    for (const name of names ?? []) {
      const others = plain.get(name);
      if (others === undefined) plain.set(name, [entry]);
      else others.push(entry);
    }
  }
  return { plain, patterns, hashed };
}

function selectByName(entries: readonly KnownHost[], name: string): KnownHost[] {
  return entries.filter((entry) => matchesName(entry.patterns, name));
}

function indexKeys(entries: readonly KnownHost[]): Map<string, KnownHost> {
  const keys = new Map<string, KnownHost>();
  for (const entry of entries) {
    const key = formatMapKey(entry.key);
    if (entry.marker === 'none' && !keys.has(key)) keys.set(key, entry);
  }
  return keys;
}

function formatMapKey(key: Buffer): string {
  return key.toString('latin1');
}
