import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The most memory that a process has had at once, in MB; NaN once it has ended. */
export function readPeakMegabytes({ pid }: ChildProcess): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
  } catch {
    return Number.NaN;
  }
}
