import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

// An ordinary user's PATH often lacks the folders where servers are.
const SERVER_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** Finds an executable by name on PATH or among the servers; undefined where there is none. */
export function findProgram(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), ...SERVER_FOLDERS];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
