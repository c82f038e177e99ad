import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { waitFor } from './wait-for.js';

/**
 * Finds the processes that live in `folder`: it stands in their environment, or they work in it. What was started
 * through a host of this machine is recognised by it, however far it has detached itself.
 */
export function findProcessesOf(folder: string): number[] {
  return listProcesses().filter((pid) => pid !== process.pid && !isGone(pid) && livesIn(pid, folder));
}

/** Kills the processes that live in `folder` and waits until they are gone. */
export async function endProcessesOf(folder: string): Promise<void> {
  await waitFor(
    () => {
      const left = findProcessesOf(folder);
      for (const pid of left) killOne(pid, 'SIGKILL');
      return left.length === 0;
    },
    { what: `the processes of ${folder} to end` },
  );
}

/** Finds the children of a process that run the same program, and theirs: the sessions of an sshd. */
export function findSameProgramBelow(pid: number): number[] {
  const name = readName(pid);
  const found: number[] = [];
  const all = listProcesses().map((other) => ({ pid: other, parent: readParent(other) }));
  const open = [pid];
  for (let parent = open.shift(); parent !== undefined; parent = open.shift()) {
    const below = all.filter((other) => other.parent === parent && isSession(readName(other.pid), name));
    for (const child of below) {
      found.push(child.pid);
      open.push(child.pid);
    }
  }
  return found;
}

/** Signals one process; one that is already gone is fine. */
export function killOne(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Says whether a process has ended; a zombie that nobody has collected yet counts as ended. */
export function isGone(pid: number): boolean {
  const state = readStat(pid)[0];
  return state === undefined || state === 'Z' || state === 'X';
}

function listProcesses(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    // Without /proc nothing can be found: hosts of such machines are ended by their tests alone.
    return [];
  }
}

function livesIn(pid: number, folder: string): boolean {
  try {
    if (readFileSync(`/proc/${pid}/environ`, 'utf8').includes(folder)) return true;
    const cwd = readlinkSync(`/proc/${pid}/cwd`);
    return cwd === folder || cwd.startsWith(`${folder}/`);
  } catch {
    return false;
  }
}

// OpenSSH 9.8 and later run each session in a program of its own.
function isSession(name: string | undefined, server: string | undefined): boolean {
  return name !== undefined && (name === server || name.startsWith('sshd'));
}

function readName(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return undefined;
  }
}

function readParent(pid: number): number {
  return Number(readStat(pid)[1]);
}

/** The fields of /proc/PID/stat from the state on; the name before it may hold anything. */
function readStat(pid: number): string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}
