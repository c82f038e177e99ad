// What a connection costs, next to ssh and node-ssh, in turn in one run: round trips over a link with a delay, with real TCP between two
// network namespaces, and processor time on the laptop.
//
//   node bench/handshake.mjs [REPEATS]
//
// Takes Linux, root, Python and OpenSSH; node-ssh is fetched from the registry into a folder of its own, and left out where that fails.
// Exits with 1 when a goal is missed.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { measureLogins } from './handshake/logins.mjs';
import { measureRoundTrips } from './handshake/round-trips.mjs';
import { median } from './median.mjs';

const NODE_SSH = 'node-ssh@13.2.1';
const REPEATS = Number(process.argv[2] ?? 5);
const LOGINS = 200;
const GOALS = { milliseconds: 1.5, 'node-ssh': 0.7, ssh: 0.35 };
let missed = false;

if (process.env.OUTLAST_BENCH_NODE_SSH === undefined) process.exitCode = runInNamespace();
else {
  printHead();
  for (const { name, goal, value } of await measureRoundTrips(REPEATS)) print(name, value, { goal, digits: 2 });
  const nodeSsh = process.env.OUTLAST_BENCH_NODE_SSH || undefined;
  printLogins(await measureLogins({ rounds: REPEATS, logins: LOGINS, nodeSsh }));
  process.exitCode = missed ? 1 : 0;
}

/** Everything else happens in a network namespace of its own, which nothing leaves: what comes from outside is fetched before. */
function runInNamespace() {
  const folder = mkdtempSync(join(tmpdir(), 'outlast-bench-'));
  try {
    const fetched = spawnSync('npm', [
      'install',
      '--silent',
      '--no-audit',
      '--ignore-scripts',
      '--prefix',
      folder,
      NODE_SSH,
    ]);
    if (fetched.status !== 0) process.stdout.write(`${NODE_SSH} cannot be fetched and is left out\n`);
    const env = { ...process.env, OUTLAST_BENCH_NODE_SSH: fetched.status === 0 ? folder : '' };
    return (
      spawnSync('unshare', ['-n', process.execPath, ...process.argv.slice(1)], { stdio: 'inherit', env }).status ?? 1
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function printHead() {
  const { stderr } = spawnSync('ssh', ['-V'], { encoding: 'utf8' });
  process.stdout.write(
    `Node ${process.version}, ${cpus().length} processors, ${stderr.split(',')[0]}, ${REPEATS} times each, in turn\n`,
  );
  process.stdout.write('\nround trips, from the dial to the end of what was run, by the slope between 40 and 160 ms\n');
}

function printLogins(times) {
  process.stdout.write(
    `\nprocessor time of a login that runs true, all with curve25519; ${LOGINS} logins, 32 at a time\n`,
  );
  for (const [name, micros] of Object.entries(times)) {
    print(`${name}, ms`, median(micros) / 1000, {
      goal: name === 'outlast' ? GOALS.milliseconds : undefined,
      digits: 2,
    });
  }
  for (const name of Object.keys(times).filter((other) => other !== 'outlast')) {
    const ratios = times.outlast.map((micros, round) => micros / times[name][round]);
    print(`outlast / ${name}`, median(ratios), { goal: GOALS[name], digits: 2 });
  }
}

function print(name, value, { goal, digits }) {
  const isMissed = goal !== undefined && value > goal;
  missed ||= isMissed;
  const target = goal === undefined ? '' : `   goal ${goal}${isMissed ? '   MISSED' : ''}`;
  process.stdout.write(`  ${name.padEnd(40)}${value.toFixed(digits).padStart(7)}${target}\n`);
}
