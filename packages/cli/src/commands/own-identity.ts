import { readFileSync } from 'node:fs';
import type { ClientIdentity } from '@outlast/core';

/** Tells this very process from every other; undefined where there is no `/proc`, as on a Mac. */
export function readOwnIdentity(): ClientIdentity | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const stat = readFileSync('/proc/self/stat', 'utf8');
    const start = stat.slice(stat.lastIndexOf(') ') + 2).split(' ')[19];
    return start === undefined ? undefined : { pid: process.pid, start, boot };
  } catch {
    return undefined;
  }
}
