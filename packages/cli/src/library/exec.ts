import type { Readable, Writable } from 'node:stream';
import { OutlastError, parseProgramText } from '@outlast/core';
import { createCapture, createCaptureRoom } from '../fleet/capture-output.js';
import type { HostSession } from '../fleet/host-session.js';
import { runProgram } from '../fleet/run-program.js';
import type { CallOptions } from './options.js';

/** Takes the output of a program as it comes; the program waits for a promise, and for a stream that is full. */
export type OutputSink = Writable | ((chunk: Uint8Array) => void | Promise<void>);

/** Where the streams of a program go. */
export interface ExecOptions extends CallOptions {
  /** What it reads; nothing unless given. */
  readonly stdin?: string | Uint8Array | Readable | undefined;
  /** In place of the result's own `stdout`, for what is long, or no text. */
  readonly stdout?: OutputSink | undefined;
  /** In place of the result's own `stderr`. */
  readonly stderr?: OutputSink | undefined;
}

/** What a program came to. */
export interface ExecResult {
  /** Null where a signal has ended it. */
  readonly exitCode: number | null;
  /** Without `SIG`, such as `KILL`; null where it has ended by itself. */
  readonly signal: string | null;
  /** As UTF-8; empty where a sink has taken it. */
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Checks what is to be run.
 *
 * @throws OutlastError `E_USAGE` for an argv without a program, and for text that no program could receive.
 */
export function checkArgv(argv: readonly string[]): void {
  if (argv[0] === undefined || argv[0] === '') throw new OutlastError('E_USAGE', 'the argv names no program');
  for (const word of argv) parseProgramText(word, 'an argument');
}

/** Runs a program in the foreground until it ends. */
export async function execProgram(
  session: HostSession,
  argv: readonly string[],
  { stdin, stdout, stderr }: ExecOptions,
): Promise<ExecResult> {
  const capture = createCapture(createCaptureRoom());
  const { exitCode, signal } = await runProgram(session, argv, {
    stdout: stdout === undefined ? capture.stdout : toSink(stdout),
    stderr: stderr === undefined ? capture.stderr : toSink(stderr),
    ...(stdin === undefined ? {} : { stdin: typeof stdin === 'string' ? Buffer.from(stdin) : stdin }),
  });
  const kept = capture.read();
  return { exitCode, signal, stdout: kept.stdout.toString('utf8'), stderr: kept.stderr.toString('utf8') };
}

function toSink(sink: OutputSink): (chunk: Uint8Array) => void | Promise<void> {
  if (typeof sink === 'function') return sink;
  return (chunk) =>
    new Promise((resolve, reject) => {
      sink.write(chunk, (error) => (error ? reject(error) : resolve()));
    });
}
