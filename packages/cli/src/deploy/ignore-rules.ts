import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
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
 * decides, and a deeper file comes first. What `.outlastignore` says, and be it `!name`, wins over every `.gitignore`. Of a folder inside a git
 * repository those `.gitignore` count that stand above it there, for what is in the folder: it may be ignored itself, as what was built is.
 *
 * @param root an absolute path on this machine.
 */
export function createIgnoreRules(root: string): IgnoreRules {
  const layers = FILE_NAMES.map((name) => ({ name, byFolder: new Map<string, readonly GitignorePattern[]>() }));
  const outer = readOuterRules(root);
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
      for (const { prefix, patterns } of outer) {
        const verdict = judgeBy(patterns, prefix + path, isFolder);
        if (verdict !== undefined) return verdict;
      }
      return false;
    },
  };
}

/** The rules of a folder above the root. */
interface OuterRules {
  /** From that folder to the root, with `/` at the end. */
  readonly prefix: string;
  readonly patterns: readonly GitignorePattern[];
}

/** Of the folders above, up to that of the repository, the nearest first; none where this is no part of one. */
function readOuterRules(root: string): OuterRules[] {
  const rules: OuterRules[] = [];
  for (let folder = root; !existsSync(join(folder, '.git')); ) {
    const above = dirname(folder);
    if (above === folder) return [];
    folder = above;
    const text = readRules(join(folder, '.gitignore'));
    if (text !== undefined) rules.push({ prefix: `${relative(folder, root)}/`, patterns: parseGitignore(text) });
  }
  return rules;
}

function judgeBy(patterns: readonly GitignorePattern[], path: string, isFolder: boolean): boolean | undefined {
  const last = patterns.findLast(({ isForFolders, matches }) => (isFolder || !isForFolders) && matches(path));
  return last === undefined ? undefined : !last.isNegated;
}

/** What is said of the path; undefined where no line is about it. */
function judge(
  byFolder: ReadonlyMap<string, readonly GitignorePattern[]>,
  path: string,
  isFolder: boolean,
): boolean | undefined {
  if (byFolder.size === 0) return undefined;
  for (let at = path.lastIndexOf('/'); ; at = path.lastIndexOf('/', at - 1)) {
    const verdict = judgeBy(byFolder.get(at < 0 ? '' : path.slice(0, at)) ?? [], path.slice(at + 1), isFolder);
    if (verdict !== undefined) return verdict;
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
