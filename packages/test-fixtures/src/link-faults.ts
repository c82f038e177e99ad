import { createSeededRandom } from './seeded-random.js';

/** What is wrong with one direction of a connection; bytes are counted from its first one on, as the sender sends them. */
export interface StreamFaults {
  /** Every chunk arrives so many milliseconds after it came; those behind it do not wait for that. */
  readonly delayMs?: number;
  /** So many bytes at most in one write. */
  readonly fragmentBytes?: number;
  /** One byte at a time, so many milliseconds apart. */
  readonly dripMs?: number;
  /** Goes out before anything else, without waiting for the sender; it is not counted. */
  readonly preamble?: string;
  readonly garbage?: Garbage;
  readonly end?: StreamEnd;
}

/** Random bytes in place of the sender's own. */
export interface Garbage {
  /** How many bytes still arrive as they are. */
  readonly at: number;
  /** How many are replaced; all that follow when left out. */
  readonly bytes?: number;
  /** The same bytes for the same seed. */
  readonly seed?: string;
}

/** What happens once exactly so many bytes have arrived; what comes behind them is lost, or waits where it is frozen. */
export interface StreamEnd {
  readonly at: number;
  /** `reset` and `close` end both directions, `half-close` this one, and `freeze` holds both until they are thawed. */
  readonly by: 'reset' | 'close' | 'half-close' | 'freeze';
}

/** What is wrong with a connection. */
export interface LinkFaults {
  /** From the client to the server. */
  readonly request?: StreamFaults;
  /** From the server to the client. */
  readonly reply?: StreamFaults;
}

/** Creates what puts garbage into one stream: given a piece and where in the stream it begins, gives what arrives. */
export function createGarbler(): (piece: Buffer, from: number, garbage: Garbage) => Buffer {
  let random: ReturnType<typeof createSeededRandom> | undefined;
  return (piece, from, { at, bytes = Number.POSITIVE_INFINITY, seed = '1' }) => {
    const begin = Math.max(0, at - from);
    const end = Math.min(piece.length, at + bytes - from);
    if (begin >= end) return piece;
    random ??= createSeededRandom(seed);
    const spoilt = Buffer.from(piece);
    for (let index = begin; index < end; index++) spoilt[index] = random.integer(0, 255);
    return spoilt;
  };
}
