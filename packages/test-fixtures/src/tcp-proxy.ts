import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { portOf } from './free-port.js';

/** A loopback port that forwards to a server, and the ways to spoil it. */
export interface TcpProxy {
  readonly port: number;
  /** How many connections it has accepted so far. */
  readonly accepted: number;
  /** Does something once the server has sent so many bytes from now on. */
  afterReply(bytes: number, action: () => void): void;
  /** Ends all connections at once, as a lost link with a reset does; new ones are forwarded. */
  cut(): void;
  /** Stops forwarding without closing anything, as a link that has gone silent does; new connections stay mute too. */
  freeze(): void;
  /** Forwards again, with what has waited in between. */
  thaw(): void;
  /** Ends the proxy and all its connections. */
  stop(): Promise<void>;
}

/** Starts a proxy in front of a server. */
export async function startTcpProxy(target: { readonly address: string; readonly port: number }): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  let frozen = false;
  let awaited: { left: number; readonly action: () => void } | undefined;
  const countReply = (bytes: number) => {
    if (awaited === undefined) return;
    awaited.left -= bytes;
    if (awaited.left > 0) return;
    const { action } = awaited;
    awaited = undefined;
    action();
  };
  const keep = (socket: Socket) => {
    sockets.add(socket.setNoDelay());
    // Either side may vanish at any time; the other is then ended by `close`.
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer({ allowHalfOpen: true }, (near) => {
    accepted += 1;
    const far = connect({ host: target.address, port: target.port, allowHalfOpen: true });
    far.on('data', (chunk: Buffer) => countReply(chunk.length));
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      keep(from);
      from.pipe(to);
      from.on('close', () => to.destroy());
      if (frozen) from.pause();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    port: portOf(server.address()),
    get accepted() {
      return accepted;
    },
    afterReply(bytes, action) {
      awaited = { left: bytes, action };
    },
    cut,
    freeze() {
      frozen = true;
      for (const socket of sockets) socket.pause();
    },
    thaw() {
      frozen = false;
      for (const socket of sockets) socket.resume();
    },
    async stop() {
      server.close();
      cut();
      await once(server, 'close');
    },
  };
}
