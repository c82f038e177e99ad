import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Shells that are `/bin/sh` somewhere, or could be, each with the names of its program. */
const PROGRAMS = {
  dash: ['dash'],
  bash: ['bash'],
  busybox: ['busybox'],
  mksh: ['mksh'],
  ksh93: ['ksh93', 'ksh'],
  yash: ['yash'],
  zsh: ['zsh'],
  posh: ['posh'],
} as const;

/** One of the shells that the scripts are to run in. */
export type ShellName = keyof typeof PROGRAMS;

export const SHELL_NAMES = Object.keys(PROGRAMS) as ShellName[];

/** Those that can be `sh` on a host: posh knows no `-s`. */
export const SH_NAMES = SHELL_NAMES.filter((name) => name !== 'posh');

/** The absolute path of a shell; undefined where it is not installed. */
export function findShell(name: ShellName): string | undefined {
  return PROGRAMS[name].map(findProgram).find((path) => path !== undefined);
}

/** The absolute path of a program; undefined where it is not installed. */
export function findProgram(name: string): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
