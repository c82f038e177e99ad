import { once } from 'node:events';
import { createServer } from 'node:net';
import { portOf } from './free-port.js';
import type { LinkFaults } from './link-faults.js';
import { openTcpLink, type TcpLink, type Traffic } from './tcp-link.js';

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
  /**
   * Says what is wrong from now on with all connections, or with the one of that number alone, the first being 1; `{}` is nothing.
   * What is said of one counts for it in place of what is said of all.
   */
  spoil(faults: LinkFaults, connection?: number): void;
  /** How many bytes have arrived over the connection of that number. */
  traffic(connection: number): Traffic;
  /** Ends the proxy and all its connections. */
  stop(): Promise<void>;
}

/** Starts a proxy in front of a server, on a free port when none is given. */
export async function startTcpProxy(
  target: { readonly address: string; readonly port: number },
  { port = 0 } = {},
): Promise<TcpProxy> {
  const links: TcpLink[] = [];
  const special = new Map<number, LinkFaults>();
  let common: LinkFaults = {};
  let frozen = false;
  const replies = createCounter();
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const number = links.length + 1;
    const link = openTcpLink(near, {
      target,
      faults: () => special.get(number) ?? common,
      onReply: replies.count,
    });
    links.push(link);
    if (frozen) link.freeze();
    link.check();
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const forAll = (action: (link: TcpLink) => void) => () => links.forEach(action);
  const cut = forAll((link) => link.reset());
  return {
    port: portOf(server.address()),
    get accepted() {
      return links.length;
    },
    afterReply: replies.await,
    cut,
    freeze() {
      frozen = true;
      for (const link of links) link.freeze();
    },
    thaw() {
      frozen = false;
      for (const link of links) link.thaw();
    },
    spoil(faults, connection) {
      if (connection === undefined) common = faults;
      else special.set(connection, faults);
      for (const link of links) link.check();
    },
    traffic: (connection) => links[connection - 1]?.traffic ?? { request: 0, reply: 0 },
    async stop() {
      server.close();
      cut();
      await once(server, 'close');
    },
  };
}

interface Counter {
  count(bytes: number): void;
  await(bytes: number, action: () => void): void;
}

function createCounter(): Counter {
  let awaited: { left: number; readonly action: () => void } | undefined;
  return {
    count(bytes) {
      if (awaited === undefined) return;
      awaited.left -= bytes;
      if (awaited.left > 0) return;
      const { action } = awaited;
      awaited = undefined;
      action();
    },
    await(bytes, action) {
      awaited = { left: bytes, action };
    },
  };
}
