import { createDeferred } from '../deferred.js';
import type { ExecChannel, ExecEnd } from '../transport.js';
import { buildMessage, type FieldReader, MESSAGE } from './packets.js';
import { ChannelOutput, WindowedInput } from './streams.js';

/** So many bytes may be on their way to us at once. */
export const WINDOW_BYTES = 2 << 20;
/** The longest piece of data that we take. */
export const PACKET_BYTES = 32 << 10;

const STDERR = 1;

/** What the server has said of a channel that it opened. */
export interface OpenedChannel {
  readonly remoteId: number;
  readonly window: number;
  readonly maxPacket: number;
}

/** Sends a message to the server; `sent` is called when it has left, with an error when it could not. */
export type Send = (message: Uint8Array, sent?: (error?: Error | null) => void) => void;

/** One session channel of a connection: what comes in goes to `take`, what goes out to `send`. */
export class SessionChannel {
  readonly channel: ExecChannel;
  /** Resolves when the server has let go of it too, or the connection is lost: its place is free again. */
  readonly freed: Promise<void>;
  /** We have closed it, and the server may not have. */
  readonly isClosing: () => boolean;
  /** Resolves to whether the host runs what was asked for. */
  readonly accepted: Promise<boolean>;
  readonly #remoteId: number;
  readonly #send: Send;
  readonly #stdin: WindowedInput;
  readonly #stdout: ChannelOutput;
  readonly #stderr: ChannelOutput;
  readonly #ended = createDeferred<ExecEnd>();
  readonly #freed = createDeferred<void>();
  readonly #accepted = createDeferred<boolean>();
  #end: ExecEnd = { exitCode: null, signal: null };
  #closed = false;
  #toGrant = 0;

  constructor({ remoteId, window, maxPacket }: OpenedChannel, send: Send) {
    this.#remoteId = remoteId;
    this.#send = send;
    const writeData = (bytes: Uint8Array, sent: (error?: Error | null) => void): void =>
      send(buildMessage(MESSAGE.data, remoteId, bytes), sent);
    this.#stdin = new WindowedInput({ window, maxPacket, writeData, writeEnd: () => this.#tell(MESSAGE.eof) });
    this.#stdout = new ChannelOutput((bytes) => this.#grant(bytes));
    this.#stderr = new ChannelOutput((bytes) => this.#grant(bytes));
    this.freed = this.#freed.promise;
    this.isClosing = () => this.#closed;
    this.accepted = this.#accepted.promise;
    this.channel = {
      stdin: this.#stdin,
      stdout: this.#stdout,
      stderr: this.#stderr,
      ended: this.#ended.promise,
      close: () => this.#close(),
    };
  }

  /** Asks the host to run a line; `accepted` tells its answer. */
  exec(line: string): void {
    this.#tell(MESSAGE.request, 'exec', true, line);
  }

  /** Takes a message for this channel; `fields` stand behind its number. */
  take(type: number, fields: FieldReader): void {
    if (type === MESSAGE.data) this.#stdout.add(fields.string());
    else if (type === MESSAGE.extendedData) this.#takeExtended(fields);
    else if (type === MESSAGE.windowAdjust) this.#stdin.widen(fields.uint32());
    else if (type === MESSAGE.request) this.#takeRequest(fields);
    else if (type === MESSAGE.success) this.#accepted.resolve(true);
    else if (type === MESSAGE.failure) this.#accepted.resolve(false);
    else if (type === MESSAGE.eof) this.#finishOutputs();
    else if (type === MESSAGE.close) this.#takeClose();
  }

  /** Tells the channel that its connection is gone. */
  lose(): void {
    this.#closed = true;
    this.#stdin.lose();
    this.#accepted.resolve(false);
    this.#finishOutputs();
    this.#ended.resolve(this.#end);
    this.#freed.resolve();
  }

  #takeExtended(fields: FieldReader): void {
    const kind = fields.uint32();
    const bytes = fields.string();
    if (kind === STDERR) this.#stderr.add(bytes);
    else this.#grant(bytes.length);
  }

  #takeRequest(fields: FieldReader): void {
    const name = fields.text();
    const wantsReply = fields.byte() !== 0;
    if (name === 'exit-status') this.#end = { exitCode: fields.uint32(), signal: null };
    if (name === 'exit-signal') this.#end = { exitCode: null, signal: fields.text().replace(/^SIG/, '') };
    if (wantsReply) this.#tell(MESSAGE.failure);
  }

  #takeClose(): void {
    this.#tell(MESSAGE.close);
    this.#closed = true;
    this.#stdin.lose();
    this.#accepted.resolve(false);
    this.#freed.resolve();
    this.#finishOutputs();
    Promise.all([this.#stdout.wasRead, this.#stderr.wasRead]).then(() => this.#ended.resolve(this.#end));
  }

  #close(): void {
    // sshd answers only when the program there has ended: whoever reads is not to wait for that.
    this.#tell(MESSAGE.close);
    this.#closed = true;
    this.#stdin.lose();
    this.#ended.resolve(this.#end);
    this.#stdout.endNow();
    this.#stderr.endNow();
  }

  #finishOutputs(): void {
    this.#stdout.finish();
    this.#stderr.finish();
  }

  #tell(type: number, ...fields: readonly (number | boolean | string)[]): void {
    if (!this.#closed) this.#send(buildMessage(type, this.#remoteId, ...fields));
  }

  /** Gives room back that was read; a quarter of the window at once, so that not every packet is answered by one. */
  #grant(bytes: number): void {
    this.#toGrant += bytes;
    if (this.#toGrant < WINDOW_BYTES / 4) return;
    this.#tell(MESSAGE.windowAdjust, this.#toGrant);
    this.#toGrant = 0;
  }
}
