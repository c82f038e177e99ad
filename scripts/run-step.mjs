import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The folder of the repository. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

// A step that has nothing to do is over sooner than this, and is not worth a line.
const DEFAULT_QUIET_MS = 250;

/** A step whose program failed; its whole output has been shown. */
export class StepError extends Error {
  name = 'StepError';
}

/**
 * Runs a program as one step: a line with its duration on stderr, its output only if it fails.
 *
 * @param {string} label what is being done, in the present participle
 * @param {string} file
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, quietMs?: number }} [options] `quietMs`: a step that is over sooner says nothing
 * @throws StepError when the program cannot be started, fails or is interrupted
 */
export async function runStep(label, file, args, options = {}) {
  const started = performance.now();
  const line = startLine(label, options.quietMs ?? DEFAULT_QUIET_MS);
  const { output, problem } = await collect(file, args, options.env ?? process.env);
  const seconds = `${((performance.now() - started) / 1000).toFixed(1)} s`;
  if (problem === undefined) return line.end(seconds);
  line.end(`failed after ${seconds}`, true);
  process.stderr.write(output.length > 0 ? `${output.trimEnd()}\n` : '');
  throw new StepError(`${label} failed: ${problem}: ${[file, ...args].join(' ')}`);
}

/** Runs a program on this terminal, lets it deal with Ctrl-C, and resolves to its exit code (128 + n for signal n). */
export async function runOnTerminal(file, args, env = process.env) {
  return withSignalsPassedOn(spawn(file, args, { cwd: ROOT, env, stdio: 'inherit' }), (child, resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 143)));
  });
}

function startLine(label, quietMs) {
  let shown = false;
  const show = () => {
    shown = true;
    process.stderr.write(`${label} … `);
  };
  const timer = setTimeout(show, quietMs);
  return {
    end(text, always = false) {
      clearTimeout(timer);
      if (always && !shown) show();
      if (shown) process.stderr.write(`${text}\n`);
    },
  };
}

function collect(file, args, env) {
  const child = spawn(file, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks = [];
  child.stdout.on('data', (chunk) => chunks.push(chunk));
  child.stderr.on('data', (chunk) => chunks.push(chunk));
  return withSignalsPassedOn(child, (_, resolve) => {
    const end = (problem) => resolve({ output: Buffer.concat(chunks).toString(), problem });
    child.on('error', (error) => end(error.message));
    child.on('close', (code, signal) => end(code === 0 ? undefined : (signal ?? `exit code ${code}`)));
  });
}

// Without a handler of our own we would be gone before the child, and nothing would clean up after it.
async function withSignalsPassedOn(child, wait) {
  const onInterrupt = () => {};
  const onTerminate = () => child.kill('SIGTERM');
  process.on('SIGINT', onInterrupt).on('SIGTERM', onTerminate).on('SIGHUP', onTerminate);
  try {
    return await new Promise((resolve, reject) => wait(child, resolve, reject));
  } finally {
    process.off('SIGINT', onInterrupt).off('SIGTERM', onTerminate).off('SIGHUP', onTerminate);
  }
}
