import { Readable, Writable } from 'node:stream';
import { buildClosedInputError } from '../channel-errors.js';

/** Where the input of a channel goes. */
export interface InputOptions {
  /** So many bytes may be sent before the server gives more room. */
  readonly window: number;
  readonly maxPacket: number;
  writeData(bytes: Uint8Array, sent: (error?: Error | null) => void): void;
  writeEnd(): void;
}

/** The writing side of a channel: sends no more than the server has room for. */
export class WindowedInput extends Writable {
  readonly #options: InputOptions;
  #window: number;
  #rest: Buffer = Buffer.alloc(0);
  #pending: ((error?: Error | null) => void) | undefined;
  #lost = false;

  constructor(options: InputOptions) {
    super();
    this.#options = options;
    this.#window = options.window;
    // Whoever does not listen learns of the end from the channel.
    this.on('error', () => undefined);
  }

  /** The server has room for so many bytes more. */
  widen(bytes: number): void {
    this.#window += bytes;
    this.#flush();
  }

  /** Fails what is being written, and all that is written from now on. */
  lose(): void {
    this.#lost = true;
    this.#settle(buildClosedInputError());
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#rest = chunk;
    this.#pending = done;
    if (this.#lost) this.#settle(buildClosedInputError());
    else if (chunk.length === 0) this.#settle();
    else this.#flush();
  }

  override _final(done: (error?: Error | null) => void): void {
    if (!this.#lost) this.#options.writeEnd();
    done();
  }

  #flush(): void {
    while (!this.#lost && this.#rest.length > 0 && this.#window > 0) {
      const piece = this.#rest.subarray(0, Math.min(this.#window, this.#options.maxPacket));
      this.#rest = this.#rest.subarray(piece.length);
      this.#window -= piece.length;
      const isLast = this.#rest.length === 0;
      this.#options.writeData(piece, (error) => {
        if (error) this.lose();
        else if (isLast) this.#settle();
      });
    }
  }

  #settle(error?: Error): void {
    const done = this.#pending;
    this.#pending = undefined;
    done?.(error);
  }
}

/** A reading side of a channel; tells `onRoom` of the bytes that were taken out of it. */
export class ChannelOutput extends Readable {
  /** Resolves when it has been read to its end. */
  readonly wasRead: Promise<void>;
  readonly #onRoom: (bytes: number) => void;
  #owed = 0;
  #over = false;

  constructor(onRoom: (bytes: number) => void) {
    super();
    this.#onRoom = onRoom;
    this.wasRead = new Promise((resolve) => this.once('close', () => resolve()));
  }

  /** Takes what has come. */
  add(bytes: Buffer): void {
    if (this.#over) return;
    this.#owed += bytes.length;
    if (this.push(bytes)) this.#payBack();
  }

  /** Ends it behind what has come. */
  finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.push(null);
  }

  /** Ends it here and now; what still comes is nobody's. */
  endNow(): void {
    this.finish();
    this.resume();
  }

  override _read(): void {
    this.#payBack();
  }

  #payBack(): void {
    const bytes = this.#owed;
    this.#owed = 0;
    if (bytes > 0) this.#onRoom(bytes);
  }
}
