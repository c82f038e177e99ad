import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Operation } from '../../src/operations/operation.js';
import { start } from '../../src/operations/start.js';
import { type AppSpec, DEFAULT_LOG, DEFAULT_RESTART, DEFAULT_STOP, NOT_DEPLOYED } from '../../src/state/app-spec.js';
import type { Reply } from '../../src/wire/reply.js';
import { readReply } from '../read-reply.js';

const DEADLINE_MS = 20_000;

/** A home of its own on this machine, in which scripts run as they would behind sshd. */
export interface PrivateHost {
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  /** Where the records of an app are. */
  appDir(app: string): string;
  /** Feeds a script to the shell and lets it go on by itself; `keepInput` leaves its input open behind it. */
  launch(script: string, keepInput?: boolean): RunningScript;
  /** Runs a script to its end. */
  run(script: string, nonce: string): Promise<Reply>;
  /** Builds an operation's script, lets `change` rewrite it, runs it and reads its answer. */
  operate<Options, Result>(
    operation: Operation<Options, Result>,
    options: Options,
    change?: (script: string) => string,
  ): Promise<Result>;
  /** Starts an app from argv, with whatever else a spec may say. */
  start(app: string, argv: readonly string[], spec?: Partial<AppSpec>, settleMs?: number): ReturnType<typeof startApp>;
  /** The pids of everything that was started here and lives, but for the log keepers with what they wait for. */
  pids(): number[];
  /** Waits until nothing that was started here lives. */
  expectNoProcesses(): Promise<void>;
  /** The same home, with scripts that run behind another entrance. */
  reenter(entrance: readonly string[]): PrivateHost;
  /** Ends what is left and takes the home away. */
  close(): Promise<void>;
}

/** A script that has begun. */
export interface RunningScript {
  readonly child: ChildProcess;
  readonly output: Promise<Buffer>;
}

/** Who does things in these tests. */
export const BY = 'deploy@laptop';

/**
 * Makes a home; `shellPath` is what `sh` is there, for the scripts and for the supervisors, and `entrance` the argv that runs another one
 * where the host shall be, for example in a PID namespace.
 */
export async function createPrivateHost(
  shellPath: string | undefined = undefined,
  extraEnv: Record<string, string> = {},
  entrance: readonly string[] = [],
): Promise<PrivateHost> {
  const home = await mkdtemp(join(tmpdir(), 'outlast-core-'));
  const sh = shellPath === undefined ? '/bin/sh' : join(home, 'bin/sh');
  if (shellPath !== undefined) {
    await mkdir(join(home, 'bin'));
    await symlink(shellPath, sh);
  }
  const env = { PATH: process.env.PATH ?? '', HOME: home, LOGNAME: 'deploy', ...extraEnv };
  return describeHost(home, env, sh, entrance);
}

function describeHost(
  home: string,
  env: Readonly<Record<string, string>>,
  sh: string,
  entrance: readonly string[],
): PrivateHost {
  const launch = (script: string, keepInput = false) =>
    launchScript([...entrance, sh, '-s'], { script: script.replaceAll('/bin/sh', sh), keepInput }, env, home);
  const run = async (script: string, nonce: string) => readReply(await launch(script).output, nonce);
  const host: PrivateHost = {
    home,
    env,
    appDir: (app) => join(home, '.local/state/outlast/apps', app),
    launch,
    run,
    operate: async (operation, options, change = (script) => script) => {
      const nonce = randomBytes(8).toString('hex');
      return operation.parse(await run(change(operation.build(options, { nonce })), nonce), options);
    },
    start: (app, argv, spec = {}, settleMs = 200) => startApp(host, app, { ...PLAIN_SPEC, ...spec, argv }, settleMs),
    pids: () => listPids(home).filter((pid) => !isKeeping(pid)),
    expectNoProcesses: async () => {
      await waitFor(() => listPids(home).length === 0, `nothing is left of ${describe(listPids(home))}`);
    },
    reenter: (other) => describeHost(home, env, sh, other),
    close: async () => {
      await waitFor(() => {
        const left = listPids(home);
        for (const pid of left) endProcess(pid);
        return left.length === 0;
      }, 'what was killed is gone');
      await rm(home, { recursive: true, force: true });
    },
  };
  return host;
}

