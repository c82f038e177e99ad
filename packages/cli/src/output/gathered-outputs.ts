import { createHash } from 'node:crypto';
import { GrowingBytes } from './growing-bytes.js';

/** What is kept of all outputs together: each distinct one once, and those that have not ended yet. */
const MAX_KEPT = 64 * 1024 * 1024;

/** Hosts whose programs printed the same, in their order. */
export interface OutputGroup {
  readonly hosts: readonly string[];
  readonly bytes: Uint8Array;
}

/** One stream of one host while its program runs. */
export interface GatheredStream {
  append(chunk: Uint8Array): void;
  /** Keeps what has come as the host's whole output. */
  end(): void;
  /** Forgets what has come. */
  drop(): void;
}

/** Keeps the outputs of many hosts, equal ones once. */
export interface OutputGatherer {
  readonly stdout: OutputStore;
  readonly stderr: OutputStore;
}

/** The outputs of one of the two streams. */
export interface OutputStore {
  /** Begins the output of a host. */
  open(host: string): GatheredStream;
  /** What was printed, each output at the place of the first of its hosts; hosts that printed nothing are left out. */
  groups(order: readonly string[]): OutputGroup[];
}

/** Creates a gatherer; where more than `limit` bytes would have to be kept, whoever adds to them gets what `createError` gives. */
export function createOutputGatherer(createError: (limit: number) => Error, limit = MAX_KEPT): OutputGatherer {
  let kept = 0;
  const reserve = (bytes: number): void => {
    if (kept + bytes > limit) throw createError(limit);
    kept += bytes;
  };
  const release = (bytes: number): void => {
    kept -= bytes;
  };
  return { stdout: createStore({ reserve, release }), stderr: createStore({ reserve, release }) };
}

interface Room {
  reserve(bytes: number): void;
  release(bytes: number): void;
}

function createStore(room: Room): OutputStore {
  const distinct = new Map<string, Uint8Array>();
  const keys = new Map<string, string>();
  return {
    open: (host) => openStream(room, (bytes) => intern(host, bytes)),
    groups: (order) => groupHosts(order, { distinct, keys }),
  };

  function intern(host: string, bytes: Buffer): void {
    if (bytes.length === 0) return;
    const key = createHash('sha256').update(bytes).digest('base64');
    keys.set(host, key);
    if (distinct.has(key)) room.release(bytes.length);
    // A copy without the room that it had for more.
    else distinct.set(key, Uint8Array.prototype.slice.call(bytes));
  }
}

function openStream(room: Room, intern: (bytes: Buffer) => void): GatheredStream {
  const bytes = new GrowingBytes();
  return {
    append(chunk) {
      room.reserve(chunk.length);
      bytes.append(chunk);
    },
    end: () => intern(bytes.take()),
    drop: () => room.release(bytes.take().length),
  };
}

function groupHosts(
  order: readonly string[],
  { distinct, keys }: { distinct: ReadonlyMap<string, Uint8Array>; keys: ReadonlyMap<string, string> },
): OutputGroup[] {
  const groups = new Map<string, string[]>();
  for (const host of order) {
    const key = keys.get(host);
    if (key === undefined) continue;
    const hosts = groups.get(key);
    if (hosts === undefined) groups.set(key, [host]);
    else hosts.push(host);
  }
  return [...groups].map(([key, hosts]) => ({ hosts, bytes: distinct.get(key) ?? new Uint8Array(0) }));
}
