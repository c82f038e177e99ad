import { readdir, stat } from 'node:fs/promises';
import { matchesWildcard } from './wildcard.js';

/**
 * Expands `*` and `?` in an absolute path as glob(3) does: sorted by bytes, hidden files only where the pattern names
 * the dot. Undefined when a folder on the way cannot be read.
 */
export async function expandGlob(pattern: string): Promise<string[] | undefined> {
  let paths = [''];
  for (const part of pattern.slice(1).split('/')) {
    const deeper: string[] = [];
    for (const path of paths) {
      const names = /[*?]/.test(part) ? await listMatching(path === '' ? '/' : path, part) : [part];
      if (names === undefined) return undefined;
      for (const name of names) deeper.push(`${path}/${name}`);
    }
    paths = deeper;
  }
  return keepExisting(paths);
}

async function listMatching(folder: string, pattern: string): Promise<string[] | undefined> {
  try {
    const names = await readdir(folder);
    return names
      .filter((name) => matchesWildcard(pattern, name) && (pattern.startsWith('.') || !name.startsWith('.')))
      .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  } catch (error) {
    return isMissing(error) ? [] : undefined;
  }
}

async function keepExisting(paths: readonly string[]): Promise<string[] | undefined> {
  const kept: string[] = [];
  for (const path of paths) {
    try {
      await stat(path);
      kept.push(path);
    } catch (error) {
      if (!isMissing(error)) return undefined;
    }
  }
  return kept;
}

function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
}
