import type { Duplex } from 'node:stream';
import { OutlastError } from '@outlast/core';
import type { Client } from 'ssh2';
import { buildLostError, isFull } from '../channel-errors.js';
import { createDeferred } from '../deferred.js';
import { createExecSlots } from '../exec-slots.js';
import type { Connection, ExecRequest } from '../transport.js';
import { createChannelForecast } from './channel-forecast.js';
import type { OwnedChannel } from './exec-channel.js';
import type { Ssh2Inner } from './inner.js';
import { createAheadOpener, openExec } from './open-exec.js';
import { openTunnel } from './open-tunnel.js';

// A server that takes leave properly does so within a round trip.
const CLOSE_TIMEOUT_MS = 1_000;

/** A connection that is on its way: what is asked of it is sent, and answered once the host has let us in. */
export interface StartingConnection extends Connection {
  /** Runs a line as `exec` does, and says what became of it where it was sent ahead. */
  open(request: ExecRequest): Promise<OwnedChannel>;
  /** The host did not let us in: rejects what was asked for, which nobody is going to answer. */
  dropAhead(): void;
}

/** What a connection is made of. */
export interface ConnectionParts {
  readonly client: Client;
  /** What carries it. */
  readonly stream: Duplex;
  /** Undefined where nothing can be sent ahead. */
  readonly inner: Ssh2Inner | undefined;
  /** As the server's banner names it. */
  readonly software: string;
}

/** Wraps an ssh2 client; what is asked of it before it is authenticated is for those who know that the host takes it. */
export function buildConnection({ client, stream, inner, software }: ConnectionParts): StartingConnection {
  const channels = new Set<OwnedChannel>();
  const slots = createExecSlots({ isFull, software });
  const forecast = createChannelForecast(inner, software);
  let lastError: Error | undefined;
  let closing = false;
  let gone = false;
  const openAhead = createAheadOpener({ client, inner, isGone: () => gone });
  const closed = createDeferred<Error | undefined>();
  const finish = (): void => {
    gone = true;
    // ssh2 tears nothing down once it has said goodbye, and a hop that froze reports no end of its tunnels.
    stream.destroy();
    forecast.stop();
    for (const channel of channels) channel.lose();
    slots.fail(() => buildLostError(lastError));
    closed.resolve(closing ? undefined : buildLostError(lastError));
  };
  client.once('ready', () => {
    forecast.enter();
    if (inner !== undefined) stream.on('data', inner.noteAlive);
  });
  client.on('close', finish);
  client.on('error', (error) => {
    lastError = error;
    if (error.level === 'client-timeout') finish();
  });

  const start = async (request: ExecRequest): Promise<OwnedChannel> => {
    if (gone) throw buildLostError(lastError);
    const input = Buffer.from(request.input ?? '');
    const number = forecast.foresee(input.length);
    forecast.begin();
    const opening =
      number === undefined
        ? openExec(client, request.line, input)
        : openAhead.open({ line: request.line, input, serverChannel: number });
    const owned = await opening.catch((error: OutlastError) => {
      forecast.end();
      // To ssh2 a connection that ends behind an opened channel is a host that runs nothing.
      if (gone) throw buildLostError(lastError);
      // A server that has no room for a channel hangs up on what came behind it: nothing is left to wait with.
      throw number === undefined
        ? error
        : new OutlastError(error.code, error.message, { ...error.details, cause: undefined });
    });
    // A channel that nobody can follow may stay open, with its number.
    if (owned.ahead === 'misplaced' || owned.ahead === 'lost') forecast.giveUp();
    channels.add(owned);
    owned.freed.then(() => {
      channels.delete(owned);
      forecast.end();
    });
    if (gone) owned.lose();
    return owned;
  };

  const open = (request: ExecRequest): Promise<OwnedChannel> => slots.open(() => start(request));
  return {
    closed: closed.promise,
    open,
    exec: async (request) => (await open(request)).channel,
    openTunnel(hostname, port) {
      forecast.begin();
      return openTunnel(client, hostname, port);
    },
    dropAhead: () => openAhead.drop(),
    async close() {
      closing = true;
      forecast.stop();
      if (gone) return;
      client.end();
      const timer = setTimeout(finish, CLOSE_TIMEOUT_MS);
      await closed.promise;
      clearTimeout(timer);
    },
  };
}
