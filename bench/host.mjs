// What a host pays: the status of 1, 100 and 1,000 apps in one pass, next to a ps for each app; the memory of a supervisor; a start.
//
//   node bench/host.mjs [RUNS]
//
// Runs the very scripts that go over the wire in /bin/sh of this machine, in a home of its own, with real apps (`sleep`). Prints
// wall-clock milliseconds and ratios run by run; exits with 1 when a goal is missed.
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_LOG, DEFAULT_RESTART, DEFAULT_STOP, start, status, stop } from '../packages/core/dist/index.js';

const RUNS = Number(process.argv[2] ?? 11);
const CROWDS = [
  { apps: 1, goalMs: 30 },
  { apps: 100, goalMs: 60 },
  { apps: 1000, goalMs: 300 },
];
const GOAL_PSS_KB = 400;
const BATCH = 25;

const home = mkdtempSync(join(tmpdir(), 'outlast-bench-'));
const env = { PATH: process.env.PATH, HOME: home, LOGNAME: 'bench' };
const spec = {
  argv: ['sleep', '100000'],
  shell: false,
  cwd: null,
  env: {},
  secretEnv: {},
  hup: 'ignore',
  launcher: 'setsid',
  restart: DEFAULT_RESTART,
  stop: DEFAULT_STOP,
  log: DEFAULT_LOG,
};
const frame = () => ({ nonce: randomBytes(12).toString('hex') });
const nameOf = (index) => `app${index}`;

/** Feeds a script to /bin/sh as sshd would, and gives milliseconds and output. */
function runScript(script) {
  const began = performance.now();
  const { status: code, stdout, error } = spawnSync('/bin/sh', ['-s'], { env, input: script, maxBuffer: 1 << 28 });
  const ms = performance.now() - began;
  if (error || code !== 0 || !/ END 0\n$/.test(stdout.toString())) throw error ?? new Error(`no whole answer: ${code}`);
  return { ms, output: stdout.toString() };
}

function runScriptAside(script) {
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-s'], { env, stdio: ['pipe', 'ignore', 'ignore'] });
    child.once('error', reject).once('close', resolve);
    child.stdin.end(script);
  });
}

const startScript = (app) =>
  start.build({ app, spec, request: randomBytes(12).toString('hex'), by: 'bench@here', settleMs: 0 }, frame());
const statusScript = () => status.build({ apps: [] }, frame());

/** What one would type: a pid file and a ps for each app. */
function naiveScript(pids) {
  return `for pid in ${pids.join(' ')}; do ps -o pid=,stat=,etime=,pcpu=,rss= -p "$pid"; done\necho ' END 0'\n`;
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const write = (line) => process.stdout.write(`${line}\n`);
const row = (...cells) => write(cells.map((cell, at) => (at === 0 ? cell.padEnd(26) : cell.padStart(11))).join(''));
const spread = (values, digits = 1) =>
  [Math.min(...values), median(values), Math.max(...values)].map((value) => value.toFixed(digits));

function readAppPids() {
  const apps = join(home, '.local/state/outlast/apps');
  return readdirSync(apps).map((app) => readFileSync(join(apps, app, 'run.1.pid'), 'utf8').split(' ')[0]);
}

/** Proportional set size of every process of ours whose argv holds `word`, in kB. */
function readPss(word) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        if (!argv.some((argument) => argument.startsWith(home)) || !argv.includes(word)) return [];
        return [Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1])];
      } catch {
        return []; // it ended while we looked
      }
    });
}

let missed = 0;
function judge(name, value, goal, unit) {
  const met = value <= goal;
  if (!met) missed++;
  write(`goal: ${name} at most ${goal} ${unit}: ${value.toFixed(0)} ${unit}, ${met ? 'met' : 'missed'}`);
}

try {
  write(
    `Node ${process.version}, Linux ${release()}, ${availableParallelism()} processors, ${RUNS} runs each, in turn`,
  );
  row('', 'min', 'median', 'max');
  let begun = 0;
  const starts = [];
  const supervisors = [];
  for (const { apps, goalMs } of CROWDS) {
    if (begun === 0) {
      starts.push(runScript(startScript(nameOf(begun++))).ms);
      // Alone, a supervisor shares no page with its like.
      supervisors.push(...readPss('supervise'));
    }
    while (begun < apps) {
      const batch = Array.from({ length: Math.min(BATCH, apps - begun) }, () =>
        runScriptAside(startScript(nameOf(begun++))),
      );
      await Promise.all(batch);
    }
    const pids = readAppPids();
    const ours = [];
    const naive = [];
    for (let run = 0; run < RUNS; run++) {
      const { ms, output } = runScript(statusScript());
      const living = output.match(/ PID \S+ [RSD] /g)?.length ?? 0;
      if (living !== apps) throw new Error(`${living} of ${apps} apps were reported alive`);
      ours.push(ms);
      // A thousand ps take a minute and more: once tells enough.
      if (apps < 1000 || run === 0) naive.push(runScript(naiveScript(pids)).ms);
    }
    row(`status of ${apps}, ms`, ...spread(ours));
    row(`a ps for each, ms`, ...spread(naive));
    row(
      '  ratio',
      ...spread(
        naive.map((ms, run) => ours[run] / ms),
        2,
      ),
    );
    judge(`status of ${apps}`, median(ours), goalMs, 'ms');
  }
  const plain = [];
  for (let run = 0; run < RUNS; run++) {
    starts.push(runScript(startScript(`more${run}`)).ms);
    plain.push(runScript('nohup sleep 100000 >/dev/null 2>&1 & echo $! >"$HOME/pid"; kill $!; echo \' END 0\'\n').ms);
  }
  row('start, settle 0, ms', ...spread(starts));
  row('nohup sleep &, ms', ...spread(plain));
  row('supervisor alone, kB PSS', ...spread(supervisors, 0));
  row('each of all, kB PSS', ...spread(readPss('supervise'), 0));
  judge('a supervisor alone', median(supervisors), GOAL_PSS_KB, 'kB PSS');
} finally {
  const apps = join(home, '.local/state/outlast/apps');
  const names = readdirSync(apps);
  while (names.length > 0) runScript(stop.build({ apps: names.splice(0, 50), graceMs: 0, by: 'bench@here' }, frame()));
  rmSync(home, { recursive: true, force: true });
}
process.exitCode = missed === 0 ? 0 : 1;
