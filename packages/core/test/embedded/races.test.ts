import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { remove } from '../../src/operations/remove.js';
import { restart } from '../../src/operations/restart.js';
import { type StartOptions, start } from '../../src/operations/start.js';
import { stop } from '../../src/operations/stop.js';
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

function buildOptions(): StartOptions {
  return { app: 'web', spec: PLAIN_SPEC, request: createRequest(), by: BY, settleMs: 200 };
}

/** How many processes run the app itself. */
function countApps(): number {
  return host.pids().filter((pid) => readIfThere(`/proc/${pid}/cmdline`) === 'sleep\x001000\0').length;
}

/** Begins a start, changed by a failpoint, and waits until its script is over. */
async function startUntilKilled(change: (script: string) => string): Promise<void> {
  const script = change(start.build(buildOptions(), { nonce: 'n0nce' }));
  const { child, output } = host.launch(script);
  await output;
  expect(child.signalCode).toBe('SIGKILL');
}

const KILLED_AFTER_CLAIM = ': >"$record_path.settling"';
const KILLED_AFTER_LAUNCH = 'if ! await_commit';
/** Lets the last stage before the app come late. */
const LATE_CHILD = '"$stage"\n';

test('sixteen starts at once make one process', async () => {
  const results = await Promise.all(Array.from({ length: 16 }, () => host.operate(start, buildOptions())));
  expect(countApps()).toBe(1);
  expect(results.filter(({ changed }) => changed)).toHaveLength(1);
  expect(results.filter(({ error }) => error !== undefined)).toEqual([]);
  expect(new Set(results.map(({ report }) => report.pid)).size).toBe(1);
});

/** A deploy that begins just before the claim: this very script is the process that its lock names. */
const DEPLOY_BEGINS = [
  'mkdir -p "$state/deploys/web"',
  'echo "$$ $process_start $boot other 1 - deploy -" >"$state/deploys/web/lock.1"',
  'echo activate >"$state/deploys/web/lock.1.stage"',
].join(' && ');

test('a start that claims the app once a release has begun to take its place gives up', async () => {
  const change = (script: string) => insertBefore(script, 'ln "$app_dir/claim.$$"', `${DEPLOY_BEGINS};`);
  const result = await host.operate(start, buildOptions(), change);
  expect(result).toMatchObject({ changed: false, error: { code: 'E_LOCKED' } });
  expect(countApps()).toBe(0);
  // It ended with the script, and so does the lock.
  expect(await host.operate(start, buildOptions())).toMatchObject({ changed: true });
});

// Without the link as a lock, the same race with the window widened starts the app more than once.
test('the claim is what keeps the others out', async () => {
  const widen = (script: string) => insertBefore(script, 'ln "$app_dir/claim.$$"', 'sleep 0.3;');
  const starts = (change: (script: string) => string) =>
    Promise.all(Array.from({ length: 4 }, () => host.operate(start, buildOptions(), change).catch(() => undefined)));
  await starts(widen);
  expect(countApps()).toBe(1);
  await host.operate(stop, { apps: ['web'], by: BY });
  await starts((script) =>
    replaceIn(
      replaceIn(widen(script), 'ln "$app_dir/claim', 'cp "$app_dir/claim'),
      'ln "$record_path.pid',
      'cp "$record_path.pid',
    ),
  );
  expect(countApps()).toBeGreaterThan(1);
});

test('a launcher that died holding its claim is recovered from by the next', async () => {
  await startUntilKilled((script) => insertBefore(script, KILLED_AFTER_CLAIM, 'kill -KILL $$;'));
  expect(countApps()).toBe(0);
  expect(readdirSync(host.appDir('web'))).toContain('run.1');
  const begun = Date.now();
  const next = await host.operate(start, buildOptions());
  expect(next).toMatchObject({ changed: true, report: { state: 'running' } });
  expect(Date.now() - begun).toBeLessThan(5000);
  expect(countApps()).toBe(1);
});

