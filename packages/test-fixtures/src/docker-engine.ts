import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { findEngineFolder, joinEngine, startEngine } from './engine-process.js';
import { runProgram } from './run-program.js';

/** A Docker engine that answers, and how to talk to it. */
export interface DockerEngine {
  /** Whether tests have started it: these or others that run at the same time. */
  readonly isOurs: boolean;
  /** The beginning of a Compose argv: `docker compose` or `docker-compose`. */
  readonly compose: readonly string[];
  /** Ends the engine if tests have started it and no others use it; says whether it has. */
  stop(): Promise<boolean>;
}

const INSTALL = 'on Debian and Ubuntu: apt-get install docker.io docker-compose';

/** Says why no containers can be run on this machine; undefined when they can. */
export async function canStartDocker(): Promise<string | undefined> {
  if (findProgram('docker') === undefined) return `no docker program on this machine; ${INSTALL}`;
  if ((await findCompose()) === undefined) return `neither docker compose nor docker-compose works; ${INSTALL}`;
  const silence = await askEngine();
  if (silence === undefined || canStartEngine()) return undefined;
  return `no Docker engine answers (${silence}); start one, or run the tests as root where dockerd is installed`;
}

/**
 * Makes sure that a Docker engine answers: the one that runs, or, as root on Linux, one started here.
 *
 * @throws Error saying what is missing, or with the last lines of the engine's log.
 */
export async function ensureDocker(): Promise<DockerEngine> {
  const reason = await canStartDocker();
  if (reason !== undefined) throw new Error(reason);
  const compose = (await findCompose()) ?? [];
  if ((await askEngine()) !== undefined) await startEngine(async () => (await askEngine()) === undefined);
  const folder = await findEngineFolder();
  const stop = folder === undefined ? async () => false : await joinEngine(folder);
  return { isOurs: folder !== undefined, compose, stop };
}

/** Asks the engine for its version; undefined when it answers, else its client's complaint in one line. */
async function askEngine(): Promise<string | undefined> {
  const argv = ['docker', 'version', '--format', '{{.Server.Version}}'];
  const result = await runProgram(argv, { timeoutMs: 20_000 }).catch((error: Error) => error);
  if (result instanceof Error) return result.message;
  return result.exitCode === 0 ? undefined : result.stderr.trim().split('\n')[0];
}

async function findCompose(): Promise<readonly string[] | undefined> {
  for (const argv of [['docker', 'compose'], ['docker-compose']]) {
    const result = await runProgram([...argv, 'version'], { timeoutMs: 20_000 }).catch(() => undefined);
    if (result?.exitCode === 0) return argv;
  }
  return undefined;
}

function canStartEngine(): boolean {
  const isForThisMachine = (process.env.DOCKER_HOST ?? '') === '';
  return process.platform === 'linux' && process.getuid?.() === 0 && isForThisMachine && hasEngineProgram();
}

function hasEngineProgram(): boolean {
  return findProgram('dockerd', ':/usr/sbin:/sbin') !== undefined;
}

function findProgram(name: string, morePath = ''): string | undefined {
  const folders = `${process.env.PATH ?? ''}${morePath}`.split(':').filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
