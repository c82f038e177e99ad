import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT, runStep } from '../run-step.mjs';

/** Copies what is in the working tree, what is not committed included, to a folder of its own, and builds it there. */
export async function createCopy() {
  const folder = mkdtempSync(join(tmpdir(), 'outlast-mutants-'));
  try {
    for (const path of listFiles()) copyFile(path, folder);
    linkDependencies(folder);
    await build(folder);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    folder,
    build: () => build(folder),
    /** Changes one file and gives a function that changes it back. */
    replace(file, edits) {
      const path = join(folder, file);
      const original = readFileSync(path, 'utf8');
      writeFileSync(
        path,
        edits.reduce((source, { text, instead }) => source.replace(text, () => instead), original),
      );
      return () => writeFileSync(path, original);
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function listFiles() {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const listed = execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).split('\0');
  return listed.filter((path) => path !== '' && existsSync(join(ROOT, path)));
}

function copyFile(path, folder) {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  cpSync(join(ROOT, path), join(folder, path), { verbatimSymlinks: true });
}

/** The links of each package are copied as they are: relative, so that our own packages are found in the copy. */
function linkDependencies(folder) {
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  for (const workspace of [
    'examples',
    ...readdirSync(join(folder, 'packages')).map((name) => join('packages', name)),
  ]) {
    const path = join(workspace, 'node_modules');
    if (existsSync(join(ROOT, path)))
      cpSync(join(ROOT, path), join(folder, path), { recursive: true, verbatimSymlinks: true });
  }
}

function build(folder) {
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  return runStep('building a copy', process.execPath, [tsc, '-b', folder]);
}
