// How long the program takes to say its version, next to clush (ClusterShell), in turn in one run.
//
//   node bench/startup.mjs [RUNS]
//
// Prints wall-clock milliseconds of whole processes and the ratio pair by pair; exits with 1 when the goal is missed.
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { median } from './median.mjs';

const GOAL = 0.75;
const RUNS = Number(process.argv[2] ?? 21);
const BIN = fileURLToPath(new URL('../packages/cli/bin/outlast.mjs', import.meta.url));
const CONTENDERS = { outlast: [BIN, ['--version']], clush: ['clush', ['--version']] };
// Node reads every certificate of this file before it does anything else: that is the machine's doing, and not either program's.
const { NODE_EXTRA_CA_CERTS: _certificates, ...env } = process.env;

function measure([program, args]) {
  const start = performance.now();
  const { status, error } = spawnSync(program, args, { env });
  if (error || status !== 0) throw error ?? new Error(`${program} ended with ${status}`);
  return performance.now() - start;
}

function print(name, values, digits) {
  const shown = [Math.min(...values), median(values), Math.max(...values)].map((value) =>
    value.toFixed(digits).padStart(9),
  );
  process.stdout.write(`${name.padEnd(22)}${shown.join('')}\n`);
}

for (const contender of Object.values(CONTENDERS)) measure(contender);
const times = { outlast: [], clush: [] };
for (let run = 0; run < RUNS; run++) for (const name of Object.keys(times)) times[name].push(measure(CONTENDERS[name]));
const ratios = times.outlast.map((time, run) => time / times.clush[run]);

process.stdout.write(`Node ${process.version}, ${cpus().length} processors, ${RUNS} runs each, in turn\n`);
process.stdout.write(`${''.padEnd(22)}${['min', 'median', 'max'].map((title) => title.padStart(9)).join('')}\n`);
print('outlast --version, ms', times.outlast, 1);
print('clush --version, ms', times.clush, 1);
print('outlast / clush', ratios, 2);
process.exitCode = median(ratios) <= GOAL ? 0 : 1;
process.stdout.write(`goal: at most ${GOAL.toFixed(2)}: ${process.exitCode === 0 ? 'met' : 'missed'}\n`);
