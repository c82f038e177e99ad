import { createHash } from 'node:crypto';
import {
  closeSync,
  type Dirent,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  realpathSync,
} from 'node:fs';
import { basename, dirname, join, normalize, sep } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { OutlastError, quoteForMessage } from '@outlast/core';
import { createIgnoreRules, type IgnoreRules } from './ignore-rules.js';
import { buildSourceTree, type SourceEntry, type SourceTree } from './source-tree.js';

/** How a folder is read. */
export interface SourceOptions {
  /** Absolute paths of files that stay here, as the configuration and the secrets. */
  readonly excluded: ReadonlySet<string>;
  /** Aborting gives up. */
  readonly signal: AbortSignal;
}

const BLOCK_BYTES = 1 << 20;
/** Small files cost more to open than to keep: up to this size each, and so much of all of them. */
const KEPT_FILE_BYTES = 64 << 10;
const KEPT_BYTES = 32 << 20;
/** So long nothing else happens, in milliseconds. */
const LONGEST_TURN_MS = 50;
const MOST_SHOWN = 5;

/**
 * Reads a folder, with the hash of every file in it; flat in memory whatever the size of the files.
 *
 * @throws OutlastError `E_USAGE` for what cannot be deployed: an empty or missing folder, a link that leads out of it, a device, a FIFO or
 *   a socket, a name that is not UTF-8, a file that cannot be read.
 */
export async function readSource(root: string, options: SourceOptions): Promise<SourceTree> {
  const walk = new Walk(root, options);
  await walk.readFolder('');
  walk.refuseProblems();
  if (walk.entries.every(({ kind }) => kind !== 'file'))
    throw new OutlastError('E_USAGE', `there is no file to deploy in ${quoteForMessage(root)}`, {
      hint: 'check `source:`, and what .gitignore and .outlastignore leave of it',
    });
  return buildSourceTree(root, walk.entries);
}

class Walk {
  readonly entries: SourceEntry[] = [];
  readonly #problems: string[] = [];
  readonly #rules: IgnoreRules;
  readonly #root: string;
  readonly #realRoot: string;
  readonly #options: SourceOptions;
  readonly #excluded: ReadonlySet<string>;
  readonly #block = Buffer.allocUnsafe(BLOCK_BYTES);
  #turnEnds = performance.now() + LONGEST_TURN_MS;
  #keptBytes = 0;

