import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { inspect } from '../../src/operations/inspect.js';
import { logs } from '../../src/operations/logs.js';
import { signal } from '../../src/operations/signal.js';
import { start } from '../../src/operations/start.js';
import { status } from '../../src/operations/status.js';
import { stop } from '../../src/operations/stop.js';
import { DEFAULT_LOG, DEFAULT_RESTART } from '../../src/state/app-spec.js';
import {
  BY,
  createPrivateHost,
  createRequest,
  isAlive,
  PLAIN_SPEC,
  type PrivateHost,
  readIfThere,
  readProc,
  replaceIn,
  waitFor,
} from './private-host.js';
import { findShell, SH_NAMES } from './shells.js';

let host: PrivateHost;

beforeEach(async () => {
  host = await createPrivateHost();
});

afterEach(() => host.close());

const SLEEPER = ['sleep', '1000'];
const LOG = { ...DEFAULT_LOG, maxSizeBytes: 64 * 1024 };
const path = (name = 'log') => join(host.appDir('web'), name);
const readPid = (file: string) => Number.parseInt(readIfThere(path(file)) ?? '0', 10);

async function findKeeper(run = 1): Promise<number> {
  await waitFor(() => readPid(`run.${run}.keeper`) > 0, 'the keeper has come');
  return readPid(`run.${run}.keeper`);
}

describe.each(SH_NAMES)('with %s as sh', (shell) => {
  test('one keeper stands beside an app, is none of its processes, and goes with it', async (ctx) => {
    const found = findShell(shell);
    if (found === undefined) return ctx.skip(`${shell} is not installed`);
    await host.close();
    host = await createPrivateHost(found);
    const { report } = await host.start('web', SLEEPER, { log: LOG });
    const keeper = await findKeeper();
    expect(isAlive(keeper)).toBe(true);
    const [seen] = await host.operate(inspect, { apps: ['web'] });
    expect(seen?.pids).toEqual([report.pid]);
    await host.operate(stop, { apps: ['web'], by: BY });
    const stopped = Date.now();
    await host.expectNoProcesses();
    expect(Date.now() - stopped).toBeLessThan(2_000);
  });

  test('the log of an app is cut, and nothing of it is lost', async (ctx) => {
    const found = findShell(shell);
    if (found === undefined) return ctx.skip(`${shell} is not installed`);
    await host.close();
    host = await createPrivateHost(found);
    for (const [app, change] of [
      ['collapse', (script: string) => script],
      ['truncate', (script: string) => replaceIn(script, 'cut_method=collapse', 'cut_method=truncate')],
    ] as const) {
      const argv = ['/bin/dash', '-c', 'seq 1 30000; sleep 0.5; seq 30001 40000; exec sleep 1000'];
      const spec = { ...PLAIN_SPEC, argv, log: LOG };
      await host.operate(start, { app, spec, request: createRequest(), by: BY, settleMs: 100 }, change);
      const file = (name: string) => join(host.appDir(app), name);
      const read = () => ['log.3', 'log.2', 'log.1', 'log'].map((name) => readIfThere(file(name)) ?? '').join('');
      await waitFor(
        () =>
          existsSync(file('log.1')) &&
          !existsSync(file('log.cut')) &&
          read().endsWith('\n40000\n') &&
          statSync(file('log')).size < 65_536,
        'it is cut',
      );
      expect(read()).toBe(Array.from({ length: 40_000 }, (_, index) => `${index + 1}\n`).join(''));
    }
  });
});

test('a keeper ends by itself when its supervisor was killed', async () => {
  const { report } = await host.start('web', SLEEPER);
  const keeper = await findKeeper();
  process.kill(readPid('run.1.supervisor'), 'SIGKILL');
  await waitFor(() => !isAlive(keeper), 'the keeper has gone');
  await waitFor(() => host.pids().length === 1, 'only the app is left');
  expect(isAlive(report.pid as number)).toBe(true);
});

test('a log is cut and read in the same way where the login has its own units and quotes', async () => {
  const other = await createPrivateHost(undefined, {
    BLOCK_SIZE: 'M',
    QUOTING_STYLE: 'shell-always',
    TIME_STYLE: 'full-iso',
  });
  try {
    await other.start('web', ['/bin/dash', '-c', 'seq 1 30000; exec sleep 1000'], { log: LOG });
    const there = (name: string) => join(other.appDir('web'), name);
    await waitFor(() => existsSync(there('log.1')) && !existsSync(there('log.cut')), 'it is cut');
    const [tail] = await other.operate(logs, { apps: ['web'], bytes: 1e6 });
    expect(Buffer.from(tail?.data ?? []).toString()).toMatch(/^1\n2\n(.*\n)*30000\n$/);
    expect(readProc((await other.operate(status, { apps: ['web'] }))[0]?.report.pid as number, 'environ')).toContain(
      'BLOCK_SIZE=M\0',
    );
  } finally {
    await other.close();
  }
});

