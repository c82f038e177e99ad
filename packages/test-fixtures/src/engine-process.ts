import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isGone, killOne } from './leftover-processes.js';
import { formatLastLines, runProgram } from './run-program.js';
import { waitFor } from './wait-for.js';

// The engine carries the name of its folder, so that every test run can tell whose it is and who else uses it.
const FOLDER_LABEL = 'dev.outlast.test.folder';

/**
 * Starts dockerd and waits until an engine answers. When several test runs do so at once, dockerd itself sees to it
 * that only one stays.
 *
 * @throws Error with the last lines of its log.
 */
export async function startEngine(answers: () => Promise<boolean>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'outlast-dockerd-'));
  await mkdir(join(folder, 'users'));
  const logPath = join(folder, 'log');
  const daemon = spawnEngine(folder, logPath);
  await writeFile(join(folder, 'pid'), String(daemon.pid ?? 0));
  const hasEnded = () => daemon.pid === undefined || daemon.exitCode !== null || daemon.signalCode !== null;
  const discard = () => rm(folder, { recursive: true, force: true });
  try {
    await waitFor(answers, {
      what: 'dockerd to answer',
      // One that has ended may have made way for another that is still coming up.
      timeoutMs: 60_000,
      intervalMs: 100,
      giveUp: () => hasEnded() && !isAnotherEngineUp(),
    });
  } catch (error) {
    const log = formatLastLines(readFileSync(logPath, 'utf8'));
    daemon.kill('SIGTERM');
    await waitFor(hasEnded, { what: 'dockerd to end', timeoutMs: 30_000 });
    await discard();
    throw new Error(`the Docker engine did not start: ${(error as Error).message}\n${log}`);
  }
  if (hasEnded()) await discard();
}

/** Finds the folder of the engine that answers; undefined when it was not started by tests. */
export async function findEngineFolder(): Promise<string | undefined> {
  const { stdout } = await runProgram(['docker', 'info', '--format', '{{json .Labels}}'], { timeoutMs: 20_000 });
  const labels: unknown = JSON.parse(stdout.trim() || 'null');
  if (!Array.isArray(labels)) return undefined;
  const own = labels.find((label): label is string => String(label).startsWith(`${FOLDER_LABEL}=`));
  return own?.slice(FOLDER_LABEL.length + 1);
}

let joined = 0;

/**
 * Registers this process as a user of an engine that tests have started.
 *
 * @returns what ends that use, and the engine with it when nobody else uses it; it resolves to whether it has ended.
 */
export async function joinEngine(folder: string): Promise<() => Promise<boolean>> {
  joined += 1;
  const name = `${process.pid}-${joined}`;
  const mine = join(folder, 'users', name);
  // Another user's engine is none of ours to end.
  if (!(await canWrite(mine))) return async () => false;
  return async () => {
    await rm(mine, { force: true });
    const users = await readdir(join(folder, 'users')).catch(() => undefined);
    if (users === undefined || users.some((user) => !isGone(Number.parseInt(user, 10)))) return false;
    await endEngine(folder);
    return true;
  };
}

async function canWrite(path: string): Promise<boolean> {
  return writeFile(path, '').then(
    () => true,
    () => false,
  );
}

async function endEngine(folder: string): Promise<void> {
  const pid = Number(await readFile(join(folder, 'pid'), 'utf8'));
  if (readArgv(pid).includes(folder)) {
    killOne(pid, 'SIGTERM');
    await waitFor(() => isGone(pid), { what: 'dockerd to end', timeoutMs: 60_000 });
  }
  await rm(folder, { recursive: true, force: true });
}

function spawnEngine(folder: string, logPath: string): ChildProcess {
  const log = openSync(logPath, 'a', 0o600);
  const daemon = spawn('dockerd', ['--label', `${FOLDER_LABEL}=${folder}`], {
    stdio: ['ignore', log, log],
    // It needs iptables and its own runtime, which an ordinary PATH may lack.
    env: { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` },
    // Ctrl-C at a terminal is for the tests, which then take their containers down with its help.
    detached: true,
  });
  closeSync(log);
  daemon.on('error', () => undefined);
  daemon.unref();
  return daemon;
}

/** Says whether the process that holds dockerd's own pid file is alive. */
function isAnotherEngineUp(): boolean {
  try {
    return !isGone(Number(readFileSync('/var/run/docker.pid', 'utf8')));
  } catch {
    return false;
  }
}

function readArgv(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
