import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { OutlastError } from '@outlast/core';
import { isCode } from '../ssh/connect-errors.js';
import type { HostSession } from './host-session.js';
import { isPassing, waitForRetry } from './reconnect.js';

/** Where a port of a host comes out on this laptop. */
export interface Tunnel {
  readonly localPort: number;
  readonly remotePort: number;
}

/** How a port is forwarded. */
export interface ForwardOptions {
  /** Asks the host which of its ports is meant; asked again where nobody answers there any more. */
  findPort(session: HostSession): Promise<number>;
  /** Whether an error says that the host lets nobody through at all. */
  isForbidden(error: unknown): boolean;
  /** The port here; undefined takes that of the host where it is free here, else any. */
  readonly localPort: number | undefined;
  /** Told once connections are accepted. */
  onUp(tunnel: Tunnel): void | Promise<void>;
  /** Told when the connection to the host is gone; it is made again until it is back. */
  onLost(reason: string): void;
  onBack(): void;
}

const LOCALHOST = '127.0.0.1';

/**
 * Forwards a port of a host to this laptop until the session is aborted: any number of connections, each half-closed as its other end is, over
 * lost connections to the host too. Whoever comes while there is none waits.
 *
 * @throws OutlastError for what cannot be begun: the host, the app, or the port here; and for what keeps a lost connection from coming back.
 */
export async function forwardPort(session: HostSession, options: ForwardOptions): Promise<void> {
  const { signal } = session;
  let remotePort = await options.findPort(session);
  await probe(session, remotePort, options);
  let up: Promise<void> = Promise.resolve();
  const sockets = new Set<Socket>();
  const open = async (): Promise<Duplex> => {
    await up;
    try {
      return await session.openTunnel(LOCALHOST, remotePort);
    } catch (error) {
      if (isCode(error, 'E_CONNECTION_LOST')) {
        await up;
      } else {
        // It may have been started again, on another port.
        remotePort = await options.findPort(session);
      }
      return session.openTunnel(LOCALHOST, remotePort);
    }
  };
  const server = await listen(options.localPort, remotePort, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    void carry(socket, open);
  });
  const end = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  try {
    const { port: localPort } = server.address() as { port: number };
    await options.onUp({ localPort, remotePort });
    while (!signal.aborted) {
      await raceAbort(session.whenLost(), signal);
      if (signal.aborted) return;
      options.onLost('the connection was lost');
      await session.close();
      up = reconnect(session, options).then((port) => {
        remotePort = port;
        options.onBack();
      });
      // Whoever waits for it hears of it as well.
      await up.catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    }
  } finally {
    end();
  }
}

/** A host that lets nobody through is told before anybody is let in; that nobody listens there yet is none of its faults. */
async function probe(session: HostSession, port: number, { isForbidden }: ForwardOptions): Promise<void> {
  try {
    (await session.openTunnel(LOCALHOST, port)).destroy();
  } catch (error) {
    if (isForbidden(error) || !isCode(error, 'E_CONNECT_REFUSED')) throw error;
  }
}

/** Until there is a connection, be it that nobody listens behind it yet. */
async function reconnect(session: HostSession, options: ForwardOptions): Promise<number> {
  const { signal } = session;
  for (let failures = 0; ; failures++) {
    await waitForRetry(failures, signal);
    signal.throwIfAborted();
    try {
      const port = await options.findPort(session);
      await probe(session, port, options);
      return port;
    } catch (error) {
      if (!isPassing(error) && !isCode(error, 'E_NOT_RUNNING') && !isCode(error, 'E_NO_PORT')) throw error;
      await session.close();
    }
  }
}

async function carry(socket: Socket, open: () => Promise<Duplex>): Promise<void> {
  try {
    const stream = await open();
    if (socket.destroyed) {
      stream.destroy();
      return;
    }
    stream.on('error', () => socket.destroy());
    await Promise.all([pipeline(socket, stream, { end: true }), pipeline(stream, socket)]);
  } catch {
    socket.destroy();
  }
}

/** A port that nobody has here; that of the host, if it can be had, makes the address easy to remember. */
async function listen(wanted: number | undefined, remotePort: number, take: (socket: Socket) => void): Promise<Server> {
  const tries = wanted === undefined ? [remotePort, 0] : [wanted];
  for (const port of tries) {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, take);
    try {
      server.listen(port, LOCALHOST);
      await once(server, 'listening');
      return server;
    } catch (cause) {
      if (port === tries.at(-1))
        throw new OutlastError(
          'E_LOCAL_PORT',
          `port ${port} of this laptop cannot be listened on: ${(cause as Error).message}`,
          {
            hint: 'leave --local-port out, and one that is free is taken',
            cause,
          },
        );
    }
  }
  throw new OutlastError('E_INTERNAL', 'no port was tried');
}

function raceAbort(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
    promise.then(resolve);
  });
}
