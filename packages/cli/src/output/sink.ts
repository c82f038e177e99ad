import { OutlastError } from '@outlast/core';
import type { TerminalStream } from './process-streams.js';

/** One stream that is written to, and survives its reader. */
export interface Sink {
  /** True once the reader is gone, as with `| head`; from then on writes do nothing. */
  readonly closed: boolean;
  /** Resolves when the reader is gone. */
  readonly whenClosed: Promise<void>;
  /** Resolves when it cannot be written for another reason, such as a full disk. */
  readonly whenBroken: Promise<OutlastError>;
  /**
   * Writes a chunk; resolves when the stream has taken it, so that whoever waits keeps memory flat.
   *
   * @throws OutlastError `E_OUTPUT` when it cannot be written for another reason than a gone reader, such as a full disk.
   */
  write(chunk: string | Uint8Array): Promise<void>;
}

// EOF is what a closed pipe gives on Windows; the other two follow on writes after the first failure.
const GONE = new Set(['EPIPE', 'EOF', 'ECONNRESET', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_WRITE_AFTER_END']);

/** Creates the sink of a stream; `name` is used in messages. */
export function createSink(stream: TerminalStream, name: string): Sink {
  let closed = false;
  let failure: OutlastError | undefined;
  let announceClosed = () => {};
  let announceBroken = (_error: OutlastError) => {};
  const whenClosed = new Promise<void>((resolve) => {
    announceClosed = resolve;
  });
  const whenBroken = new Promise<OutlastError>((resolve) => {
    announceBroken = resolve;
  });
  const fail = (error: Error) => {
    if (failure !== undefined) return;
    if (isGone(error)) {
      closed = true;
      announceClosed();
      return;
    }
    failure = buildFailure(name, error);
    announceBroken(failure);
  };
  stream.on('error', fail);
  const write = (chunk: string | Uint8Array) =>
    new Promise<void>((resolve, reject) => {
      if (closed) return resolve();
      if (failure) return reject(failure);
      stream.write(chunk, (error) => {
        if (error) fail(error);
        return failure ? reject(failure) : resolve();
      });
    });
  return {
    write,
    whenClosed,
    whenBroken,
    get closed() {
      return closed;
    },
  };
}

function isGone(error: Error): boolean {
  return 'code' in error && typeof error.code === 'string' && GONE.has(error.code);
}

function buildFailure(name: string, cause: Error): OutlastError {
  const hint = 'check the disk or the device that it is redirected to';
  return new OutlastError('E_OUTPUT', `${name} cannot be written: ${cause.message}`, { cause, hint });
}