/** A spec that asks for nothing in particular. */
export const PLAIN_SPEC: AppSpec = {
  argv: ['sleep', '1000'],
  shell: false,
  cwd: null,
  env: {},
  secretEnv: {},
  hup: 'ignore',
  launcher: 'setsid',
  restart: DEFAULT_RESTART,
  stop: DEFAULT_STOP,
  log: DEFAULT_LOG,
  ...NOT_DEPLOYED,
};

/** A request id such as the program makes. */
export function createRequest(): string {
  return randomBytes(12).toString('hex');
}

function startApp(host: PrivateHost, app: string, spec: AppSpec, settleMs: number) {
  return host.operate(start, { app, spec, request: createRequest(), by: BY, settleMs });
}

/** Waits for a condition, looking again and again. */
export async function waitFor(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited ${DEADLINE_MS} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Puts a failpoint into a script, before every `place`. */
export function insertBefore(script: string, place: string, insertion: string): string {
  return replaceIn(script, place, `${insertion} ${place}`);
}

/** Changes a script; a place that is not there is a mistake in the test. */
export function replaceIn(script: string, place: string, replacement: string): string {
  if (!script.includes(place)) throw new Error(`the script has no ${place}`);
  return script.split(place).join(replacement);
}

/** Tells whether a process is there and no zombie. */
export function isAlive(pid: number): boolean {
  const stat = readProc(pid, 'stat');
  return stat !== '' && !/^[ZX]/.test(stat.slice(stat.lastIndexOf(') ') + 2));
}

/** Reads a file about a process; empty when it is gone. */
export function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

/** The start time of a process, in ticks since boot, as records have it. */
export function readStart(pid: number): string {
  const stat = readProc(pid, 'stat');
  return stat.slice(stat.lastIndexOf(') ') + 2).split(' ')[19] ?? '';
}

/** The environment that a process began with. */
export function readEnviron(pid: number): Record<string, string> {
  const entries = readProc(pid, 'environ').split('\0').filter(Boolean);
  return Object.fromEntries(
    entries.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  );
}

/** Reads a whole file that a script or an app writes; undefined before it is there. */
export function readIfThere(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

function launchScript(
  [program = '', ...args]: readonly string[],
  { script, keepInput }: { readonly script: string; readonly keepInput: boolean },
  env: Readonly<Record<string, string>>,
  cwd: string,
): RunningScript {
  const child = spawn(program, args, { env, cwd, stdio: ['pipe', 'pipe', 'ignore'], detached: true });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  // A shell that ends before it has read everything is what some tests are about.
  child.stdin.on('error', () => undefined);
  if (keepInput) child.stdin.write(script);
  else child.stdin.end(script);
  const output = new Promise<Buffer>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve(Buffer.concat(chunks)));
  });
  return { child, output };
}

function listPids(home: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && readEnviron(pid).HOME === home && isAlive(pid));
}

const isSupervisor = (pid: number) => /\0supervise\0/.test(readProc(pid, 'cmdline'));

export function readParent(pid: number): number {
  const stat = readProc(pid, 'stat');
  return Number(stat.slice(stat.lastIndexOf(') ') + 2).split(' ')[1]);
}

/** Told by its parents: a keeper is a fork of its supervisor. */
function isKeeping(pid: number): boolean {
  const parent = readParent(pid);
  return isSupervisor(parent) && (isSupervisor(pid) || isSupervisor(readParent(parent)));
}

function describe(pids: readonly number[]): string {
  return pids.map((pid) => `${pid} ${readProc(pid, 'cmdline').replaceAll('\0', ' ')}`).join('; ');
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It went by itself.
  }
}
