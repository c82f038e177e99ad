import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ignore, { type Ignore } from 'ignore';

/** Which files of a folder stay on the laptop. */
export interface IgnoreRules {
  /** Reads the rules of a folder below the root, `''` for the root itself; each is asked for before what is in it. */
  enter(folder: string): void;
  /** Tells whether a path below the root is left out; `isFolder` since some rules are about folders only. */
  isIgnored(path: string, isFolder: boolean): boolean;
}

/** Those behind win over those before. */
const FILE_NAMES = ['.gitignore', '.outlastignore'];
/** Never part of a release, wherever it stands. */
const NEVER = /(?:^|\/)\.git$/;

/**
 * Reads `.gitignore` and `.outlastignore` in every folder, as git does: a rule counts for what is below its file, and of two that match
 * the one in the deeper folder. What `.outlastignore` says, and be it `!name`, wins over every `.gitignore`.
 *
 * @param root an absolute path on this machine.
 */
export function createIgnoreRules(root: string): IgnoreRules {
  const layers = FILE_NAMES.map((name) => ({ name, byFolder: new Map<string, Ignore>() })).reverse();
  return {
    enter(folder) {
      for (const { name, byFolder } of layers) {
        const text = readRules(join(root, folder, name));
        if (text !== undefined) byFolder.set(folder, ignore().add(text));
      }
    },
    isIgnored(path, isFolder) {
      if (NEVER.test(path)) return true;
      const asked = isFolder ? `${path}/` : path;
      for (const { byFolder } of layers) {
        const verdict = judge(byFolder, asked);
        if (verdict !== undefined) return verdict;
      }
      return false;
    },
  };
}

/** What the deepest rule says that is about the path; undefined where none is. */
function judge(byFolder: ReadonlyMap<string, Ignore>, path: string): boolean | undefined {
  if (byFolder.size === 0) return undefined;
  const trimmed = path.endsWith('/') ? path.slice(0, -1) : path;
  for (let at = trimmed.lastIndexOf('/'); ; at = trimmed.lastIndexOf('/', at - 1)) {
    const folder = at < 0 ? '' : trimmed.slice(0, at);
    const result = byFolder.get(folder)?.test(path.slice(at + 1));
    if (result?.ignored) return true;
    if (result?.unignored) return false;
    if (at <= 0) return undefined;
  }
}

function readRules(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
