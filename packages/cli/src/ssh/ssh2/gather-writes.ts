import type { Duplex } from 'node:stream';

/** Lets what is written to a stream wait for what follows. */
export interface WriteGate {
  /** Sends nothing until it is released as often as it was held. */
  hold(): void;
  release(): void;
}

/**
 * Makes one write of all that is written to a stream in the same turn of the event loop: ssh2 writes each packet in up to three pieces,
 * and over a socket without Nagle's delay, or through a tunnel, each piece would be a packet of its own.
 */
export function gatherWrites(stream: Duplex): WriteGate {
  const write = stream.write.bind(stream) as (chunk: unknown) => boolean;
  const end = stream.end.bind(stream);
  let gathered: Buffer[] = [];
  let holds = 0;
  const flush = (): void => {
    const [only = Buffer.alloc(0), ...more] = gathered;
    const isNothing = gathered.length === 0 || stream.destroyed;
    gathered = [];
    if (!isNothing) write(more.length === 0 ? only : Buffer.concat([only, ...more]));
  };
  const flushUnlessHeld = (): void => {
    if (holds === 0) flush();
  };
  stream.write = ((chunk: Buffer | string) => {
    if (gathered.length === 0) setImmediate(flushUnlessHeld);
    gathered.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
    return !stream.writableNeedDrain;
  }) as Duplex['write'];
  stream.end = ((...args: Parameters<Duplex['end']>) => {
    flush();
    return end(...args);
  }) as Duplex['end'];
  return {
    hold() {
      holds++;
    },
    release() {
      holds--;
      flushUnlessHeld();
    },
  };
}
