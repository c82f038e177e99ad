import type { Duplex } from 'node:stream';
import { OutlastError } from '@outlast/core';
import type { Client, ClientChannel } from 'ssh2';
import { createChannelForecast } from './channel-forecast.js';
import { createDeferred } from './deferred.js';
import { buildExecChannel, type OwnedChannel } from './exec-channel.js';
import { createExecSlots } from './exec-slots.js';
import type { Ssh2Inner } from './ssh2-inner.js';
import type { Connection, ExecRequest } from './transport.js';

// A server that takes leave properly does so within a round trip.
const CLOSE_TIMEOUT_MS = 1_000;

/** A connection that can also carry others: a hop of a jump chain. */
export interface TunnelConnection extends Connection {
  /**
   * Opens a TCP connection from the host on, as `ssh -W` does.
   *
   * @throws OutlastError `E_CONNECT_REFUSED` when the host cannot or may not; `E_CONNECTION_LOST` when it is gone.
   */
  openTunnel(hostname: string, port: number): Promise<Duplex>;
}

/** A connection that is on its way: what is asked of it is sent, and answered once the host has let us in. */
export interface StartingConnection extends TunnelConnection {
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
  const slots = createExecSlots(isFull);
  const forecast = createChannelForecast(inner, software);
  const openAhead = createAheadOpener(inner);
  let lastError: Error | undefined;
  let closing = false;
  let gone = false;
  const closed = createDeferred<Error | undefined>();
  const finish = (): void => {
    gone = true;
    // ssh2 tears nothing down once it has said goodbye, and a hop that froze reports no end of its tunnels.
    stream.destroy();
    for (const channel of channels) channel.lose();
    slots.fail(buildLostError(lastError));
    closed.resolve(closing ? undefined : buildLostError(lastError));
  };
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
      // A server that has no room for a channel hangs up on what came behind it: nothing is left to wait with.
      throw number === undefined ? error : new OutlastError(error.code, error.message, { ...error.details, cause: undefined });
    });
    channels.add(owned);
    owned.freed.then(() => {
      channels.delete(owned);
      forecast.end();
    });
    if (gone) owned.lose();
    return owned;
  };

  return {
    closed: closed.promise,
    exec: async (request) => (await slots.open(() => start(request))).channel,
    openTunnel(hostname, port) {
      forecast.begin();
      return openTunnel(client, hostname, port);
    },
    dropAhead: () => openAhead.drop(),
    async close() {
      closing = true;
      if (gone) return;
      client.end();
      const timer = setTimeout(finish, CLOSE_TIMEOUT_MS);
      await closed.promise;
      clearTimeout(timer);
    },
  };
}

interface AheadOpener {
  open(request: { line: string; input: Uint8Array; serverChannel: number }): Promise<OwnedChannel>;
  drop(): void;
}

function createAheadOpener(inner: Ssh2Inner | undefined): AheadOpener {
  const pending = new Set<() => void>();
  return {
    open: (request) =>
      new Promise((resolve, reject) => {
        const forget = inner?.exec({
          ...request,
          onStarted(error, channel) {
            pending.delete(drop);
            settleExec(error, channel, { resolve, reject });
          },
        });
        const drop = (): void => {
          forget?.();
          reject(new OutlastError('E_AUTH', 'the host let nobody in'));
        };
        pending.add(drop);
      }),
    drop() {
      for (const drop of pending) drop();
      pending.clear();
    },
  };
}

function settleExec(
  error: Error | undefined,
  channel: ClientChannel | undefined,
  { resolve, reject }: { resolve(channel: OwnedChannel): void; reject(error: Error): void },
): void {
  if (error !== undefined || channel === undefined) reject(buildChannelError(error ?? new Error('no channel')));
  // At once: all that a short program says, its exit status too, may have come in the packet that is being read.
  else resolve(buildExecChannel(channel));
}

function buildLostError(cause: Error | undefined): OutlastError {
  const why = cause === undefined ? '' : `: ${cause.message}`;
  return new OutlastError('E_CONNECTION_LOST', `the connection was lost${why}`, {
    hint: 'ask again: what runs on the host goes on without us',
    cause,
  });
}

function openExec(client: Client, line: string, input: Uint8Array): Promise<OwnedChannel> {
  return new Promise<OwnedChannel>((resolve, reject) => {
    try {
      client.exec(line, (error, channel) => settleExec(error, channel, { resolve, reject }));
    } catch (error) {
      reject(buildLostError(error as Error));
    }
  }).then((owned) => {
    if (input.length > 0) owned.channel.stdin.write(input);
    return owned;
  });
}

// Reasons of RFC 4254, 5.1: sshd says 2 for MaxSessions, others say 4 for "resource shortage".
function isFull(error: unknown): boolean {
  const reason = error instanceof OutlastError ? readReason(error.details.cause) : undefined;
  return reason === 2 || reason === 4;
}

function readReason(error: unknown): unknown {
  return (error as { reason?: unknown } | undefined)?.reason;
}

function buildChannelError(error: Error): OutlastError {
  if (error.message === 'No response from server') return buildLostError(error);
  const refused = readReason(error) !== undefined;
  const what = refused ? 'opened no session for us' : 'let us in but runs nothing for us';
  return new OutlastError('E_NO_SHELL', `the host ${what}: ${error.message}`, {
    hint: refused
      ? 'check MaxSessions in its sshd_config'
      : 'check the login shell of the user, and ForceCommand or a restricted key',
    cause: error,
  });
}

function openTunnel(client: Client, hostname: string, port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    try {
      client.forwardOut('127.0.0.1', 0, hostname, port, (error, channel) => {
        if (error) reject(buildTunnelError(error, `${hostname} port ${port}`));
        else resolve(channel);
      });
    } catch (error) {
      reject(buildLostError(error as Error));
    }
  });
}

function buildTunnelError(error: Error, where: string): OutlastError {
  if (error.message === 'No response from server') return buildLostError(error);
  const forbidden = readReason(error) === 1;
  const said = error.message.replace(/^\(SSH\) Channel open failure: ?/, '');
  const why = forbidden ? 'may not forward' : 'could not connect';
  return new OutlastError('E_CONNECT_REFUSED', `the jump host ${why} to ${where}: ${said || 'no reason given'}`, {
    hint: forbidden
      ? 'allow it there: AllowTcpForwarding, PermitOpen or the options of the key'
      : 'is sshd running there, on that port, and does the jump host reach it?',
    cause: error,
  });
}
