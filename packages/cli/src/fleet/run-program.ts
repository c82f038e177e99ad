import type { Readable } from 'node:stream';
import { buildExecScript, type ExecOptions, OutlastError, RecordScanner } from '@outlast/core';
import { forEachChunk } from '../input/for-each-chunk.js';
import type { ExecChannel, ExecEnd } from '../ssh/transport.js';
import type { HostSession } from './host-session.js';
import { createNonce } from './nonce.js';

/** Where the streams of a foreground program go; each is waited for, so that a slow reader makes the program wait. */
export interface ProgramStreams {
  stdout(chunk: Uint8Array): Promise<void> | void;
  stderr(chunk: Uint8Array): Promise<void> | void;
  /** What the program reads; without it its input is empty. */
  readonly stdin?: Readable | Uint8Array;
}

/** What is kept of the text before the program, for the message where no program came. */
const MAX_PREAMBLE = 4096;

/**
 * Runs a program in the foreground of a host until it ends.
 *
 * @throws OutlastError `E_UNKNOWN_RESULT` when the connection was lost in the middle, `E_NO_SHELL` when no script of ours ran.
 */
export async function runProgram(
  session: HostSession,
  argv: readonly string[],
  streams: ProgramStreams,
): Promise<ExecEnd> {
  const options: ExecOptions = { argv, stdin: streams.stdin !== undefined };
  const nonce = createNonce();
  const { channel } = await session.openScript(buildExecScript(options, { nonce }), nonce, options.stdin);
  const start = createStartWatch(nonce, () => {
    session.markReached();
    if (streams.stdin !== undefined) feed(channel, streams.stdin);
  });
  let stderr = '';
  const readStderr = forEachChunk(channel.stderr, (chunk) => {
    if (!start.begun && stderr.length < MAX_PREAMBLE) stderr += Buffer.from(chunk).toString('utf8');
    return streams.stderr(chunk);
  });
  const readStdout = forEachChunk(channel.stdout, (chunk) => {
    const output = start.push(chunk);
    return output.length > 0 ? streams.stdout(output) : undefined;
  });
  try {
    await Promise.all([readStdout, readStderr]);
  } catch (error) {
    channel.close();
    throw error;
  }
  const end = await channel.ended;
  if (start.begun && (end.exitCode !== null || end.signal !== null)) return end;
  const reply = { begun: start.begun, preamble: start.preamble };
  const hint = 'it may still be running on the host: look with outlast find PATTERN';
  throw session.explainSilence(true, { reply, end, stderr, hint });
}

interface StartWatch {
  readonly begun: boolean;
  readonly preamble: string;
  /** The program's own bytes in the chunk. */
  push(chunk: Uint8Array): Uint8Array;
}

/** Everything before BEGIN is noise of the login, everything behind it is the program's. */
function createStartWatch(nonce: string, onBegin: () => void): StartWatch {
  const scanner = new RecordScanner(nonce);
  let begun = false;
  let preamble = '';
  return {
    get begun() {
      return begun;
    },
    get preamble() {
      return preamble;
    },
    push(chunk) {
      if (begun) return chunk;
      const output: Uint8Array[] = [];
      for (const part of scanner.push(chunk)) {
        if (part.kind === 'record') begun = true;
        else if (begun) output.push(part.bytes);
        else if (preamble.length < MAX_PREAMBLE) preamble += Buffer.from(part.bytes).toString('utf8');
      }
      if (!begun) return new Uint8Array(0);
      for (const part of scanner.end()) if (part.kind === 'bytes') output.push(part.bytes);
      onBegin();
      return Buffer.concat(output);
    },
  };
}

function feed({ stdin, ended }: ExecChannel, input: Readable | Uint8Array): void {
  if (input instanceof Uint8Array) {
    stdin.end(input);
    return;
  }
  input.pipe(stdin);
  const stop = () => input.unpipe(stdin);
  // A program that has had enough closes its input first; that is no error of ours.
  stdin.on('error', stop);
  ended.then(stop);
}

/** The error for a program that ended with something other than 0. */
export function createProgramEndError({ exitCode, signal }: ExecEnd): OutlastError {
  return new OutlastError(
    'E_EXEC_FAILED',
    signal === null ? `the program ended with ${exitCode}` : `the program was killed by ${signal}`,
  );
}
