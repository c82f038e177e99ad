import { fstatSync, writeSync } from 'node:fs';
import { Writable } from 'node:stream';
import type { ReadStream, WriteStream } from 'node:tty';

/** A stream of ours that may be a terminal. */
export type TerminalStream = NodeJS.WritableStream & Partial<Pick<WriteStream, 'isTTY' | 'columns'>>;

/** The input of a person, which may be a terminal. */
export type TerminalInput = NodeJS.ReadableStream & Partial<Pick<ReadStream, 'isTTY'>>;

/** The three streams of this process. */
export interface ProcessStreams {
  readonly stdin: TerminalInput;
  readonly stdout: TerminalStream;
  readonly stderr: TerminalStream;
}

/** Gives the streams of this process: the one place that touches them. */
export function getProcessStreams(): ProcessStreams {
  // Read late: each is created by Node on first use.
  const { stdin, stderr } = process;
  // As a bigint: of a pipe, Node 20 otherwise keeps the numbers where its realpath, and so its import, looks at them by mistake.
  const isFile = fstatSync(STDOUT, { bigint: true }).isFile();
  return { stdin, stdout: isFile ? createFileStream(STDOUT) : process.stdout, stderr };
}

const STDOUT = 1;

/** A stream into a file. That of Node takes it for done when a disk that becomes full has taken a part. */
function createFileStream(fd: number): Writable {
  return new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      try {
        for (let at = 0; at < chunk.length; ) at += writeSync(fd, chunk, at);
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });
}
