import { readdir } from 'node:fs/promises';
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
