// What a host pays: the status of 1, 100 and 1,000 apps in one pass, next to a ps for each app; the memory beside an app; a start.
//
//   node bench/host.mjs [RUNS]
//
// Runs the very scripts that go over the wire in /bin/sh of this machine, in a home of its own, with real apps (`sleep`). Prints
// wall-clock milliseconds and ratios run by run; exits with 1 when a goal is missed.
import { readFileSync } from 'node:fs';
import { availableParallelism, release } from 'node:os';
import { status } from '../packages/core/dist/index.js';
import {
  buildStart,
  createFrame,
  judge,
  readRecordedPids,
  row,
  runScript,
  runScriptAside,
  spread,
  tearDown,
  write,
} from './lab.mjs';
import { median } from './median.mjs';

const RUNS = Number(process.argv[2] ?? 11);
const CROWDS = [
  { apps: 1, goalMs: 30 },
  { apps: 100, goalMs: 60 },
  { apps: 1000, goalMs: 300 },
];
const GOAL_PSS_KB = 400;
const BATCH = 25;

const nameOf = (index) => `app${index}`;
const statusScript = () => status.build({ apps: [] }, createFrame());

/** What one would type: a pid file and a ps for each app. */
function naiveScript(pids) {
  return `for pid in ${pids.join(' ')}; do ps -o pid=,stat=,etime=,pcpu=,rss= -p "$pid"; done\necho ' END 0'\n`;
}

/** Proportional set size in kB; one that ends while we look counts for nothing. */
function readPss(pid) {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]);
  } catch {
    return 0;
  }
}

/** What a keeper and the sleep that it waits for take together. */
function readKeeperPss(pid) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return readPss(pid) + children.split(' ').reduce((sum, child) => sum + (child === '' ? 0 : readPss(child)), 0);
}

try {
  write(
    `Node ${process.version}, Linux ${release()}, ${availableParallelism()} processors, ${RUNS} runs each, in turn`,
  );
  row('', 'min', 'median', 'max');
  let begun = 0;
  const starts = [];
  // Alone, they share no page with their like.
  let alone;
  for (const { apps, goalMs } of CROWDS) {
    if (begun === 0) {
      starts.push(runScript(buildStart(nameOf(begun++))).ms);
      alone = {
        supervisor: readRecordedPids('supervisor').map(readPss),
        keeper: readRecordedPids('keeper').map(readKeeperPss),
      };
    }
    while (begun < apps) {
      const batch = Array.from({ length: Math.min(BATCH, apps - begun) }, () =>
        runScriptAside(buildStart(nameOf(begun++))),
      );
      await Promise.all(batch);
    }
    const pids = readRecordedPids('pid');
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
    starts.push(runScript(buildStart(`more${run}`)).ms);
    plain.push(runScript('nohup sleep 100000 >/dev/null 2>&1 & echo $! >"$HOME/pid"; kill $!; echo \' END 0\'\n').ms);
  }
  row('start, settle 0, ms', ...spread(starts));
  row('nohup sleep &, ms', ...spread(plain));
  row('supervisor alone, kB PSS', ...spread(alone.supervisor, 0));
  row('keeper and its sleep alone, kB PSS', ...spread(alone.keeper, 0));
  row('supervisor among all, kB PSS', ...spread(readRecordedPids('supervisor').map(readPss), 0));
  row('keeper among all, kB PSS', ...spread(readRecordedPids('keeper').map(readKeeperPss), 0));
  judge('a supervisor alone', median(alone.supervisor), GOAL_PSS_KB, 'kB PSS');
} finally {
  tearDown();
}
