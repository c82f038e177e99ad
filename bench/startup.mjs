// How long the program takes to start: to say its version, next to clush (ClusterShell), and to print a script, next to the modules that it was put
// together from; in turn in one run.
//
//   node bench/startup.mjs [RUNS]
//
// Prints wall-clock milliseconds of whole processes and the ratio pair by pair; exits with 1 when a goal is missed.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median } from './median.mjs';

const RUNS = Number(process.argv[2] ?? 21);
const CLI = fileURLToPath(new URL('../packages/cli/', import.meta.url));
const BIN = join(CLI, 'bin', 'outlast.mjs');
const CONFIG = { hosts: { web1: null }, apps: { app: { run: ['sleep', '1000'] } } };
const PRINT = ['start', 'app', '-H', 'web1', '-F', 'none', '--print-script'];
const COMPARISONS = [
  { what: '--version', ours: [BIN, '--version'], peer: 'clush', theirs: ['clush', '--version'], goal: 0.75 },
  {
    what: 'start --print-script',
    ours: ['node', join(CLI, 'program', 'outlast.js'), ...PRINT],
    peer: 'its modules',
    theirs: ['node', join(CLI, 'dist', 'bin.js'), ...PRINT],
    goal: 0.7,
  },
];
// Node reads every certificate of this file before it does anything else: that is the machine's doing, and not either program's.
const { NODE_EXTRA_CA_CERTS: _certificates, ...env } = process.env;

function measure([program, ...args], cwd) {
  const start = performance.now();
  const { status, error } = spawnSync(program, args, { cwd, env });
  if (error || status !== 0) throw error ?? new Error(`${[program, ...args].join(' ')} ended with ${status}`);
  return performance.now() - start;
}

function print(name, values, digits) {
  const shown = [Math.min(...values), median(values), Math.max(...values)].map((value) =>
    value.toFixed(digits).padStart(9),
  );
  process.stdout.write(`${name.padEnd(36)}${shown.join('')}\n`);
}

/** Measures both in turn, and says whether the goal is met. */
function compare({ what, ours, peer, theirs, goal }, cwd) {
  for (const words of [ours, theirs]) measure(words, cwd);
  const times = Array.from({ length: RUNS }, () => [measure(ours, cwd), measure(theirs, cwd)]);
  const ratios = times.map(([own, other]) => own / other);
  const isMet = median(ratios) <= goal;
  print(
    `outlast ${what}, ms`,
    times.map(([own]) => own),
    1,
  );
  print(
    `${peer}, ms`,
    times.map(([, other]) => other),
    1,
  );
  print('ratio', ratios, 2);
  process.stdout.write(`goal: at most ${goal.toFixed(2)}: ${isMet ? 'met' : 'missed'}\n\n`);
  return isMet;
}

const folder = mkdtempSync(join(tmpdir(), 'outlast-startup-'));
try {
  writeFileSync(join(folder, 'outlast.yaml'), JSON.stringify(CONFIG));
  process.stdout.write(`Node ${process.version}, ${cpus().length} processors, ${RUNS} runs each, in turn\n`);
  process.stdout.write(`${''.padEnd(36)}${['min', 'median', 'max'].map((title) => title.padStart(9)).join('')}\n`);
  process.exitCode = COMPARISONS.map((comparison) => compare(comparison, folder)).every(Boolean) ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true });
}