test('an app whose launcher died after it had started is found running', async () => {
  await startUntilKilled((script) =>
    insertBefore(script, KILLED_AFTER_LAUNCH, 'until [ -e "$record_path.pid" ]; do nap; done; kill -KILL $$;'),
  );
  expect(countApps()).toBe(1);
  const next = await host.operate(start, buildOptions());
  expect(next).toMatchObject({ changed: false, report: { state: 'running' } });
  expect(next.error).toBeUndefined();
  expect(countApps()).toBe(1);
});

/** A launcher dies with its child under way; another client takes over, and only then does the child come. */
async function startWithLateChild(change: (script: string) => string): Promise<number> {
  const late = `[ "$stage$run" != launch1 ] || until [ -e "$app_dir/go" ]; do sleep 0.05; done;`;
  await startUntilKilled((script) =>
    insertBefore(insertBefore(change(script), LATE_CHILD, late), KILLED_AFTER_LAUNCH, 'kill -KILL $$;'),
  );
  await waitFor(() => host.pids().length > 1, 'the child waits');
  const next = await host.operate(start, buildOptions());
  expect(next).toMatchObject({ changed: true, report: { state: 'running' } });
  const before = host.pids().length;
  host.launch(`: >${join(host.appDir('web'), 'go')}\n`);
  await waitFor(() => host.pids().length !== before, 'the late child has gone on');
  await waitFor(
    () => host.pids().every((pid) => !/launch/.test(readIfThere(`/proc/${pid}/cmdline`) ?? '')),
    'it is done',
  );
  return countApps();
}

test('a late child of a dead launcher does not run', async () => {
  expect(await startWithLateChild((script) => script)).toBe(1);
});

test('the second link is what keeps a late child from running', async () => {
  const mutant = (script: string) => replaceIn(script, 'ln "$record_path.pid.$$"', 'cp "$record_path.pid.$$"');
  expect(await startWithLateChild(mutant)).toBe(2);
});

test('the same request is not done twice', async () => {
  const options = { ...buildOptions(), spec: { ...PLAIN_SPEC, argv: ['/bin/sh', '-c', 'echo ran >>runs; sleep 0.4'] } };
  expect(await host.operate(start, options)).toMatchObject({ changed: true });
  await host.expectNoProcesses();
  await host.operate(start, options);
  expect(readIfThere(join(host.home, 'runs'))).toBe('ran\n');
});

test('a restart whose client dies in between leaves the app running', async () => {
  await host.operate(start, buildOptions());
  const script = restart.build({ ...buildOptions(), graceMs: 1000 }, { nonce: 'n0nce' });
  const { child } = host.launch(script);
  await waitFor(() => readIfThere(join(host.appDir('web'), 'run.1.stop')) !== undefined, 'the stop has begun');
  child.stdout?.destroy();
  await waitFor(() => readIfThere(join(host.appDir('web'), 'run.2.pid')) !== undefined, 'it was started again');
  await waitFor(() => host.pids().length === 2, 'the script is over');
  expect(countApps()).toBe(1);
});

test('an app that runs is not forgotten', async () => {
  await host.operate(start, buildOptions());
  const [refused] = await host.operate(remove, { apps: ['web'] });
  expect(refused).toMatchObject({ changed: false, error: { code: 'E_RUNNING' }, report: { state: 'running' } });
  expect(countApps()).toBe(1);
});

test('an app that is started while it is forgotten runs afterwards', async () => {
  await host.operate(start, buildOptions());
  await host.operate(stop, { apps: ['web'], by: BY });
  // The failpoints: the removal has its claim before the start looks, and the start has seen it before the folder goes.
  const removing = host.operate(remove, { apps: ['web'] }, (script) =>
    insertBefore(script, 'mv "$app_dir"', 'until [ -e "$HOME/seen" ]; do nap; done;'),
  );
  await waitFor(() => readIfThere(join(host.appDir('web'), 'run.2')) !== undefined, 'the removal has begun');
  const started = await host.operate(start, buildOptions(), (script) =>
    insertBefore(script, 'launch_waits=$((launch_waits + 1))', ': >"$HOME/seen";'),
  );
  const [removed] = await removing;
  expect(removed?.error).toBeUndefined();
  expect(started).toMatchObject({ changed: true, report: { state: 'running' } });
  expect(countApps()).toBe(1);
});
