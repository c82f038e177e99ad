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
  const { stdin, stdout, stderr } = process;
  return { stdin, stdout, stderr };
}
