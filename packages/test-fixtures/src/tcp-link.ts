import { connect, type Socket } from 'node:net';
import { createGate } from './gate.js';
import type { LinkFaults, StreamEnd } from './link-faults.js';
import { LinkStream } from './link-stream.js';

/** How many bytes have arrived in each direction. */
export interface Traffic {
  readonly request: number;
  readonly reply: number;
}

/** One connection through the proxy. */
export interface TcpLink {
  readonly traffic: Traffic;
  /** Does at once what the faults, as they are now, say of bytes that have passed. */
  check(): void;
  reset(): void;
  freeze(): void;
  thaw(): void;
}

/** What a connection is made of. */
export interface TcpLinkOptions {
  readonly target: { readonly address: string; readonly port: number };
  /** What is wrong at this moment. */
  faults(): LinkFaults;
  /** Told of each chunk that the server has sent, before it goes on. */
  onReply(bytes: number): void;
}

/** Connects to the target and forwards between the two. */
export function openTcpLink(near: Socket, { target, faults, onReply }: TcpLinkOptions): TcpLink {
  const far = connect({ host: target.address, port: target.port, allowHalfOpen: true });
  const sockets = [near, far];
  for (const socket of sockets) {
    // Either side may vanish at any time; the other is then ended by `close`.
    socket.setNoDelay().on('error', () => undefined);
  }
  far.on('data', (chunk: Buffer) => onReply(chunk.length));
  const gate = createGate();
  const link = {
    reset: () => {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    freeze: () => {
      gate.close();
      for (const socket of sockets) socket.pause();
    },
    thaw: () => {
      gate.open();
      for (const socket of sockets) socket.resume();
    },
  };
  const end = ({ by }: StreamEnd, own: LinkStream, to: Socket) => {
    if (by === 'reset') link.reset();
    if (by === 'freeze') link.freeze();
    if (by === 'close') for (const stream of [request, reply]) stream.mute();
    if (by === 'close') for (const socket of sockets) socket.end();
    if (by === 'half-close') {
      own.mute();
      to.end();
    }
  };
  const request: LinkStream = new LinkStream({
    from: near,
    to: far,
    gate,
    faults: () => faults().request ?? {},
    onEnd: (reached) => end(reached, request, far),
  });
  const reply: LinkStream = new LinkStream({
    from: far,
    to: near,
    gate,
    faults: () => faults().reply ?? {},
    onEnd: (reached) => end(reached, reply, near),
  });
  return {
    ...link,
    check() {
      request.check();
      reply.check();
    },
    get traffic() {
      return { request: request.passed, reply: reply.passed };
    },
  };
}
