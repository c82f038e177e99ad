import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type GitignorePattern, parseGitignore } from './gitignore-pattern.js';

/** Which files of a folder stay on the laptop. */
export interface IgnoreRules {
  /** Reads the rules of a folder below the root, `''` for the root itself; each is entered before what is in it is asked for. */
  enter(folder: string): void;
  /** Tells whether a path below the root is left out; what is in a folder that is left out is not asked for. */
  isIgnored(path: string, isFolder: boolean): boolean;
}

/** Those before win over those behind. */
const FILE_NAMES = ['.outlastignore', '.gitignore'];
/** Never part of a release, wherever it stands. */
const NEVER = /(?:^|\/)\.git$/;

/**
 * Reads `.gitignore` and `.outlastignore` in every folder, as git does: a line counts for what is below its file, the last one that matches
 * decides, and a deeper file comes first. What `.outlastignore` says, and be it `!name`, wins over every `.gitignore`.
 *
 * @param root an absolute path on this machine.
 */
export function createIgnoreRules(root: string): IgnoreRules {
  const layers = FILE_NAMES.map((name) => ({ name, byFolder: new Map<string, readonly GitignorePattern[]>() }));
  return {
    enter(folder) {
      for (const { name, byFolder } of layers) {
        const text = readRules(join(root, folder, name));
        if (text !== undefined) byFolder.set(folder, parseGitignore(text));
      }
    },
    isIgnored(path, isFolder) {
      if (NEVER.test(path)) return true;
      for (const { byFolder } of layers) {
        const verdict = judge(byFolder, path, isFolder);
        if (verdict !== undefined) return verdict;
      }
      return false;
    },
  };
}

/** What is said of the path; undefined where no line is about it. */
function judge(
  byFolder: ReadonlyMap<string, readonly GitignorePattern[]>,
  path: string,
  isFolder: boolean,
): boolean | undefined {
  if (byFolder.size === 0) return undefined;
  for (let at = path.lastIndexOf('/'); ; at = path.lastIndexOf('/', at - 1)) {
    const patterns = byFolder.get(at < 0 ? '' : path.slice(0, at));
    const below = path.slice(at + 1);
    const last = patterns?.findLast(({ isForFolders, matches }) => (isFolder || !isForFolders) && matches(below));
    if (last !== undefined) return !last.isNegated;
    if (at < 0) return undefined;
  }
}

function readRules(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
