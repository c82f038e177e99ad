import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { waitFor } from '../private-host.js';

/** A PID namespace with a `/proc` of its own: pids can be forced in it, and all of it can end at once, as a container does. */
export interface PidNamespace {
  /** The argv before another one, to run it in there. */
  readonly entrance: readonly string[];
  /** Runs a line of shell in there; resolves to what it wrote. */
  run(line: string): Promise<string>;
  /** Kills everything in it. */
  end(): Promise<void>;
}

// Whatever loses its parent in there becomes a child of this shell, and is collected by its wait.
const INIT = 'echo up; sleep infinity & wait';
const UNSHARE = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];

/** Says why pids cannot be forced on this machine; undefined when they can. */
export function findWhyPidsCannotBeForced(): string | undefined {
  const probe = 'echo 300 >/proc/sys/kernel/ns_last_pid && sleep 0 & echo $!';
  const [program = '', ...args] = [...UNSHARE, 'sh', '-c', probe];
  const { error, status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (error !== undefined) return `${error.message}; unshare is part of util-linux`;
  if (status === 0 && stderr === '') return undefined;
  return `pids can only be forced as root, in a PID namespace with /proc/sys/kernel/ns_last_pid: ${stderr.trim()}`;
}

/** Starts a namespace, in which pids are given out from a certain one on. */
export async function startPidNamespace(firstPid = 2): Promise<PidNamespace> {
  const [program = '', ...args] = [
    ...UNSHARE,
    'sh',
    '-c',
    `echo ${firstPid - 1} >/proc/sys/kernel/ns_last_pid; ${INIT}`,
  ];
  const holder = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'], env: { PATH: process.env.PATH ?? '' } });
  await once(holder.stdout, 'data');
  const init = await findChild(holder.pid as number);
  const entrance = ['nsenter', '--target', String(init), '--pid', '--mount', '--'];
  return { entrance, run: (line) => runIn(entrance, line), end: () => end(holder, init) };
}

async function findChild(pid: number): Promise<number> {
  const read = () => Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim());
  await waitFor(() => read() > 1, 'the namespace has its first process');
  return read();
}

async function runIn([program = '', ...args]: readonly string[], line: string): Promise<string> {
  const child = spawn(program, [...args, 'sh', '-c', line], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH ?? '' },
  });
  let [output, problems] = ['', ''];
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    problems += chunk;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`in the namespace, ${line}: exit ${code}: ${problems}`);
  return output;
}

async function end(holder: ChildProcess, init: number): Promise<void> {
  const ended = once(holder, 'exit');
  // The death of its first process is that of all.
  process.kill(init, 'SIGKILL');
  await ended;
}
