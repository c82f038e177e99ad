// A line on many hosts, next to clush, pdsh, pssh, ansible and fabric, in turn in one run, on real sshd under as many addresses.
//
//   node bench/fleet.mjs [--rounds N] [--hosts N] [--seed N] [--only PART,…] [--without PROGRAM,…] [--large] [--write]
//
// The parts are cpu, wall, memory, stream and first. --large also measures the memory at 10,000 hosts, which takes minutes; --write puts
// the table into docs/benchmarks.md. Takes Linux, root, Python and OpenSSH; fabric is fetched from PyPI into a folder of its own, and who
// is not on the machine is left out. Exits with 1 when a goal is missed.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findContenders } from './fleet/contenders.mjs';
import { startFleetLab } from './fleet/lab.mjs';
import { PARTS } from './fleet/parts.mjs';
import { describeMachine, formatTable, isMissed, writePage } from './report.mjs';

const FABRIC = 'fabric==3.2.3';

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    hosts: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 1e6) },
    only: { type: 'string', default: Object.keys(PARTS).join(',') },
    without: { type: 'string', default: '' },
    large: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});

if (process.env.OUTLAST_BENCH_VENV === undefined) process.exitCode = runInNamespace();
else process.exitCode = (await compare()) ? 1 : 0;

/** Everything else happens in a network namespace of its own, which nothing leaves: what comes from outside is fetched before. */
function runInNamespace() {
  const folder = mkdtempSync(join(tmpdir(), 'outlast-bench-'));
  try {
    const fetched = [
      spawnSync('python3', ['-m', 'venv', folder]),
      spawnSync(join(folder, 'bin/pip'), ['install', '--quiet', FABRIC]),
    ];
    if (fetched.some(({ status }) => status !== 0)) process.stdout.write(`${FABRIC} cannot be fetched\n`);
    const env = { ...process.env, OUTLAST_BENCH_VENV: folder };
    const argv = ['-n', process.execPath, ...process.argv.slice(1)];
    return spawnSync('unshare', argv, { stdio: 'inherit', env }).status ?? 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Gives whether a goal was missed. */
async function compare() {
  const python = join(process.env.OUTLAST_BENCH_VENV, 'bin/python');
  const lab = await startFleetLab();
  try {
    const without = flags.without.split(',');
    const found = findContenders({
      python: existsSync(python) ? python : undefined,
      home: lab.folder,
      missing: (name) => process.stdout.write(`${name} is not on this machine and is left out\n`),
    });
    const contenders = found.filter(({ name }) => !without.includes(name));
    const run = {
      ...{ lab, contenders, seed: flags.seed, large: flags.large },
      ...{ rounds: Number(flags.rounds), hosts: Number(flags.hosts) },
    };
    const description = describeRun(run);
    process.stdout.write(`${description}\n`);
    const rows = [];
    for (const part of flags.only.split(',')) {
      const measured = await PARTS[part](run);
      process.stdout.write(`\n${formatTable(measured)}`);
      rows.push(...measured);
    }
    if (flags.write) writePage('fleet', description, rows);
    return rows.some(isMissed);
  } finally {
    await lab.stop();
  }
}

/** Says on what and with which versions it is measured. */
function describeRun({ contenders, rounds, seed }) {
  const versions = contenders.map(({ name, version }) => `${name} ${version}`).join(', ');
  return `${describeMachine()}\n${versions}\n${rounds} rounds in turn, seed ${seed}`;
}
