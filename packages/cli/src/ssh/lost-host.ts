import { Readable, Writable } from 'node:stream';
import type { OutlastError } from '@outlast/core';
import { buildAbortReason, raceSignal } from './deadline.js';
import type { Connection, ExecChannel } from './transport.js';

/** Builds what a host leaves that may have begun before anything was heard of it: its channel has ended, and nobody knows how. */
export function buildLostHost(cause: OutlastError): { connection: Connection; channel: Promise<ExecChannel> } {
  const fail = (): Promise<never> => Promise.reject(cause);
  return {
    connection: { exec: fail, openTunnel: fail, closed: Promise.resolve(cause), close: async () => undefined },
    channel: Promise.resolve(buildLostChannel(cause)),
  };
}

/** Builds the channel of what may have begun: it has ended, and nobody knows how. */
export function buildLostChannel(cause: OutlastError): ExecChannel {
  const stdin = new Writable({ write: (_chunk, _encoding, done) => done(cause) });
  stdin.on('error', () => undefined);
  return {
    stdin,
    stdout: Readable.from([]),
    stderr: Readable.from([]),
    ended: Promise.resolve({ exitCode: null, signal: null, cause }),
    close: () => undefined,
  };
}

/** Waits for a channel that was asked for, but no longer than until `signal` aborts: what was asked for may have begun by then. */
export function openUnlessAborted(
  opening: Promise<ExecChannel>,
  signal: AbortSignal | undefined,
): Promise<ExecChannel> {
  if (signal === undefined) return opening;
  return raceSignal(opening, signal).catch((error: unknown) => {
    if (!signal.aborted || error !== signal.reason) throw error;
    opening.then((channel) => channel.close()).catch(() => undefined);
    return buildLostChannel(buildAbortReason(error));
  });
}
