import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

// What is known of more hosts than that is not worth reading at each start.
const MAX_HOSTS = 10_000;

/** How much a host is sent ahead of its answers: nothing, a signed authentication, or the program to run with it. */
export type AheadLevel = 'nothing' | 'authentication' | 'program';

/** What the last connection to a host has taught. Of no weight for safety: at worst a connection takes longer. */
export interface HostRecord {
  /** The software that its banner named; what was learnt holds for no other. */
  readonly server: string;
  /** The most that it is thought to take. */
  readonly ahead: Exclude<AheadLevel, 'nothing'>;
  /** Fingerprint of the key that was let in; empty where it took more than a key. */
  readonly identity: string;
  /** Stands for the keys that were there to choose from, in their order. */
  readonly choice: string;
  /** How often in a row it has hung up on that. */
  readonly doubts: number;
  /** When it last did, in milliseconds since 1970. */
  readonly doubted: number;
}

/** What the laptop remembers of hosts from one run to the next, by user and known_hosts name. */
export interface HostMemory {
  /** Reads what there is, once; whatever is wrong with it counts as nothing remembered. */
  load(): Promise<void>;
  recall(host: string): HostRecord | undefined;
  note(host: string, record: HostRecord): void;
  /** Writes what has changed. Never throws: the next connection only takes longer. */
  save(): Promise<void>;
}

/** Creates the memory that is kept in a file; without one it lasts as long as the run. */
export function createHostMemory(path?: string): HostMemory {
  const known = new Map<string, HostRecord>();
  const changed = new Map<string, HostRecord>();
  let loading: Promise<void> | undefined;
  const read = async (): Promise<void> => {
    const stored = path === undefined ? [] : await readRecords(path);
    for (const [host, record] of stored) known.set(host, record);
  };
  return {
    load: () => (loading ??= read()),
    recall: (host) => known.get(host),
    note(host, record) {
      if (JSON.stringify(known.get(host)) === JSON.stringify(record)) return;
      known.set(host, record);
      changed.set(host, record);
    },
    async save() {
      if (path === undefined || changed.size === 0) return;
      const written = new Map(changed);
      changed.clear();
      await mergeInto(path, written).catch(() => undefined);
    },
  };
}

async function readRecords(path: string): Promise<[string, HostRecord][]> {
  try {
    const { hosts } = JSON.parse(await readFile(path, 'utf8')) as { hosts?: unknown };
    const entries = Object.entries((hosts ?? {}) as Record<string, HostRecord>);
    return entries.filter(([, record]) => isRecord(record));
  } catch {
    return [];
  }
}

function isRecord({ server, ahead, identity, choice, doubts, doubted }: HostRecord): boolean {
  const levels: readonly unknown[] = ['authentication', 'program'];
  const texts: readonly unknown[] = [server, identity, choice];
  const hasTexts = texts.every((text) => typeof text === 'string');
  return levels.includes(ahead) && hasTexts && [doubts, doubted].every(Number.isSafeInteger);
}

/** Other runs write at the same time: theirs is read again, and replaced whole. */
async function mergeInto(path: string, records: ReadonlyMap<string, HostRecord>): Promise<void> {
  const merged = new Map(await readRecords(path));
  for (const [host, record] of records) {
    // What was learnt last stands last, and what stands first is dropped first.
    merged.delete(host);
    merged.set(host, record);
  }
  const hosts = Object.fromEntries([...merged].slice(-MAX_HOSTS));
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}`;
  await writeFile(temporary, JSON.stringify({ hosts }), { mode: 0o600 });
  await rename(temporary, path);
}
