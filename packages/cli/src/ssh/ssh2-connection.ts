import type { Duplex } from 'node:stream';
import { OutlastError } from '@outlast/core';
import type { Client } from 'ssh2';
import { createDeferred } from './deferred.js';
import { buildExecChannel, type OwnedChannel } from './exec-channel.js';
import { createExecSlots } from './exec-slots.js';
import type { Connection } from './transport.js';

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

/** Wraps an authenticated ssh2 client and the stream that carries it. */
export function buildConnection(client: Client, stream: Duplex): TunnelConnection {
  const channels = new Set<OwnedChannel>();
  const slots = createExecSlots(isFull);
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

  const start = async (line: string): Promise<OwnedChannel> => {
    if (gone) throw buildLostError(lastError);
    // To ssh2 a connection that ends behind an opened channel is a host that runs nothing.
    const owned = await openExec(client, line).catch((error: unknown) => {
      throw gone ? buildLostError(lastError) : error;
    });
    channels.add(owned);
    owned.freed.then(() => channels.delete(owned));
    if (gone) owned.lose();
    return owned;
  };

  return {
    closed: closed.promise,
    exec: async (line) => (await slots.open(() => start(line))).channel,
    openTunnel: (hostname, port) => openTunnel(client, hostname, port),
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

function buildLostError(cause: Error | undefined): OutlastError {
  const why = cause === undefined ? '' : `: ${cause.message}`;
  return new OutlastError('E_CONNECTION_LOST', `the connection was lost${why}`, {
    hint: 'ask again: what runs on the host goes on without us',
    cause,
  });
}

function openExec(client: Client, line: string): Promise<OwnedChannel> {
  return new Promise((resolve, reject) => {
    try {
      client.exec(line, (error, channel) => {
        if (error) reject(buildChannelError(error));
        // At once: all that a short program says, its exit status too, may have come in the packet that is being read.
        else resolve(buildExecChannel(channel));
      });
    } catch (error) {
      reject(buildLostError(error as Error));
    }
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
