// How long an app stands still while its log is cut, under a writer that never pauses.
//
//   node bench/log-cut.mjs [SECONDS]
//
// Once where blocks can be taken out of the head of a file, and once as on a file system where they cannot, so that the app is stopped
// for the rest. The writer notes every gap between two of its writes; as many of the longest as there were cuts are told. Exits with 1
// when a goal is missed.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, release } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { appDir, buildStart, home, judge, row, runScript, spread, tearDown, write } from './lab.mjs';
import { median } from './median.mjs';

const SECONDS = Number(process.argv[2] ?? 10);
const GOAL_MS = 20;
const LIMIT = 20_000_000;
const KEEP = 1000;

/** Writes lines of 100 bytes for so long, and then says which gaps of more than a millisecond there were. */
function buildWriter(told) {
  return `
    const { writeSync, writeFileSync, renameSync } = require('node:fs');
    const line = Buffer.from('x'.repeat(99) + '\\n');
    const gaps = [];
    let [last, bytes] = [performance.now(), 0];
    for (const end = last + ${SECONDS * 1000}; last < end; ) {
      bytes += writeSync(1, line);
      const now = performance.now();
      if (now - last > 1) gaps.push(now - last);
      last = now;
    }
    writeFileSync('${told}.new', JSON.stringify({ gaps, bytes }));
    renameSync('${told}.new', '${told}');
    setInterval(() => undefined, 1e6);`;
}

const WAYS = { 'blocks taken out': (script) => script, 'app stopped': forceStop };

function forceStop(script) {
  const changed = script.replaceAll('cut_method=collapse', 'cut_method=truncate');
  if (changed === script) throw new Error('the script chooses its way in other words by now');
  return changed;
}

try {
  write(`Node ${process.version}, Linux ${release()}, ${availableParallelism()} processors, ${SECONDS} s each`);
  row('gaps of the writer, ms', 'min', 'median', 'max', 'cuts', 'MB/s');
  let held = Number.NaN;
  for (const [way, change] of Object.entries(WAYS)) {
    const app = way.replaceAll(' ', '-');
    const told = join(home, `${app}.told`);
    const argv = [process.execPath, '-e', buildWriter(told)];
    runScript(change(buildStart(app, { argv, log: { maxSizeBytes: LIMIT, keep: KEEP, split: false } })));
    while (!existsSync(told)) await delay(100);
    const { gaps, bytes } = JSON.parse(readFileSync(told, 'utf8'));
    const cuts = readdirSync(appDir(app)).filter((name) => /^log\.\d+$/.test(name)).length;
    const longest = gaps.toSorted((a, b) => b - a).slice(0, cuts);
    row(way, ...spread(longest), String(cuts), (bytes / SECONDS / 1e6).toFixed(0));
    held = median(longest);
  }
  judge('a log is cut with the app stopped for', held, GOAL_MS, 'ms');
} finally {
  tearDown();
}
