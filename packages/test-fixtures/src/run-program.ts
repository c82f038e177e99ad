import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';

/** How a program ended and what it wrote. */
export interface ProgramResult {
  readonly stdout: string;
  readonly stderr: string;
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  /** With `SIG`, as Node names it; null when it exited. */
  readonly signal: NodeJS.Signals | null;
}

/** What a program gets and how long it may take. */
export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Written to stdin, which is then closed; without it stdin is empty. */
  readonly input?: string | Uint8Array;
  /** Aborting kills the program (KILL). */
  readonly signal?: AbortSignal;
  /** Milliseconds; when they are over the program is killed (KILL) and the promise rejects. */
  readonly timeoutMs?: number;
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * Runs a program to its end and gives back what it wrote; a non-zero exit is a result.
 *
 * @throws Error when it cannot be started or outlives `timeoutMs`, with what it had written until then.
 */
export function runProgram(argv: readonly string[], options: RunOptions = {}): Promise<ProgramResult> {
  const { input, signal, timeoutMs, ...spawnOptions } = options;
  const child = spawnProgram(argv, { ...spawnOptions, stdio: ['pipe', 'pipe', 'pipe'] });
  return collectResult(child, argv, { input, signal, timeoutMs });
}

/** Spawns an argv (its first word is the program). */
export function spawnProgram(argv: readonly string[], options: SpawnOptions): ChildProcess {
  const [program, ...rest] = argv;
  if (program === undefined) throw new Error('an argv needs at least the name of a program');
  return spawn(program, rest, options);
}

/**
 * Runs a program that has to succeed and returns its stdout.
 *
 * @throws Error with the end of its output when it exits with anything but 0.
 */
export async function runOrThrow(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const result = await runProgram(argv, options);
  if (result.exitCode === 0) return result.stdout;
  const end = result.signal === null ? `exit ${result.exitCode}` : result.signal;
  throw new Error(`${argv.join(' ')}: ${end}\n${formatLastLines(result.stdout + result.stderr)}`);
}

/** Formats the last lines of a log for an error message, indented. */
export function formatLastLines(text: string, count = 20): string {
  const lines = text.trimEnd().split('\n').slice(-count);
  return lines.map((line) => `  | ${line}`).join('\n');
}

function collectResult(
  child: ChildProcess,
  argv: readonly string[],
  limits: { input: string | Uint8Array | undefined; signal: AbortSignal | undefined; timeoutMs: number | undefined },
): Promise<ProgramResult> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  // A program that does not read its input closes the pipe; that is its own affair.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(limits.input ?? '');
  const kill = () => child.kill('SIGKILL');
  if (limits.signal?.aborted) kill();
  limits.signal?.addEventListener('abort', kill, { once: true });
  return new Promise((resolve, reject) => {
    let expired = false;
    const timer =
      limits.timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            expired = true;
            kill();
            // Whoever it started may hold the pipes for ever.
            child.stdout?.destroy();
            child.stderr?.destroy();
          }, limits.timeoutMs);
    const settle = () => {
      clearTimeout(timer);
      limits.signal?.removeEventListener('abort', kill);
    };
    child.once('error', (error) => {
      settle();
      reject(new Error(`${argv[0]} cannot be started: ${error.message}`, { cause: error }));
    });
    child.once('close', (exitCode, signal) => {
      settle();
      const out = Buffer.concat(stdout).toString();
      const err = Buffer.concat(stderr).toString();
      if (!expired) resolve({ stdout: out, stderr: err, exitCode, signal });
      else
        reject(new Error(`${argv.join(' ')} did not end within ${limits.timeoutMs} ms\n${formatLastLines(out + err)}`));
    });
  });
}
