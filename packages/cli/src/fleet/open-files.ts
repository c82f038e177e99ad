import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';

/** How many files this program may have open; null where that is not known. Node has raised its limit as far as it may. */
export async function readOpenFileLimit(): Promise<number | null> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  const [, soft] = /^Max open files +([0-9]+|unlimited) /m.exec(limits) ?? [];
  return soft === undefined ? askShell() : parseLimit(soft);
}

/** A child inherits the limit. */
function askShell(): Promise<number | null> {
  return new Promise((resolve) => {
    execFile('/bin/sh', ['-c', 'ulimit -n'], (error, stdout) => resolve(error === null ? parseLimit(stdout) : null));
  });
}

function parseLimit(said: string): number | null {
  const text = said.trim();
  if (text === 'unlimited') return Number.POSITIVE_INFINITY;
  return /^[0-9]+$/.test(text) ? Number(text) : null;
}
