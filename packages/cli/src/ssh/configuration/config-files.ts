import { readFile } from 'node:fs/promises';
import { type ConfigLine, findLineEffect, type LineEffect, parseConfigLines } from './config-lines.js';
import { expandGlob } from './expand-glob.js';
import { readLocalUser } from './local-user.js';

/** One Host line: its patterns, and where it stands. */
export interface HostLine {
  readonly patterns: readonly string[];
  /** As ssh says it: `/home/me/.ssh/config line 3`. */
  readonly at: string;
}

/** The lines from one Host or Match line to the next, put together. */
export interface ConfigBlock extends LineEffect {
  /** All of them have to match: an Include behind a Host line brings in more. */
  readonly conditions: readonly HostLine[];
}

/** The Host lines of the files that ssh reads for every host. */
export interface ConfigFiles {
  /** In the order in which ssh reads them. */
  readonly paths: readonly string[];
  readonly blocks: readonly ConfigBlock[];
  /** False when there is something that only ssh itself can make out, such as a Match line or a file that cannot be read. */
  readonly understood: boolean;
}

// ssh follows Include to this depth, and nobody has so many files.
const MAX_DEPTH = 16;
const MAX_FILES = 512;
// Whatever else a Host or Include line holds, versions of ssh read differently: quotes, comments, tokens.
const PLAIN_PATTERN = /^!?[A-Za-z0-9._:*?-]+$/;
const PLAIN_INCLUDE = /^(?:~(?=\/))?[A-Za-z0-9._*?/@+,:-]+$/;

/**
 * Reads the configuration files that ssh would read, just far enough to know their Host lines.
 *
 * @param configFile what `-F` names, in place of the user's and the system's file.
 */
export async function readConfigFiles(configFile: string | undefined): Promise<ConfigFiles> {
  const userFolder = `${readLocalUser().home}/.ssh`;
  const reader = new ConfigReader();
  if (configFile === undefined) {
    await reader.read(`${userFolder}/config`, { folder: userFolder, conditions: [], depth: 0 });
    await reader.read('/etc/ssh/ssh_config', { folder: '/etc/ssh', conditions: [], depth: 0 });
  } else if (configFile.toLowerCase() !== 'none') {
    await reader.read(configFile, { folder: userFolder, conditions: [], depth: 0 });
  }
  return reader;
}

/** How a file came to be read. */
interface Origin {
  /** Where its relative Includes begin. */
  readonly folder: string;
  readonly conditions: readonly HostLine[];
  readonly depth: number;
}

class ConfigReader implements ConfigFiles {
  readonly paths: string[] = [];
  readonly blocks: ConfigBlock[] = [];
  understood = true;

  async read(path: string, origin: Origin): Promise<void> {
    // Files that bring in each other have no end of their own.
    const tooMany = this.paths.length >= MAX_FILES || origin.depth > MAX_DEPTH;
    this.understood &&= !tooMany;
    const lines = tooMany ? undefined : await this.#load(path);
    if (lines === undefined) return;
    this.paths.push(path);
    let conditions = origin.conditions;
    for (const line of lines) {
      if (line.keyword === 'host') {
        const patterns = this.#split(line, PLAIN_PATTERN);
        conditions = [...origin.conditions, { patterns, at: `${path} line ${line.number}` }];
        this.blocks.push({ conditions, setsHostname: false, usesName: false });
      } else if (line.keyword === 'match') {
        conditions = origin.conditions;
        this.understood &&= line.value.toLowerCase() === 'all';
      } else if (line.keyword === 'include') {
        await this.#include(line, { ...origin, conditions, depth: origin.depth + 1 });
      } else {
        const effect = findLineEffect(line);
        if (effect.setsHostname || effect.usesName) this.blocks.push({ conditions, ...effect });
      }
    }
  }

  /** Undefined for a file that is not there, as most of them are on most machines. */
  async #load(path: string): Promise<ConfigLine[] | undefined> {
    try {
      // Byte for byte: what is not ASCII is no part of what is compared.
      const lines = parseConfigLines(await readFile(path, 'latin1'));
      this.understood &&= lines !== undefined;
      return lines;
    } catch (error) {
      this.understood &&= (error as NodeJS.ErrnoException).code === 'ENOENT';
      return undefined;
    }
  }

  async #include(line: ConfigLine, origin: Origin): Promise<void> {
    for (const word of this.#split(line, PLAIN_INCLUDE)) {
      const path = word.startsWith('~') ? readLocalUser().home + word.slice(1) : word;
      const found = await expandGlob(path.startsWith('/') ? path : `${origin.folder}/${path}`);
      this.understood &&= found !== undefined;
      for (const file of found ?? []) await this.read(file, origin);
    }
  }

  #split({ value }: ConfigLine, plain: RegExp): string[] {
    const words = value.split(/[ \t]+/);
    this.understood &&= words.every((word) => plain.test(word));
    return words.filter((word) => plain.test(word));
  }
}

/** Lists the names that Host lines give to single hosts, in their order. Pure. */
export function listHostAliases({ blocks }: ConfigFiles): string[] {
  const patterns = blocks.flatMap(({ conditions }) => conditions.flatMap((line) => line.patterns));
  return [...new Set(patterns.filter((pattern) => !/[*?!]/.test(pattern)))];
}
