// What it takes to bring a folder to a host: outlast deploy, next to tar | ssh, rsync and scp -r, in one run.
//
//   node bench/upload.mjs [--write] [--rounds N] [--seed N]
//
// The host is a real sshd of this machine; the far one is behind a link of 100 Mbit/s. Each round runs every program once, in an order drawn
// from the seed. Of outlast the upload is told, with what a connection of its own takes, but without the reading of the folder before it; every
// file of it is checked by its hash on the host as well, which none of the others does. Folders and host are in TMPDIR: with TMPDIR=/dev/shm no
// disk decides. Exits with 1 when a goal is missed.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createLaptop, createSeededRandom, startProcessSshd, varyHost } from '../packages/test-fixtures/dist/index.js';
import { median } from './median.mjs';
import { describeMachine, formatTable, isMissed, writePage } from './report.mjs';
import { startSlowLink } from './upload/slow-link.mjs';

const PROGRAM = fileURLToPath(new URL('../packages/cli/program/outlast.js', import.meta.url));
const { values: flags } = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
  },
});
const random = createSeededRandom(`upload/${flags.seed}`);
const MBIT = 1_000_000 / 8;
/** The share of all files, or of all bytes, that changes before the second upload. */
const CHANGED = 0.01;

const folder = mkdtempSync(join(tmpdir(), 'outlast-upload-'));
const host = await startProcessSshd({ alias: 'near' });
const link = await startSlowLink(host, 100 * MBIT);
const hosts = [host, varyHost(host, { alias: 'far', port: link.port })];
const laptop = await createLaptop(hosts, { program: [process.execPath, PROGRAM] });
const target = join(folder, 'target');

/** Folders to upload, and how a hundredth of each is changed. */
const TREES = {
  '5,000 small files': {
    write: (at) => {
      for (let index = 0; index < 5000; index++) writeSmall(at, index);
    },
    change: (at, round) => {
      for (let index = round; index < 5000; index += 1 / CHANGED) writeSmall(at, index);
    },
  },
  '200 MB in 100 files': {
    write: (at) => {
      for (let part = 0; part < 100; part++) writeFileSync(join(at, `part${part}`), randomBytes(2_000_000));
    },
    change: (at, round) => writeFileSync(join(at, `part${round % 100}`), randomBytes(2_000_000)),
  },
};

function writeSmall(at, index) {
  const inner = join(at, `folder${index % 100}`);
  mkdirSync(inner, { recursive: true });
  writeFileSync(join(inner, `file${index}.py`), randomBytes(random.integer(200, 4000)));
}

function shuffle(list) {
  return list
    .map((item) => [random.next(), item])
    .toSorted(([a], [b]) => a - b)
    .map(([, item]) => item);
}

function time(argv, cwd) {
  const begun = performance.now();
  const { status, stderr, stdout } = spawnSync(argv[0], argv.slice(1), {
    cwd,
    env: laptop.env,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (status !== 0) throw new Error(`${argv.join(' ')}: ${stderr}${stdout}`);
  return { seconds: (performance.now() - begun) / 1000, stdout };
}

const shell = (line, cwd) => time(['/bin/sh', '-c', line], cwd).seconds;
const clear = () => rmSync(target, { recursive: true, force: true });
const outlast = ([verb, ...words], cwd) =>
  time([process.execPath, PROGRAM, verb, '-F', laptop.sshConfig, ...words], cwd);

/** Each uploads the folder to the host of that name, and gives the seconds. */
const PROGRAMS = {
  outlast: (tree, name, isAgain) => {
    const connection = outlast(['exec', '-H', name, '--', 'true'], tree).seconds;
    if (!isAgain) rmSync(join(host.stateDir, 'deploys'), { recursive: true, force: true });
    const { stdout } = outlast(['deploy', '-H', name, '--json', '--settle', '0ms'], tree);
    const [{ apps }] = JSON.parse(stdout).outcomes;
    return apps[0].steps.find((step) => step.name === 'upload').seconds + connection;
  },
  'tar, ssh': (tree, name) => {
    clear();
    const extract = `mkdir ${target} && tar -xf - -C ${target}`;
    return shell(`tar -cf - . | ssh -F ${laptop.sshConfig} ${name} '${extract}'`, tree);
  },
  rsync: (tree, name, isAgain) => {
    if (!isAgain) clear();
    return shell(`rsync -a -e 'ssh -F ${laptop.sshConfig}' ./ ${name}:${target}/`, tree);
  },
  'scp -r': (tree, name) => {
    clear();
    return shell(`scp -q -r -F ${laptop.sshConfig} . ${name}:${target}`, tree);
  },
};

function measure(tree, name, { isAgain = false, programs = Object.keys(PROGRAMS), before } = {}) {
  const times = Object.fromEntries(programs.map((program) => [program, []]));
  for (let round = 0; round < Number(flags.rounds); round++) {
    for (const program of shuffle(programs)) {
      before?.(round * programs.length + programs.indexOf(program));
      times[program].push(PROGRAMS[program](tree, name, isAgain));
    }
  }
  return Object.fromEntries(programs.map((program) => [program, median(times[program])]));
}

const rows = [];
function tell(what, medians, base, goal) {
  for (const [name, value] of Object.entries(medians)) {
    const ratio = name === 'outlast' ? undefined : medians.outlast / value;
    rows.push({ what: `${what}, s`, name, value, ratio, ...(name === base ? { goal } : {}) });
  }
}

let missed = 1;
try {
  for (const tool of ['rsync', 'scp', 'tar']) {
    if (spawnSync(tool, ['--version']).error)
      throw new Error(`${tool} is not installed; on Debian and Ubuntu: apt-get install ${tool}`);
  }
  for (const [what, { write, change }] of Object.entries(TREES)) {
    const tree = join(folder, what.replaceAll(/\W+/g, '-'));
    mkdirSync(tree);
    write(tree);
    const app = { hosts: ['near'], source: '.', run: ['sleep', '1000'], health: { exec: 'true', steady: '0ms' } };
    writeFileSync(
      join(tree, 'outlast.yaml'),
      JSON.stringify({ hosts: { near: null, far: null }, apps: { upload: app } }),
    );
    const first = measure(tree, 'near');
    tell(`${what}, near`, first, 'tar, ssh', 1.1);
    const far = measure(tree, 'far', { programs: ['outlast', 'tar, ssh', 'rsync'] });
    tell(`${what}, 100 Mbit/s`, far, 'tar, ssh', 1.1);
    const again = measure(tree, 'far', {
      isAgain: true,
      programs: ['outlast', 'rsync'],
      before: (round) => change(tree, round),
    });
    tell(`${what}, 1 % changed, 100 Mbit/s`, { ...again, 'tar, ssh of all': far['tar, ssh'] }, 'tar, ssh of all', 0.2);
  }
  const { stdout } = spawnSync('rsync', ['--version'], { encoding: 'utf8' });
  const machine = `${describeMachine()}\n${stdout.split('\n')[0].replace(/ +/g, ' ')}\n${flags.rounds} rounds in turn, seed ${flags.seed}`;
  process.stdout.write(`${machine}\n\n${formatTable(rows)}`);
  if (flags.write) writePage('upload', machine, rows);
  missed = rows.filter(isMissed).length;
} finally {
  spawnSync(process.execPath, [PROGRAM, 'stop', 'upload', '-H', 'near', '-F', laptop.sshConfig], { env: laptop.env });
  await laptop.remove();
  await link.stop();
  await host.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = missed > 0 ? 1 : 0;
