import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { ExecChannel } from '../ssh/transport.js';

/** Each block costs the host a program that reads it, and keeps the script there alive, which waits 30 s for one, however slow a link gets. */
const FIRST_BLOCK_BYTES = 256 * 1024;
const LARGEST_BLOCK_BYTES = 8 << 20;
const BLOCK_SECONDS = 2;
const COMPRESSED_BLOCK_BYTES = 1 << 20;

/** So many bytes, in blocks that the host is told the length of; where nobody knows how many, each piece is one. */
class DataStream {
  readonly #channel: ExecChannel;
  #left: number | undefined;
  #blockLeft = 0;
  #blockBytes = FIRST_BLOCK_BYTES;
  #began = performance.now();
  #isOver = false;
  #resume: (() => void) | undefined;
  readonly #wake = (): void => this.#resume?.();

  constructor(channel: ExecChannel, total: number | undefined) {
    this.#channel = channel;
    this.#left = total;
    channel.stdin.on('drain', this.#wake);
    channel.ended.then(() => {
      this.#isOver = true;
      this.#wake();
    });
  }

  async write(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      if (this.#blockLeft === 0) this.#beginBlock(bytes.length - at);
      const piece = bytes.subarray(at, at + this.#blockLeft);
      this.#blockLeft -= piece.length;
      at += piece.length;
      await this.#send(piece);
    }
  }

  async end(): Promise<void> {
    await this.#send('DONE\n');
    this.#channel.stdin.off('drain', this.#wake);
  }

  /** As long as the link takes in a moment. */
  #beginBlock(here: number): void {
    const now = performance.now();
    const seconds = (now - this.#began) / 1000;
    this.#began = now;
    const wanted = seconds > 0 ? (this.#blockBytes / seconds) * BLOCK_SECONDS : LARGEST_BLOCK_BYTES;
    this.#blockBytes = Math.round(
      Math.min(LARGEST_BLOCK_BYTES, 4 * this.#blockBytes, Math.max(FIRST_BLOCK_BYTES, wanted)),
    );
    this.#blockLeft = this.#left === undefined ? here : Math.min(this.#left, this.#blockBytes);
    if (this.#left !== undefined) this.#left -= this.#blockLeft;
    this.#channel.stdin.write(`DATA ${this.#blockLeft}\n`);
  }

  /** Waits where the host does not take more; fails once the channel has ended. */
  async #send(piece: Buffer | string): Promise<void> {
    if (!this.#isOver && this.#channel.stdin.write(piece)) return;
    if (!this.#isOver) await new Promise<void>((resolve) => (this.#resume = resolve));
    if (this.#isOver) throw new SendingEnded();
  }
}

/** Sends these bytes and nothing else. */
export async function sendData(channel: ExecChannel, bytes: Buffer): Promise<void> {
  const data = new DataStream(channel, bytes.length);
  await data.write(bytes);
  await data.end();
}

/** Sends pieces of so many bytes together, and tells how far that is. */
export async function sendPieces(
  channel: ExecChannel,
  pieces: Iterable<Buffer> | AsyncIterable<Buffer>,
  size: number,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const data = new DataStream(channel, size);
  for await (const piece of pieces) {
    await data.write(piece);
    onBytes(piece.length);
  }
  await data.end();
}

/** Sends pieces compressed by gzip, and tells how far that is in bytes of theirs. */
export async function sendCompressed(
  channel: ExecChannel,
  pieces: Iterable<Buffer> | AsyncIterable<Buffer>,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const data = new DataStream(channel, undefined);
  await pipeline(
    async function* read() {
      for await (const piece of pieces) {
        yield piece;
        onBytes(piece.length);
      }
    },
    createGzip({ level: 1, chunkSize: COMPRESSED_BLOCK_BYTES }),
    async (compressed: AsyncIterable<Buffer>) => {
      for await (const piece of compressed) await data.write(piece);
    },
  );
  await data.end();
}

/** The host has let go before all was sent: what it said is the reason. */
export class SendingEnded extends Error {}
