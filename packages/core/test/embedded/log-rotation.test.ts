import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { start } from '../../src/operations/start.js';
import { stop } from '../../src/operations/stop.js';
import { DEFAULT_LOG } from '../../src/state/app-spec.js';
import {
  BY,
  createPrivateHost,
  createRequest,
  insertBefore,
  PLAIN_SPEC,
  type PrivateHost,
  readIfThere,
  replaceIn,
  waitFor,
} from './private-host.js';

let host: PrivateHost;

beforeEach(async () => {
  host = await createPrivateHost();
});

afterEach(() => host.close());

const LIMIT = 512 * 1024;
const KEEP = 1000;
const LOG = { ...DEFAULT_LOG, maxSizeBytes: LIMIT, keep: KEEP };
const SLEEPER = ['sleep', '1000'];

/** Writes without a pause, half a line at a time, until a file is there; then says how many lines. */
function buildWriter(until: string): readonly string[] {
  const write = 'printf "li"; fflush(); print "ne", ++i; fflush()';
  const enough = `(i % 1000 == 0) && ((getline enough <"${until}") >= 0)`;
  return ['awk', `BEGIN { do { ${write} } while (!(${enough})); system("echo " i " >written; exec sleep 1000") }`];
}

/** What the writer has written, once it is done. */
async function readExpected(): Promise<Buffer> {
  const written = () => Number(readIfThere(join(host.home, 'written')) ?? '0');
  await waitFor(() => written() > 0, 'the writer is done');
  return Buffer.from(Array.from({ length: written() }, (_, index) => `line ${index + 1}\n`).join(''));
}

const path = (name = 'log') => join(host.appDir('web'), name);
/** The way that needs a pause of the app, as on a file system that cannot take blocks out of a file. */
const hold = (script: string) => replaceIn(script, 'cut_method=collapse', 'cut_method=truncate');
/** The keeper looks as often as it does at a log that fills fast, from the start: when it comes decides nothing here, only how it is killed. */
const lookOften = (script: string) => replaceIn(script, 'rest_for "$rest"', 'rest_for 0.1');

function listArchives(name = 'log'): string[] {
  const suffixes = readdirSync(host.appDir('web')).filter((file) => file.startsWith(`${name}.`));
  const numbers = suffixes.map((file) => file.slice(name.length + 1)).filter((suffix) => /^\d+$/.test(suffix));
  return numbers
    .map(Number)
    .sort((a, b) => b - a)
    .map((number) => path(`${name}.${number}`));
}

/** Everything that was ever written, from the oldest archive to the log. */
function readAll(name = 'log'): Buffer {
  return Buffer.concat([...listArchives(name), path(name)].map((file) => readFileSync(file)));
}

function startWith(argv: readonly string[], change = (script: string) => script, log: Partial<typeof LOG> = {}) {
  const spec = { ...PLAIN_SPEC, argv, log: { ...LOG, ...log } };
  return host.operate(start, { app: 'web', spec, request: createRequest(), by: BY, settleMs: 0 }, change);
}

/** Until nothing is left to cut. */
const waitForLastCut = () =>
  waitFor(
    () => !existsSync(path('log.cut')) && statSync(path()).size < LIMIT,
    `the last cut; ${readdirSync(host.appDir('web')).join(' ')}, ${statSync(path()).size} bytes in the log`,
  );

function readKeeper(run = 1): number {
  return Number.parseInt(readIfThere(path(`run.${run}.keeper`)) ?? '0', 10);
}

const WAYS: readonly (readonly [string, (script: string) => string])[] = [
  ['by taking blocks out of it', (script) => script],
  ['while the app is held', hold],
];

describe.each(WAYS)('a log under a writer that never pauses is cut %s', (_way, change) => {
  test('and the archives and the log together are what was written, byte for byte', async () => {
    await startWith(buildWriter(path('log.8')), change);
    const expected = await readExpected();
    await waitForLastCut();
    expect(listArchives().length).toBeGreaterThanOrEqual(8);
    expect(readAll().equals(expected)).toBe(true);
    const [, base] = readFileSync(path('log.base'), 'utf8').split(' ');
    expect(Number(base) + statSync(path()).size).toBe(expected.length);
    await host.operate(stop, { apps: ['web'], by: BY });
    await host.expectNoProcesses();
  });
});

test('a log is not emptied while somebody else lets the app go on', async () => {
  // The failpoint, once: after the rest was copied, the app goes on and writes.
  const goOn = '{ [ -e "$app_dir/gone-on" ] || { : >"$app_dir/gone-on"; kill -s CONT $app_pid; sleep 0.1; }; } && ';
  await startWith(buildWriter(path('log.8')), (script) =>
    replaceIn(hold(script), 'mark_head && are_held', `mark_head && ${goOn}are_held`),
  );
  const expected = await readExpected();
  await waitForLastCut();
  expect(existsSync(path('gone-on'))).toBe(true);
  expect(readAll().equals(expected)).toBe(true);
});

/** Kills the keeper the first time that it comes to `place`. */
const killAt = (place: string) => (script: string) =>
  insertBefore(
    script,
    place,
    '{ [ -e "$app_dir/killed" ] || { echo "$keeper_pid" >"$app_dir/killed"; kill -s KILL "$keeper_pid"; }; } &&',
  );

const STEPS = [
  'copy_head "$cut_blocks"',
  'note_cut || {',
  "{ printf '%-63s",
  'read -r marked <"$log"',
  'say_cut "cut $cut_base',
  'finish_cut; return; fi',
  'say_cut "shift',
  'mv -f "$log.$((gap',
  'mv -f "$log.new" "$log.1"',
  'write_checked "$log.base"',
  'rm -f "$log.cut"\n',
];

describe.each([
  ...STEPS.map((step) => ['by taking blocks out of it', step, (script: string) => script] as const),
  [
    'by taking blocks out of it',
    'fallocate --collapse-range --offset 0 --length "$cut_length"',
    (script: string) => script,
  ] as const,
  ...STEPS.map((step) => ['while the app is held', step, hold] as const),
  ['while the app is held', 'copy_rest &', hold] as const,
  ['while the app is held', 'await_rest &&', hold] as const,
  ['while the app is held', 'are_held &&', hold] as const,
  ['while the app is held', 'true >"$log"; then', hold] as const,
  ['while the app is held', 'hold_rest && return', hold] as const,
])('a keeper that cuts %s and is killed before: %s', (_way, step, change) => {
  test('loses and doubles nothing, and the app goes on', async () => {
    await startWith(buildWriter('enough'), (script) => lookOften(killAt(step)(change(script))));
    await waitFor(() => existsSync(path('killed')), 'the keeper was killed');
    await waitFor(() => !existsSync(path('log.held')), 'nobody is held');
    writeFileSync(join(host.home, 'enough'), '');
    const expected = await readExpected();
    await host.operate(stop, { apps: ['web'], by: BY });
    await startWith(SLEEPER, change);
    await waitFor(() => readKeeper(2) > 0, 'another keeper has come');
    await waitForLastCut();
    expect(readAll().equals(expected)).toBe(true);
    expect(existsSync(path('log.new'))).toBe(false);
  });
});