test('an app goes on when its keeper is killed, and ends as ever', async () => {
  const { report } = await host.start('web', ['/bin/sh', '-c', 'until [ -e end ]; do sleep 0.05; done; exit 7']);
  process.kill(await findKeeper(), 'SIGKILL');
  expect(isAlive(report.pid as number)).toBe(true);
  writeFileSync(join(host.home, 'end'), '');
  await waitFor(() => /^code 7 /.test(readIfThere(path('run.1.exit')) ?? ''), 'its end is recorded');
});

test('each start of the app is marked with its time', async () => {
  const restartAlways = { ...DEFAULT_RESTART, policy: 'always', max: 2, backoffSeconds: [1, 1] } as const;
  await host.start('web', ['/bin/sh', '-c', 'echo 12345; sleep 0.4'], { restart: restartAlways });
  await waitFor(() => existsSync(path('run.1.exit')), 'its restarts are used up');
  const offsets = readFileSync(path('log.times'), 'utf8')
    .trim()
    .split('\n')
    .map((mark) => Number(mark.split(' ')[1]));
  expect(offsets).toEqual(expect.arrayContaining([0, 6, 12]));
  expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
});

test('marks are thinned out, the old ones first', async () => {
  await host.start('web', SLEEPER);
  const { ino } = statSync(path());
  const marks = Array.from({ length: 4_000 }, (_, index) => `${1_700_000_000 + index} ${index} ${ino}\n`);
  await findKeeper();
  await host.operate(stop, { apps: ['web'], by: BY });
  writeFileSync(path('log.times'), marks.join(''));
  const thin = (script: string) => replaceIn(script, '$((marks_written % 100)) = 0', '1 = 1');
  await host.operate(
    start,
    { app: 'web', spec: { ...PLAIN_SPEC, argv: SLEEPER }, request: createRequest(), by: BY, settleMs: 0 },
    thin,
  );
  await waitFor(() => statSync(path('log.times')).size < marks.join('').length * 0.7, 'they are fewer');
  const left = readFileSync(path('log.times'), 'utf8').split('\n');
  expect(left).toEqual(expect.arrayContaining(marks.slice(-900).map((mark) => mark.trim())));
  expect(left[0]).toBe(marks[0]?.trim());
});

describe('beside an app that writes nothing', () => {
  const spec = { ...PLAIN_SPEC, argv: SLEEPER, log: LOG };
  const count = (file: string) => (readIfThere(path(file)) ?? '').length;

  /** The keeper says each time that it looks, and looks often. */
  async function startWatched(): Promise<void> {
    const options = { app: 'web', spec, request: createRequest(), by: BY, settleMs: 0 };
    await host.operate(start, options, (script) =>
      [
        ['looked=$(for', 'printf x >>"$app_dir/looks"; looked=$(for'],
        ['quiet_looks=$((', 'printf x >>"$app_dir/quiet"; quiet_looks=$(('],
        ['rest_for "$rest"', 'sleep 0.05'],
      ].reduce((changed, [place = '', insertion = '']) => replaceIn(changed, place, insertion), script),
    );
    await waitFor(() => count('quiet') > 0, 'nothing has been written for a while');
  }

  test('the keeper starts nothing to look at its log', async () => {
    await startWatched();
    const [looks, quiet] = [count('looks'), count('quiet')];
    await waitFor(() => count('quiet') >= quiet + 24, 'it has looked often');
    // A whole look after every twelve.
    expect(count('looks') - looks).toBeLessThanOrEqual(3);
  });

  test.each([
    ['the file is newer', undefined],
    ['its time was set back', new Date(0)],
  ] as const)('the keeper finds what is written then, where %s', async (_what, time) => {
    await startWatched();
    appendFileSync(path(), 'something\n');
    if (time !== undefined) utimesSync(path(), time, time);
    await waitFor(() => / 10 \d+\n$/.test(readFileSync(path('log.times'), 'utf8')), 'it is marked');
  });
});

const held = (script: string) => replaceIn(script, 'cut_method=collapse', 'cut_method=truncate');

