import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findProgram } from '../find-program.mjs';
import { ROOT } from '../run-step.mjs';
import { endProcessesOf, runProgram } from './fixtures.mjs';

const VENV = join(ROOT, '.cache', 'streamlit-venv');
const READY = join(VENV, 'ready');
const TIMEOUT_MS = 15 * 60_000;

/**
 * Makes a virtual environment with Streamlit from PyPI where there is none yet; resolves to its folder.
 *
 * @throws Error saying in one line what is missing, or with the last line of pip
 */
export async function ensureStreamlit({ narrator, signal }) {
  if (existsSync(READY) && existsSync(join(VENV, 'bin', 'python'))) return VENV;
  const python = findProgram('python3');
  if (python === undefined) throw new Error('no python3 on PATH: install Python, or run the demo without --streamlit');
  const check = await runProgram([python, '-c', 'import ensurepip, venv'], { signal, timeoutMs: TIMEOUT_MS });
  signal.throwIfAborted();
  if (check.exitCode !== 0) {
    throw new Error(
      'python3 cannot make virtual environments here; on Debian and Ubuntu: apt-get install python3-venv',
    );
  }
  narrator.line('Installing Streamlit from PyPI into .cache/streamlit-venv, which takes a minute the first time …');
  await makeVenv(python, signal);
  return VENV;
}

async function makeVenv(python, signal) {
  const inVenv = join(VENV, 'bin', 'python');
  try {
    await rm(VENV, { recursive: true, force: true });
    await mkdir(VENV, { recursive: true });
    await runStage('making a virtual environment', [python, '-m', 'venv', VENV], signal);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input'];
    await runStage('installing Streamlit', [inVenv, ...pip, 'streamlit'], signal);
    await writeFile(READY, '');
  } catch (error) {
    // What they have started themselves carries the folder in its environment.
    await endProcessesOf(VENV);
    await rm(VENV, { recursive: true, force: true });
    throw error;
  }
}

async function runStage(label, argv, signal) {
  const env = { ...process.env, VIRTUAL_ENV: VENV };
  const { exitCode, stdout, stderr } = await runProgram(argv, { env, signal, timeoutMs: TIMEOUT_MS });
  signal.throwIfAborted();
  if (exitCode === 0) return;
  const said = `${stdout}\n${stderr}`.trim().split('\n').at(-1);
  throw new Error(`${label} failed: ${said}`);
}
