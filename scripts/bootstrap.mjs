import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle } from './bundle.mjs';
import { findProgram } from './find-program.mjs';
import { ROOT, runStep } from './run-step.mjs';

const STAMP = join(ROOT, '.cache', 'installed');

/**
 * Installs the dependencies and builds the packages where that has not been done yet; about 0.1 s when it has.
 *
 * @throws Error with one line when this machine cannot do it, StepError when a step failed
 */
export async function bootstrap() {
  checkMachine();
  await installDependencies();
  // tsc and not `turbo run build`: its own check for changes takes 0.1 s, and turbo's takes 1.4 s with the pnpm it needs.
  await runStep('building', process.execPath, [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-b']);
  await bundle();
}

function checkMachine() {
  if (process.platform === 'win32') throw new Error('outlast needs a POSIX system: on Windows, run it inside WSL');
  if (findProgram('sh') === undefined) throw new Error('no `sh` on PATH: outlast needs a POSIX shell');
  try {
    accessSync(ROOT, constants.W_OK);
  } catch {
    throw new Error(`${ROOT} cannot be written to by this user: use a clone of your own`);
  }
}

async function installDependencies() {
  const packages = [
    ...readdirSync(join(ROOT, 'packages')).map((name) => join(ROOT, 'packages', name)),
    join(ROOT, 'examples'),
  ];
  const stamp = buildStamp(packages);
  if (isInstalled(packages, stamp)) return;
  rmSync(STAMP, { force: true });
  const { packageManager } = readManifest(ROOT);
  const [file, ...args] = findPackageManager(packageManager);
  const label = `installing dependencies (${packageManager.replace('@', ' ')})`;
  await runStep(label, file, [...args, 'install', '--frozen-lockfile', '--prod=false'], { env: installEnvironment() });
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  writeFileSync(STAMP, stamp);
}

function buildStamp(packages) {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`);
  const manifests = [ROOT, ...packages].map((folder) => join(folder, 'package.json')).filter(existsSync);
  for (const path of [
    ...manifests,
    ...['pnpm-lock.yaml', 'pnpm-workspace.yaml', '.npmrc'].map((name) => join(ROOT, name)),
  ]) {
    hash.update(`\n${path}\n`).update(readFileSync(path));
  }
  return hash.digest('hex');
}

function isInstalled(packages, stamp) {
  if (!existsSync(STAMP) || readFileSync(STAMP, 'utf8') !== stamp) return false;
  return [ROOT, ...packages.filter(hasDependencies)].every((folder) => existsSync(join(folder, 'node_modules')));
}

function hasDependencies(folder) {
  if (!existsSync(join(folder, 'package.json'))) return false;
  const { dependencies = {}, devDependencies = {} } = readManifest(folder);
  return Object.keys({ ...dependencies, ...devDependencies }).length > 0;
}

function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

function findPackageManager(packageManager) {
  const version = packageManager.split('@')[1];
  if (findProgram('pnpm') !== undefined && readPnpmVersion() === version) return ['pnpm'];
  if (findProgram('npx') === undefined) throw new Error('no `npx` on PATH: install npm, which comes with Node');
  return ['npx', '--yes', `--package=${packageManager}`, '--', 'pnpm'];
}

function readPnpmVersion() {
  // Elsewhere than in the repository, where pnpm would first download the version that package.json asks for; corepack's
  // stand-in for pnpm downloads too.
  const env = { ...process.env, COREPACK_ENABLE_NETWORK: '0' };
  try {
    return execFileSync('pnpm', ['--version'], {
      cwd: tmpdir(),
      env,
      encoding: 'utf8',
      stdio: 'pipe',
      timeout: 10_000,
    }).trim();
  } catch {
    return undefined;
  }
}

function installEnvironment() {
  // CI: without it pnpm asks before it replaces a node_modules of another layout, and fails where nobody can answer.
  const { NODE_ENV: _, ...env } = process.env;
  return { ...env, CI: 'true' };
}
