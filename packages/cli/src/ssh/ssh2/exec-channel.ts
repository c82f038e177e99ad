import { type Readable, Writable } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import { buildClosedInputError } from '../channel-errors.js';
import { createDeferred } from '../deferred.js';
import type { ExecChannel, ExecEnd } from '../transport.js';

/** A channel, and what its connection may do with it. */
export interface OwnedChannel {
  readonly channel: ExecChannel;
  /** Resolves when the server has let go of it too, or the connection is lost: its place is free again. */
  readonly freed: Promise<void>;
  /** We have closed it, and the server may not have. */
  readonly isClosing: () => boolean;
  /** Tells the channel that its connection is gone. */
  lose(): void;
  /** What became of a line that was sent before its channel was open. */
  readonly ahead?: AheadFate;
}

/**
 * What becomes of a line that is sent before its channel is open: the server runs it; it may run, and the connection was lost before
 * anybody knew; or the server gave the channel another number, has run nothing, and was sent the line again.
 */
export type AheadFate = 'taken' | 'lost' | 'misplaced';

/** Wraps an ssh2 channel. */
export function buildExecChannel(stream: ClientChannel): OwnedChannel {
  let end: ExecEnd = { exitCode: null, signal: null };
  let closing = false;
  const ended = createDeferred<ExecEnd>();
  const freed = createDeferred<void>();
  const stdin = new ChannelInput(stream);
  const { stderr } = stream;
  stream.on('exit', (code: number | null, signal?: string) => {
    end = { exitCode: code, signal: signal?.replace(/^SIG/, '') ?? null };
  });
  const finish = (): void => {
    stdin.lose();
    ended.resolve(end);
  };
  const lose = (): void => {
    finish();
    freed.resolve();
  };
  stream.on('close', lose);
  // Each of the streams may fail after the end, when nobody listens any more.
  for (const part of [stream, stderr, stdin]) part.on('error', () => undefined);
  const close = (): void => {
    closing = true;
    finish();
    try {
      stream.close();
    } catch {
      // The connection is gone, and the channel with it.
    }
    // sshd answers only when the program there has ended: whoever reads is not to wait for that.
    endReading(stream);
    endReading(stderr);
  };
  const channel = { stdin, stdout: stream, stderr, ended: ended.promise, close };
  return { channel, freed: freed.promise, isClosing: () => closing, lose };
}

function endReading(stream: Readable): void {
  stream.push(null);
  // What still comes is nobody's; ssh2 reports the channel's end only once its output was read.
  stream.push = () => true;
  stream.resume();
}

/**
 * The writing side of a channel. ssh2's own swallows what is written after the end, without a word and without
 * calling back: here the writer gets an error.
 */
class ChannelInput extends Writable {
  readonly #stream: ClientChannel;
  #pending: ((error?: Error | null) => void) | undefined;
  #lost = false;

  constructor(stream: ClientChannel) {
    super();
    this.#stream = stream;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#lost) {
      done(buildClosedInputError());
      return;
    }
    this.#pending = done;
    try {
      this.#stream.write(chunk, () => this.#settle());
    } catch {
      this.lose();
    }
  }

  override _final(done: (error?: Error | null) => void): void {
    try {
      if (!this.#lost) this.#stream.end();
    } catch {
      this.lose();
    }
    done();
  }

  /** Fails what is being written, and all that is written from now on. */
  lose(): void {
    this.#lost = true;
    if (this.#pending !== undefined) this.#settle(buildClosedInputError());
  }

  #settle(error?: Error): void {
    const done = this.#pending;
    this.#pending = undefined;
    done?.(error);
  }
}
