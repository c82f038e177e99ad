import type { Stats } from 'node:fs';
import { access, constants, open } from 'node:fs/promises';
import { dirname, extname, isAbsolute, join, relative, resolve } from 'node:path';
import { escapeForMessage, OutlastError } from '@outlast/core';
import { leadsBack, lookAt, readFolder } from './read-folder.js';

/** One thing to read: a file, a program, or a list of hosts. */
export interface InventorySource {
  readonly kind: 'yaml' | 'ini' | 'unknown' | 'program' | 'list';
  /** Absolute; the list itself for a list. */
  readonly path: string;
  /** What messages call it. */
  readonly name: string;
}

/** What one `--inventory` stands for. */
export interface FoundInventory {
  readonly sources: readonly InventorySource[];
  /** Where `group_vars` and `host_vars` are looked for; undefined for a list. */
  readonly folder: { readonly path: string; readonly name: string } | undefined;
}

const MOST_FILES = 1_000;
// As Ansible has them.
const IGNORED_NAMES = /^\.|^(?:host_vars|group_vars|vars_plugins)$|~$/;
const IGNORED_ENDS = /\.(?:pyc|pyo|swp|bak|rpm|md|txt|rst|orig|ini|cfg|retry)$/;
// `#!`, and what ELF and Mach-O begin with.
const PROGRAM_STARTS = ['2321', '7f454c46', 'feedface', 'feedfacf', 'cefaedfe', 'cffaedfe', 'cafebabe'];
const YAML_ENDS = ['.yml', '.yaml', '.json'];

/**
 * Finds what an `--inventory` stands for: a file, a program, a folder of both, or a list of hosts with commas.
 *
 * @throws OutlastError `E_CONFIG` when it is not there, or a folder holds over 1,000 files.
 */
export async function findInventory(
  word: string,
  { cwd, warn }: { readonly cwd: string; warn(message: string): void },
): Promise<FoundInventory> {
  const path = resolve(cwd, word);
  const name = formatName(path, cwd);
  const found = await lookAt(path);
  if (found === undefined) {
    if (word.includes(',')) return { sources: [{ kind: 'list', path: word, name: '--inventory' }], folder: undefined };
    throw new OutlastError('E_CONFIG', `cannot read ${escapeForMessage(name)}: there is no such file`, {
      hint: 'an inventory is a file, a program, a folder, or a list of hosts that ends in a comma',
    });
  }
  if (!found.isDirectory()) {
    return {
      sources: [await classify(path, name, found)],
      folder: { path: dirname(path), name: formatName(dirname(path), cwd) },
    };
  }
  return { sources: await listFolder({ path, name, above: [found], warn }), folder: { path, name } };
}

interface Folder {
  readonly path: string;
  readonly name: string;
  /** Itself and the folders that it is in. */
  readonly above: readonly Stats[];
  warn(message: string): void;
}

async function listFolder({ path, name, above, warn }: Folder): Promise<InventorySource[]> {
  const entries = (await readFolder(path, name)).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const sources: InventorySource[] = [];
  for (const entry of entries) {
    if (entry.endsWith('.ini')) warn(`${join(name, entry)} is not read: Ansible passes over .ini files in a folder`);
    if (IGNORED_NAMES.test(entry) || IGNORED_ENDS.test(entry)) continue;
    const inside = { path: join(path, entry), name: join(name, entry) };
    const found = await lookAt(inside.path);
    if (found?.isDirectory()) {
      if (!leadsBack(found, above)) sources.push(...(await listFolder({ ...inside, above: [...above, found], warn })));
    } else if (found !== undefined) {
      sources.push(await classify(inside.path, inside.name, found));
    }
    if (sources.length > MOST_FILES) {
      throw new OutlastError('E_CONFIG', `${escapeForMessage(name)} holds more than ${MOST_FILES} files`, {
        hint: 'name the files of the inventory by themselves',
      });
    }
  }
  return sources;
}

async function classify(path: string, name: string, found: Stats): Promise<InventorySource> {
  if (found.isFile() && (await isProgram(path))) return { kind: 'program', path, name };
  const end = extname(path);
  if (YAML_ENDS.includes(end)) return { kind: 'yaml', path, name };
  return { kind: end === '' ? 'unknown' : 'ini', path, name };
}

// A text file with the executable bit, as on many a shared drive, is no program: a shell would run its lines.
async function isProgram(path: string): Promise<boolean> {
  const mayRun = await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!mayRun) return false;
  const file = await open(path, 'r').catch(() => undefined);
  // A program that only may be run is one.
  if (file === undefined) return true;
  try {
    const start = Buffer.alloc(4);
    await file.read(start);
    return PROGRAM_STARTS.some((magic) => start.toString('hex').startsWith(magic));
  } finally {
    await file.close();
  }
}

function formatName(path: string, cwd: string): string {
  const name = relative(cwd, path);
  return name.startsWith('..') || isAbsolute(name) ? path : name || '.';
}
