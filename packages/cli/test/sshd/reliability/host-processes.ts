import { readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import type { TestHost } from '@outlast/test-fixtures';

/** A process of this machine, from /proc alone. */
interface Process {
  readonly pid: number;
  readonly argv: string;
  readonly environment: string;
}

/** What runs for a host of this machine. */
export interface HostProcesses {
  /** The pids of the app's own processes: those of its argv. */
  readonly apps: readonly number[];
  /** All that belongs to the app in any way, its supervisor and its log keeper too. */
  readonly traces: readonly number[];
}

/** Before a look: a shell that is just being started is a session's or ours by then. */
const LOOK_MS = 50;
let scan: Promise<Process[]> | undefined;

/** Waits until nothing is at work on the host any more that a client has asked for, and tells what runs there of an app then. */
export async function awaitQuiet(host: TestHost, app: string, argv: readonly string[]): Promise<HostProcesses> {
  const folder = dirname(host.stateDir);
  for (;;) {
    await delay(LOOK_MS);
    const own = (await scanProcesses()).filter(({ environment }) => environment.includes(folder));
    if (own.some(isScript)) continue;
    const traces = own.filter(({ environment }) => environment.includes(`OUTLAST_APP=${app}\0`));
    const apps = traces.filter((each) => each.argv === `${argv.join('\0')}\0`);
    return { apps: apps.map(({ pid }) => pid), traces: traces.map(({ pid }) => pid) };
  }
}

/** A script that came over a connection, or what it has started that is no app yet. */
function isScript({ argv }: Process): boolean {
  return /\0-s\0|\0launch\0/.test(argv);
}

/** One scan, begun after the call, serves all who ask meanwhile. */
function scanProcesses(): Promise<Process[]> {
  scan ??= nextTurn().then(() => {
    scan = undefined;
    return listPids().flatMap(readProcess);
  });
  return scan;
}

function listPids(): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
}

/** Most of them were there before and are none of ours: what they are is not asked again. */
const strangers = new Set(listPids().map(identify));

function identify(pid: string): string {
  const stat = readFile(`/proc/${pid}/stat`);
  return `${pid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
}

function readProcess(pid: string): Process[] {
  const stat = readFile(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state = ''] = fields;
  if (['', 'Z', 'X'].includes(state) || strangers.has(`${pid} ${fields[19]}`)) return [];
  const [argv, environment] = [readFile(`/proc/${pid}/cmdline`), readFile(`/proc/${pid}/environ`)];
  return [{ pid: Number(pid), argv, environment }];
}

function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