  constructor(root: string, options: SourceOptions) {
    this.#root = root;
    this.#options = options;
    this.#rules = createIgnoreRules(root);
    try {
      this.#realRoot = realpathSync.native(root);
    } catch {
      throw refuseRoot(root, 'there is no folder');
    }
    this.#excluded = new Set([...options.excluded].flatMap(listRealPaths));
    if (!lstatSync(this.#realRoot).isDirectory()) throw refuseRoot(root, 'this is no folder:');
  }

  async readFolder(folder: string): Promise<void> {
    this.#rules.enter(folder);
    for (const entry of this.#list(folder)) {
      const name = decodeName(entry.name);
      const shown = name ?? entry.name.toString('latin1');
      const path = folder === '' ? shown : `${folder}/${shown}`;
      if (this.#excluded.has(join(this.#realRoot, path)) || this.#rules.isIgnored(path, entry.isDirectory())) continue;
      if (name === undefined) this.#complain(path, 'has a name that is not UTF-8');
      else await this.#add(path, entry);
      await this.#letOthers();
    }
  }

  #list(folder: string): Dirent<Buffer>[] {
    try {
      return readdirSync(join(this.#root, folder), { withFileTypes: true, encoding: 'buffer' });
    } catch (error) {
      this.#complain(folder === '' ? '.' : folder, `cannot be read: ${(error as Error).message}`);
      return [];
    }
  }

  async #add(path: string, entry: Dirent<Buffer>): Promise<void> {
    try {
      if (entry.isDirectory()) {
        // What is kept has to be writable by us, since it also has to go again.
        this.entries.push({ ...this.#describe(path, 0o700), kind: 'folder', size: 0 });
        await this.readFolder(path);
      } else if (entry.isSymbolicLink()) {
        this.#addLink(path);
      } else if (entry.isFile()) {
        await this.#addFile(path);
      } else {
        this.#complain(path, 'is a device, a FIFO or a socket');
      }
    } catch (error) {
      if (error instanceof OutlastError || this.#options.signal.aborted) throw error;
      this.#complain(path, `cannot be read: ${(error as Error).message}`);
    }
  }

  #describe(path: string, added: number): Pick<SourceEntry, 'path' | 'mode' | 'mtime' | 'size'> {
    const { mode, mtimeMs, size } = lstatSync(join(this.#root, path));
    return { path, mode: (mode & 0o777) | added, mtime: Math.max(0, Math.floor(mtimeMs / 1000)), size };
  }

  #addLink(path: string): void {
    const target = decodeName(readlinkSync(join(this.#root, path), { encoding: 'buffer' }));
    if (target === undefined) {
      this.#complain(path, 'is a link to a name that is not UTF-8');
      return;
    }
    const outside = this.#findOutside(path, target);
    if (outside !== undefined) {
      this.#complain(path, `is a link that leads out of the folder, to ${quoteForMessage(outside)}`);
      return;
    }
    const hash = createHash('sha256').update(target).digest('hex');
    this.entries.push({ ...this.#describe(path, 0), kind: 'link', mode: 0o777, size: 0, hash, target });
  }

  /** Where out of the folder it leads, by its words, or through other links. */
  #findOutside(path: string, target: string): string | undefined {
    const byWords = normalize(join(dirname(path), target));
    if (target.startsWith('/') || byWords === '..' || byWords.startsWith(`..${sep}`)) return target;
    const real = resolveReally(realpathSync.native(join(this.#root, dirname(path))), target);
    return real === this.#realRoot || real.startsWith(this.#realRoot + sep) ? undefined : real;
  }

  async #addFile(path: string): Promise<void> {
    const described = this.#describe(path, 0o400);
    const file = openSync(join(this.#root, path), 'r');
    try {
      const hash = createHash('sha256');
      let size = 0;
      let content: Buffer | undefined;
      for (;;) {
        const count = readSync(file, this.#block);
        if (count === 0) break;
        const piece = this.#block.subarray(0, count);
        hash.update(piece);
        content = size === 0 ? this.#keep(piece) : undefined;
        size += count;
        await this.#letOthers();
      }
      this.entries.push({ ...described, kind: 'file', size, hash: hash.digest('hex'), ...(content && { content }) });
    } finally {
      closeSync(file);
    }
  }

  #keep(piece: Buffer): Buffer | undefined {
    if (piece.length > KEPT_FILE_BYTES || this.#keptBytes + piece.length > KEPT_BYTES) return undefined;
    this.#keptBytes += piece.length;
    return Buffer.from(piece);
  }

  /** Many small files are read fastest one right after the other; but Ctrl-C is to be heard meanwhile. */
  async #letOthers(): Promise<void> {
    if (performance.now() < this.#turnEnds) return;
    await nextTurn();
    this.#options.signal.throwIfAborted();
    this.#turnEnds = performance.now() + LONGEST_TURN_MS;
  }

  #complain(path: string, what: string): void {
    this.#problems.push(`${quoteForMessage(path)} ${what}`);
  }

  refuseProblems(): void {
    if (this.#problems.length === 0) return;
    const shown = this.#problems.slice(0, MOST_SHOWN).join('; ');
    const more = this.#problems.length > MOST_SHOWN ? `; and ${this.#problems.length - MOST_SHOWN} more` : '';
    throw new OutlastError(
      'E_USAGE',
      `not everything in ${quoteForMessage(this.#root)} can be deployed: ${shown}${more}`,
      {
        hint: 'leave it out by a line in .outlastignore, or mend it',
      },
    );
  }
}

/** Whatever links lead to it: of a link both, itself and where it leads. */
function listRealPaths(path: string): string[] {
  return [() => realpathSync.native(path), () => join(realpathSync.native(dirname(path)), basename(path))].flatMap(
    (find) => {
      try {
        return find();
      } catch {
        return [];
      }
    },
  );
}

function refuseRoot(root: string, what: string): OutlastError {
  return new OutlastError('E_USAGE', `${what} ${quoteForMessage(root)}`, { hint: 'check `source:`' });
}

/** Where the kernel goes; what is missing is taken for plain names. `realpathSync` without `.native` takes `link/..` away by its words. */
function resolveReally(folder: string, target: string): string {
  const names = target.split(sep);
  for (let count = names.length; ; count--) {
    try {
      const there = count === 0 ? folder : realpathSync.native(`${folder}/${names.slice(0, count).join(sep)}`);
      return normalize([there, ...names.slice(count)].join(sep)).replace(/(.)\/$/, '$1');
    } catch (error) {
      if (count === 0) throw error;
    }
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeName(name: Buffer): string | undefined {
  try {
    return UTF8.decode(name);
  } catch {
    return undefined;
  }
}
