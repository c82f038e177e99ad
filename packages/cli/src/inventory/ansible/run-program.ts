import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { escapeForMessage, OutlastError } from '@outlast/core';
import { readBytes } from '../../input/read-bytes.js';
import { buildExhaustedError, isExhausted } from '../../ssh/exhaustion.js';

const MOST_OUTPUT_BYTES = 64 * 1_048_576;
const PROGRAM_TIMEOUT_MS = 60_000;
// Of what it says about its failure, the last part says why.
const MOST_STDERR = 4_096;

/** An inventory program, and how it is run. */
export interface InventoryProgram {
  readonly path: string;
  /** What messages call it. */
  readonly name: string;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Ends it with everything that it has started. */
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
  readonly mostBytes?: number;
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

/**
 * Runs an inventory program, without a shell and with nothing to read, and gives what it prints.
 *
 * @throws OutlastError `E_CONFIG` when it fails, takes over a minute, or prints over 64 MiB or what is not UTF-8; the reason of
 *   the signal when that aborts first.
 */
export async function runInventoryProgram(program: InventoryProgram, args: readonly string[]): Promise<string> {
  program.signal.throwIfAborted();
  // A group of its own, so that its children end with it.
  const child = spawn(program.path, args, {
    cwd: program.cwd,
    env: program.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const { timeoutMs = PROGRAM_TIMEOUT_MS } = program;
  const late = new AbortController();
  const timer = setTimeout(
    () => late.abort(refuse(program, args, `it did not end within ${timeoutMs / 1000} s`)),
    timeoutMs,
  );
  try {
    return await Promise.race([
      collect(child, program, args),
      rejectWhen(AbortSignal.any([program.signal, late.signal])),
    ]);
  } finally {
    clearTimeout(timer);
    endGroup(child);
  }
}

async function collect(child: Child, program: InventoryProgram, args: readonly string[]): Promise<string> {
  const { mostBytes = MOST_OUTPUT_BYTES } = program;
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve, reject) => {
    child.once('error', (error) =>
      reject(
        isExhausted(error)
          ? buildExhaustedError(error)
          : refuse(program, args, `it cannot be run: ${error.message}`, error),
      ),
    );
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  // Without a file left for its streams it has none.
  if (child.stdout === undefined) await ended;
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-MOST_STDERR);
  });
  const output = readBytes(child.stdout, mostBytes).then((bytes) => {
    if (bytes === undefined) throw refuse(program, args, `it prints more than ${mostBytes / 1_048_576} MiB`);
    return bytes;
  });
  const [bytes, { code, signal }] = await Promise.all([output, ended]);
  if (code !== 0) {
    const said = escapeForMessage(stderr.trim());
    const how = code === null ? `it was ended by ${signal}` : `it ended with ${code}`;
    throw refuse(program, args, said === '' ? how : `${how}: ${said}`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw refuse(program, args, 'what it prints is not UTF-8', error);
  }
}

function rejectWhen(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const fail = (): void => reject(signal.reason);
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}

function endGroup({ pid }: Child): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // Everything in it has ended.
  }
}

function refuse({ name }: InventoryProgram, args: readonly string[], reason: string, cause?: unknown): OutlastError {
  return new OutlastError(
    'E_CONFIG',
    `the inventory ${escapeForMessage([name, ...args].join(' '))} failed: ${reason}`,
    {
      hint: 'run it by hand; nothing was sent',
      cause,
    },
  );
}
