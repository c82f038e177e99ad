import type { Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { escapeForMessage, OutlastError } from '@outlast/core';

/**
 * Lists what is in a folder; one that is not there is empty.
 *
 * @param name what messages call the folder.
 * @throws OutlastError `E_CONFIG` when it cannot be read.
 */
export async function readFolder(path: string, name: string): Promise<string[]> {
  return readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new OutlastError('E_CONFIG', `cannot read ${escapeForMessage(name)}: ${error.message}`, {
      hint: 'an inventory, group_vars and host_vars are folders that you may read',
      cause: error,
    });
  });
}

/** What is at a path, behind links; undefined where nothing is. */
export async function lookAt(path: string): Promise<Stats | undefined> {
  return stat(path).catch(() => undefined);
}

/** Tells whether a folder is one of those above it: then a link leads back, and to follow it has no end. */
export function leadsBack({ dev, ino }: Stats, above: readonly Stats[]): boolean {
  return above.some((folder) => folder.dev === dev && folder.ino === ino);
}