test('an app that was paused is not let go on by a cut', async () => {
  const argv = ['/bin/dash', '-c', 'until [ -e go ]; do sleep 0.05; done; seq 1 30000; exec sleep 1000'];
  const spec = { ...PLAIN_SPEC, argv, log: LOG };
  const slow = (script: string) =>
    // The keeper does not cut before the app is paused.
    replaceIn(
      held(script),
      'cut_held() {',
      'cut_held() {\nuntil [ -e "$record_path.signal" ]; do sleep 0.05; done; sleep 0.3; echo >"$app_dir/tried"',
    );
  const { report } = await host.operate(
    start,
    { app: 'web', spec, request: createRequest(), by: BY, settleMs: 0 },
    slow,
  );
  writeFileSync(join(host.home, 'go'), '');
  await waitFor(() => statSync(path()).size > LOG.maxSizeBytes, 'there is something to cut');
  await host.operate(signal, { apps: ['web'], signal: 'STOP', scope: 'tree', by: BY });
  await waitFor(() => existsSync(path('tried')), 'the keeper wants to cut');
  await waitFor(() => !existsSync(path('log.cut')), 'it has given up');
  expect(readProc(report.pid as number, 'stat')).toMatch(/\) T /);
  expect(existsSync(path('log.1'))).toBe(false);
  await host.operate(signal, { apps: ['web'], signal: 'CONT', scope: 'tree', by: BY });
  await waitFor(() => existsSync(path('log.1')), 'it is cut once the app goes on');
});

test('an app that is held while its log is cut is not called paused', async () => {
  const holding = '{ : >"$app_dir/holding"; until [ -e "$app_dir/looked" ]; do sleep 0.05; done; } && await_rest';
  const spec = { ...PLAIN_SPEC, argv: ['/bin/dash', '-c', 'seq 1 30000; exec sleep 1000'], log: LOG };
  const options = { app: 'web', spec, request: createRequest(), by: BY, settleMs: 0 };
  const { report } = await host.operate(start, options, (script) =>
    replaceIn(held(script), 'await_rest && mark_head', `${holding} && mark_head`),
  );
  await waitFor(() => existsSync(path('holding')), 'the app is held');
  const [seen] = await host.operate(status, { apps: ['web'] });
  expect(readProc(report.pid as number, 'stat')).toMatch(/\) T /);
  writeFileSync(path('looked'), '');
  expect(seen?.report).toMatchObject({ state: 'running', pid: report.pid });
});

test('without room for an archive the log stays as it is until there is some', async () => {
  const argv = ['/bin/dash', '-c', 'seq 1 30000; exec sleep 1000'];
  // The file system says that it is full as long as this file is there.
  const full = (script: string) =>
    replaceIn(
      script,
      'df -Pk "$app_dir" 2>/dev/null',
      '{ [ ! -e "$app_dir/full" ] || { echo >"$app_dir/asked"; echo fs 9 9 8 99% /; }; }',
    );
  await host.start('web', SLEEPER);
  writeFileSync(path('full'), '');
  await host.operate(stop, { apps: ['web'], by: BY });
  const spec = { ...PLAIN_SPEC, argv, log: LOG };
  await host.operate(start, { app: 'web', spec, request: createRequest(), by: BY, settleMs: 0 }, full);
  await waitFor(() => existsSync(path('asked')), 'the keeper has looked');
  await waitFor(() => statSync(path()).size > LOG.maxSizeBytes, 'the log is there');
  const { size } = statSync(path());
  expect(existsSync(path('log.1'))).toBe(false);
  rmSync(path('full'));
  await waitFor(() => existsSync(path('log.1')) && !existsSync(path('log.cut')), 'it is cut now');
  expect(statSync(path()).size + statSync(path('log.1')).size).toBe(size);
});

test('only as many archives are kept as were asked for, the newest', async () => {
  const argv = [
    '/bin/dash',
    '-c',
    'i=0; while [ $i -lt 8 ]; do i=$((i+1)); seq $((i * 100000)) $((i * 100000 + 20000)); sleep 0.6; done; exec sleep 1000',
  ];
  await host.start('web', argv, { log: { ...LOG, keep: 2 } });
  await waitFor(
    () => /820000\n$/.test(['log.1', 'log'].map((name) => readIfThere(path(name)) ?? '').join('')),
    'all is written',
  );
  await waitFor(() => !existsSync(path('log.cut')) && statSync(path()).size < LOG.maxSizeBytes, 'the last cut');
  const archives = readdirSync(host.appDir('web')).filter((name) => /^log\.\d+$/.test(name));
  expect(archives.sort()).toEqual(['log.1', 'log.2']);
  const kept = ['log.2', 'log.1', 'log'].map((name) => readFileSync(path(name), 'utf8')).join('');
  const whole = Array.from({ length: 8 }, (_, i) =>
    Array.from({ length: 20_001 }, (_, n) => `${(i + 1) * 100_000 + n}\n`).join(''),
  ).join('');
  expect(whole.endsWith(kept)).toBe(true);
});
