import { OutlastError } from '@outlast/core';
import { buildChannelError, buildNothingRunError } from '../channel-errors.js';
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
  /** Takes a message of the server. */
  take(message: Buffer): void;
  /** Tells all of them that the connection is gone. */
  lose(error: OutlastError): void;
}

interface Opening {
  resolve(opened: OpenedChannel): void;
  reject(error: OutlastError): void;
}

/** Creates the channels of a connection whose messages go to `send`. */
export function createChannels(send: Send): Channels {
  const openings = new Map<number, Opening>();
  const channels = new Map<number, SessionChannel>();
  let lastId = 0;
  let lost: OutlastError | undefined;

  const openSession = async (): Promise<SessionChannel> => {
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
      reject: opened.resolve,
    });
    send(buildMessage(MESSAGE.open, 'session', id, WINDOW_BYTES, PACKET_BYTES));
    const channel = await opened.promise;
    if (channel instanceof OutlastError) throw channel;
    return channel;
  };

  return {
    async open({ line, input }) {
      if (lost !== undefined) throw lost;
      const channel = await openSession();
      channel.exec(line);
      if (input !== undefined) channel.channel.stdin.write(input);
      if (!(await channel.accepted) && lost === undefined) throw refuse(channel);
      return channel;
    },
    take(message) {
      const fields = new FieldReader(message);
      const type = fields.byte();
      if (type < MESSAGE.open) return answerGlobal(type, fields, send);
      const id = fields.uint32();
      if (type === MESSAGE.openConfirmation) takeOpening(openings, id)?.resolve(readOpened(fields));
      else if (type === MESSAGE.openFailure) takeOpening(openings, id)?.reject(buildRefusedError(fields));
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

function buildRefusedError(fields: FieldReader): OutlastError {
  const reason = fields.uint32();
  return buildChannelError(Object.assign(new Error(fields.text()), { reason }));
}

function refuse({ channel }: SessionChannel): OutlastError {
  channel.close();
  return buildNothingRunError();
}
