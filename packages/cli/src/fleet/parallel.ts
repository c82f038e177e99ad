import { availableParallelism } from 'node:os';
import type { TransportName } from '../ssh/transports.js';

/** What is open anyway. */
const OWN_FILES = 40;
/** A connection, and the agent's for a while; of an `ssh` its streams and sockets, and one more while it asks. */
const FILES_A_HOST: Readonly<Record<TransportName, number>> = { ssh2: 2, openssh: 5 };
/** A login waits for the network most of its time. */
const HOSTS_A_PROCESSOR = 32;
/** More at once would only be more that is under way when something goes wrong. */
const MOST_HOSTS = 128;

/** How many hosts a machine of so many processors does at the same time, where nobody says. */
export function chooseParallel(processors = availableParallelism()): number {
  return Math.min(MOST_HOSTS, HOSTS_A_PROCESSOR * processors);
}

/** How many files may have to be open for so many hosts at the same time. */
export function countFiles(hosts: number, transports: readonly TransportName[]): number {
  return OWN_FILES + filesAHost(transports) * hosts;
}

/** How many hosts at the same time so many open files are enough for; null stands for a limit that is not known. */
export function countHosts(openFiles: number | null, transports: readonly TransportName[]): number {
  if (openFiles === null) return Number.POSITIVE_INFINITY;
  return Math.max(0, Math.floor((openFiles - OWN_FILES) / filesAHost(transports)));
}

function filesAHost(transports: readonly TransportName[]): number {
  return Math.max(...transports.map((name) => FILES_A_HOST[name]));
}
