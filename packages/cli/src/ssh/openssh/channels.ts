import { Duplex } from 'node:stream';
import { OutlastError } from '@outlast/core';
import { buildChannelError, buildNothingRunError, buildTunnelError } from '../channel-errors.js';
import { createDeferred } from '../deferred.js';
import type { ExecRequest } from '../transport.js';
import { type OpenedChannel, PACKET_BYTES, type Send, SessionChannel, WINDOW_BYTES } from './channel.js';
import { buildMessage, FieldReader, MESSAGE } from './packets.js';

/** The channels of one connection. */
export interface Channels {
  /**
   * Opens a session channel and runs what is asked for on it. One that is lost before the host has answered may run all the same.
   *
   * @throws OutlastError `E_NO_SHELL` when the host opens none or runs nothing; that of `lose` when it is gone before anything was sent.
   */
  open(request: ExecRequest): Promise<SessionChannel>;
  /**
   * Opens a TCP connection from the host on.
   *
   * @throws OutlastError as `buildTunnelError` makes it; that of `lose` when the connection is gone.
   */
  openTunnel(hostname: string, port: number): Promise<Duplex>;
  /** Takes a message of the server. */
  take(message: Buffer): void;
  /** Tells all of them that the connection is gone. */
  lose(error: OutlastError): void;
}

interface Opening {
  resolve(opened: OpenedChannel): void;
  reject(error: OutlastError | Refusal): void;
}

/** Why the server opened no channel. */
type Refusal = Error & { readonly reason: number };
type BuildOpenError = (refusal: Refusal) => OutlastError;

/** Creates the channels of a connection whose messages go to `send`. */
export function createChannels(send: Send): Channels {
  const openings = new Map<number, Opening>();
  const channels = new Map<number, SessionChannel>();
  let lastId = 0;
  let lost: OutlastError | undefined;

  const openChannel = async (
    kind: string,
    more: readonly (string | number)[],
    buildError: BuildOpenError,
  ): Promise<SessionChannel> => {
    const id = ++lastId;
    const opened = createDeferred<SessionChannel | OutlastError>();
    openings.set(id, {
      // At once: what follows in the same packet is for this channel already.
      resolve(answer) {
        const channel = new SessionChannel(answer, send);
        channels.set(id, channel);
        channel.freed.then(() => channels.delete(id));
        opened.resolve(channel);
      },
      reject: (error) => opened.resolve(error instanceof OutlastError ? error : buildError(error)),
    });
    send(buildMessage(MESSAGE.open, kind, id, WINDOW_BYTES, PACKET_BYTES, ...more));
    const channel = await opened.promise;
    if (channel instanceof OutlastError) throw channel;
    return channel;
  };

  return {
    async open({ line, input }) {
      if (lost !== undefined) throw lost;
      const channel = await openChannel('session', [], buildChannelError);
      channel.exec(line);
      if (input !== undefined) channel.channel.stdin.write(input);
      if (!(await channel.accepted) && lost === undefined) throw refuse(channel);
      return channel;
    },
    async openTunnel(hostname, port) {
      if (lost !== undefined) throw lost;
      const where = `${hostname} port ${port}`;
      const { channel } = await openChannel('direct-tcpip', [hostname, port, '127.0.0.1', 0], (error) =>
        buildTunnelError(error, where),
      );
      channel.stderr.resume();
      const stream = Duplex.from({ readable: channel.stdout, writable: channel.stdin });
      // Whoever lets go of it in the middle aborts both halves, which is no failure of anybody's.
      stream.on('error', () => undefined);
      stream.once('close', () => channel.close());
      return stream;
    },
    take(message) {
      const fields = new FieldReader(message);
      const type = fields.byte();
      if (type < MESSAGE.open) return answerGlobal(type, fields, send);
      const id = fields.uint32();
      if (type === MESSAGE.openConfirmation) takeOpening(openings, id)?.resolve(readOpened(fields));
      else if (type === MESSAGE.openFailure) takeOpening(openings, id)?.reject(readRefusal(fields));
      else channels.get(id)?.take(type, fields);
    },
    lose(error) {
      lost = error;
      for (const id of [...openings.keys()]) takeOpening(openings, id)?.reject(error);
      for (const channel of channels.values()) channel.lose();
    },
  };
}

function takeOpening(openings: Map<number, Opening>, id: number): Opening | undefined {
  const opening = openings.get(id);
  openings.delete(id);
  return opening;
}

function readOpened(fields: FieldReader): OpenedChannel {
  return { remoteId: fields.uint32(), window: fields.uint32(), maxPacket: fields.uint32() };
}

/** Whoever asks us for something beside channels gets nothing, but an answer. */
function answerGlobal(type: number, fields: FieldReader, send: Send): void {
  if (type !== MESSAGE.globalRequest) return;
  fields.text();
  if (fields.byte() !== 0) send(buildMessage(MESSAGE.requestFailure));
}

function readRefusal(fields: FieldReader): Refusal {
  const reason = fields.uint32();
  return Object.assign(new Error(fields.text()), { reason });
}

function refuse({ channel }: SessionChannel): OutlastError {
  channel.close();
  return buildNothingRunError();
}
