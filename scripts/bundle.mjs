import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './run-step.mjs';

const CLI = join(ROOT, 'packages', 'cli');
const PROGRAM = join(CLI, 'program');
const ENTRY = 'outlast.js';
const NOTICES = 'THIRD-PARTY-NOTICES.txt';

/** What the program is made of; tsc writes the first two whenever it has built something. */
const SOURCES = [
  ...['core', 'cli'].map((name) => join(ROOT, 'packages', name, 'dist', '.tsbuildinfo')),
  join(ROOT, 'pnpm-lock.yaml'),
  join(ROOT, 'scripts', 'bundle.mjs'),
];

/** Stays a package of its own: it may be built for the machine, and is loaded only where a connection is its. */
const EXTERNAL = ['ssh2'];

/**
 * Puts what `tsc -b` has built of the program and the npm packages that it uses into few files, unless they are newer than all of it.
 * To find and read its three hundred modules one by one would take Node longer than the rest of a start.
 */
export async function bundle() {
  if (isUpToDate()) return;
  const { rolldown } = await import('rolldown');
  const bundled = await rolldown({
    input: { outlast: join(CLI, 'dist', 'bin.js') },
    external: EXTERNAL,
    platform: 'node',
  });
  // Names without a hash: whoever runs the program while it is built anew finds its parts.
  const { output } = await bundled.write({ dir: PROGRAM, entryFileNames: ENTRY, chunkFileNames: 'parts/[name].js' });
  await bundled.close();
  removeOthers(output.map(({ fileName }) => fileName));
  writeFileSync(join(PROGRAM, NOTICES), buildNotices(output.flatMap(({ moduleIds = [] }) => moduleIds)));
}

function isUpToDate() {
  const built = join(PROGRAM, NOTICES);
  return existsSync(built) && SOURCES.every((path) => statSync(path).mtimeMs <= statSync(built).mtimeMs);
}

function removeOthers(names) {
  const files = readdirSync(PROGRAM, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const kept = new Set(names.map((name) => join(PROGRAM, name)));
  for (const path of files.map(({ parentPath, name }) => join(parentPath, name))) {
    if (!kept.has(path)) rmSync(path);
  }
}

/** The licences of the packages whose code is in the program, which have to go with it. */
function buildNotices(moduleIds) {
  const folders = new Set(moduleIds.map((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(id)?.[0]));
  const notices = [...folders].filter((folder) => folder !== undefined).map(readNotice);
  return `${notices.sort().join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

function readNotice(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
  const text = file === undefined ? '' : `\n\n${readFileSync(join(folder, file), 'utf8').trim()}`;
  return `${name} ${version} (${license})${text}`;
}
