// Many hosts with few open files: whether each comes to its outcome, and what the program takes in memory.
//
//   node bench/scale.mjs [--hosts N,…] [--open-files N] [--write]
//
// 1,000 and 10,000 hosts with 256 open files unless given, which takes minutes. All of them are one SSH server in a second process, which
// answers for every name; 100 at a time are asked for, which is more than the files allow. --write puts the table into
// docs/benchmarks.md. Exits with 1 when a goal is missed.
import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeMachine, formatTable, isMissed, writePage } from './report.mjs';

const pathOf = (name) => fileURLToPath(new URL(name, import.meta.url));
const BIN = pathOf('../packages/cli/bin/outlast.mjs');
const MOST_MB = 150;

const { values: flags } = parseArgs({
  options: {
    hosts: { type: 'string', default: '1000,10000' },
    'open-files': { type: 'string', default: '256' },
    write: { type: 'boolean', default: false },
  },
});

const folder = mkdtempSync(join(tmpdir(), 'outlast-scale-'));
const server = fork(pathOf('scale/embedded-host.mjs'));
try {
  const [reach] = await Promise.race([once(server, 'message'), once(server, 'exit').then(refuse)]);
  const rows = flags.hosts.split(',').flatMap((count) => measure(reach, Number(count)));
  const machine = describeMachine();
  process.stdout.write(`${machine}\n\n${formatTable(rows)}`);
  if (flags.write) writePage('scale', machine, rows);
  process.exitCode = rows.some(isMissed) ? 1 : 0;
} finally {
  server.disconnect();
  await once(server, 'exit');
  rmSync(folder, { recursive: true });
}

/** Runs `true` on so many hosts, and gives the rows of what became of them. */
function measure({ config, env }, count) {
  const document = join(folder, `${count}.json`);
  const limited = ['sh', '-c', `ulimit -n ${flags['open-files']} && exec "$@" >"$0"`, document];
  const argv = [...limited, BIN, 'exec', '-F', config, '-P', '100', '-H', `h[1-${count}]`, '--json', '--', 'true'];
  const { stdout, stderr, status } = spawnSync('python3', [pathOf('measure.py'), ...argv], { env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`outlast could not be measured: ${stderr}`);
  const told = JSON.parse(stdout);
  const { outcomes } = JSON.parse(readFileSync(document, 'utf8'));
  for (const { host, error } of outcomes.filter(({ ok }) => !ok).slice(0, 5))
    process.stdout.write(`${host}: ${error?.code} ${error?.message}\n`);
  const where = `${count} hosts, ${flags['open-files']} open files`;
  const build = (what, value, more) => ({ what: `${what} (${where})`, name: 'outlast', value, ...more });
  return [
    build('hosts that are not ok', count - outcomes.filter(({ ok }) => ok).length, { most: 0 }),
    build('peak memory, MB', told.rssKb / 1024, { most: MOST_MB }),
    build('wall, s', told.wall),
  ];
}

function refuse([code]) {
  throw new Error(`the SSH server ended with ${code} before it could be asked`);
}
