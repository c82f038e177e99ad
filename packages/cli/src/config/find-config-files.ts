import { stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import type { Environment } from './interpolate-text.js';

/** Where configuration is looked for. */
export interface ConfigSearch {
  /** The folder from which `outlast.yaml` is looked for upwards; absolute. */
  readonly cwd: string;
  /** `--config`: the project's file, in place of the search. */
  readonly configFile?: string;
  /** The folder of the user's `config.yaml`; by default the usual one of the system. */
  readonly userFolder?: string;
  /** The variables that may stand in the files. */
  readonly env: Environment;
}

/** A configuration file that is to be read. */
export interface ConfigLocation {
  readonly path: string;
  /** What messages call it: relative where it lies below the current folder. */
  readonly name: string;
  /** Hosts and groups only. */
  readonly isUserFile: boolean;
}

/**
 * Finds the project's `outlast.yaml`, upwards from the current folder, and the user's `config.yaml`.
 *
 * @returns those that exist, the project's first; a file named by `--config` whether it exists or not.
 */
export async function findConfigFiles(search: Omit<ConfigSearch, 'env'>): Promise<ConfigLocation[]> {
  const project =
    search.configFile === undefined ? await findUpwards(search.cwd) : resolve(search.cwd, search.configFile);
  const user = join(search.userFolder ?? (await findUserFolder()), 'config.yaml');
  const locations: ConfigLocation[] = [];
  if (project !== undefined) {
    locations.push({ path: project, name: formatName(project, search.cwd), isUserFile: false });
  }
  if (user !== project && (await isFile(user))) {
    locations.push({ path: user, name: formatName(user, search.cwd), isUserFile: true });
  }
  return locations;
}

async function findUpwards(folder: string): Promise<string | undefined> {
  const candidate = join(folder, 'outlast.yaml');
  if (await isFile(candidate)) {
    return candidate;
  }
  const parent = dirname(folder);
  return parent === folder ? undefined : findUpwards(parent);
}

async function findUserFolder(): Promise<string> {
  const { default: envPaths } = await import('env-paths');
  return envPaths('outlast', { suffix: '' }).config;
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

function formatName(path: string, cwd: string): string {
  const name = relative(cwd, path);
  return name.startsWith('..') || isAbsolute(name) ? path : name;
}
