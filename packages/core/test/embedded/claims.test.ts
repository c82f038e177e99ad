import { existsSync, linkSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { remove } from '../../src/operations/remove.js';
import { type StartOptions, start } from '../../src/operations/start.js';
import { status } from '../../src/operations/status.js';
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

const STOP_WEB = { apps: ['web'], by: BY };
/** Holds the last stage before the app of the first run back. */
const HOLD_LAUNCH = '[ "$stage$run" != launch1 ] || until [ -e "$app_dir/go" ]; do sleep 0.05; done;';
const HOLD_SCRIPT = 'until [ -e "$HOME/go" ]; do nap; done;';

function buildOptions(options: Partial<StartOptions> = {}): StartOptions {
  return { app: 'web', spec: PLAIN_SPEC, request: createRequest(), by: BY, settleMs: 200, ...options };
}

/** Starts the app with a failpoint before a place of the script. */
function startWith(place: string, failpoint: string, options = buildOptions()) {
  return host.operate(start, options, (script) => insertBefore(script, place, failpoint));
}

function countApps(): number {
  return host.pids().filter((pid) => readIfThere(`/proc/${pid}/cmdline`) === 'sleep\x001000\0').length;
}

const inApp = (file: string) => join(host.appDir('web'), file);
const letGo = () => host.run(': >"$HOME/go"\n', 'n0nce');

test('of clients that claim in the same moment one has started the app', async () => {
  const clients = Array.from({ length: 4 }, () => startWith(`printf '%s\\n' "$launcher $request`, 'sleep 0.3;'));
  const started = await Promise.all(clients);
  expect(started.map(({ changed }) => changed).sort()).toEqual([false, false, false, true]);
  expect(countApps()).toBe(1);
});

test('a launcher that takes its time is waited for', async () => {
  const slow = startWith(': >"$record_path.settling"', HOLD_SCRIPT);
  await waitFor(() => existsSync(inApp('run.1')), 'the first client has its claim');
  const second = startWith('launch_waits=$((launch_waits + 1))', ': >"$HOME/seen";');
  await waitFor(() => existsSync(join(host.home, 'seen')), 'the second client waits');
  await letGo();
  expect(await slow).toMatchObject({ changed: true, report: { state: 'running' } });
  expect(await second).toMatchObject({ changed: false, report: { state: 'running' } });
  expect(readdirSync(host.appDir('web'))).not.toContain('run.2');
});

test('a child of a dead launcher does not run, and is not started again, where the claim itself says that it was given up', async () => {
  const restart = { policy: 'always', max: 5, backoffSeconds: [1, 1] } as const;
  const options = { app: 'web', spec: { ...PLAIN_SPEC, restart }, request: createRequest(), by: BY, settleMs: 0 };
  const held = 'until [ -e "$HOME/go" ]; do sleep 0.05; done; ln "$record_path.pid.$$"';
  const { child } = host.launch(
    replaceIn(start.build(options, { nonce: 'n0nce' }), 'ln "$record_path.pid.$$"', `${held}`),
  );
  await waitFor(
    () =>
      existsSync(host.appDir('web')) && readdirSync(host.appDir('web')).some((name) => name.startsWith('run.1.pid.')),
    'it is about to commit',
  );
  child.kill('SIGKILL');
  // As whoever takes over does it on a disk without room for a word.
  linkSync(join(host.appDir('web'), 'run.1'), join(host.appDir('web'), 'run.1.pid'));
  writeFileSync(join(host.home, 'go'), '');
  await host.expectNoProcesses();
  const [seen] = await host.operate(status, { apps: ['web'] });
  expect(seen?.report).toMatchObject({ state: 'lost', pid: null, exitCode: null });
});

test('a child that was faster than the one who gives it up runs on', async () => {
  const script = insertBefore(start.build(buildOptions(), { nonce: 'n0nce' }), '"$stage"\n', HOLD_LAUNCH);
  await host.launch(insertBefore(script, 'if ! await_commit', 'kill -KILL $$;')).output;
  // The failpoint: between finding the launcher dead and giving its launch up, the child commits.
  const committing = ': >"$app_dir/go"; until [ -e "$record_path.pid" ]; do nap; done;';
  const next = await startWith('abort_file=$record_path.abort.$$', committing);
  expect(next).toMatchObject({ changed: false, report: { state: 'running' } });
  expect(next.error).toBeUndefined();
  expect(countApps()).toBe(1);
});

test('a slow client does not bring back a number that was cleared away meanwhile', async () => {
  const slow = startWith('ln "$app_dir/claim.$$"', HOLD_SCRIPT);
  await waitFor(
    () => existsSync(host.appDir('web')) && readdirSync(host.appDir('web')).some((name) => name.startsWith('claim.')),
    'the slow client is about to claim',
  );
  for (const argv of ['1001', '1002']) {
    await host.start('web', ['sleep', argv]);
    await host.operate(stop, STOP_WEB);
  }
  const third = await host.start('web', ['sleep', '1000']);
  expect(readdirSync(host.appDir('web'))).not.toContain('run.1');
  await letGo();
  expect(await slow).toMatchObject({ changed: false, identity: third.identity });
  expect(readdirSync(host.appDir('web'))).not.toContain('run.1');
  expect(countApps()).toBe(1);
});

test('a launch that takes its time is waited for, until its pid is there', async () => {
  const held = (script: string) => insertBefore(script, '"$stage"\n', HOLD_LAUNCH);
  const started = await host.operate(start, buildOptions(), (script) =>
    insertBefore(held(script), '[ "$waits" -le 100 ]', ': >"$app_dir/go";'),
  );
  expect(started).toMatchObject({ changed: true, report: { state: 'running' } });
  expect(started.error).toBeUndefined();
});

test('an app that ends in the middle of its settle time has not been started', async () => {
  const argv = ['/bin/sh', '-c', 'sleep 0.5; exit 3'];
  const started = await host.operate(start, buildOptions({ spec: { ...PLAIN_SPEC, argv }, settleMs: 5000 }));
  expect(started).toMatchObject({ error: { code: 'E_START_FAILED', details: { exitCode: 3 } } });
});

test('an rm yields to a start that was faster', async () => {
  await host.start('web', ['sleep', '1000']);
  await host.operate(stop, STOP_WEB);
  const removing = host.operate(remove, { apps: ['web'] }, (script) =>
    insertBefore(script, `printf '%s\\n' "$$ $process_start $boot removal`, `: >"$HOME/seen"; ${HOLD_SCRIPT}`),
  );
  await waitFor(() => existsSync(join(host.home, 'seen')), 'the removal has found nothing that runs');
  const started = await host.start('web', ['sleep', '1000']);
  await letGo();
  expect(await removing).toMatchObject([{ changed: false, error: { code: 'E_RUNNING' } }]);
  expect(started).toMatchObject({ changed: true });
  expect(readIfThere(inApp('run.2.pid'))).toContain(String(started.report.pid));
});

test.each([
  ['has taken the folder away', ''],
  ['is about to take the folder away', 'if ! mv "$app_dir"'],
])('an rm is content where another %s', async (_what, winnerHoldsAt) => {
  await host.start('web', ['sleep', '1000']);
  await host.operate(stop, STOP_WEB);
  const hold = (name: string) => `: >"$HOME/${name}"; until [ -e "$HOME/go-${name}" ]; do nap; done;`;
  const removeHeld = (name: string, place: string) =>
    host.operate(remove, { apps: ['web'] }, (script) =>
      place === '' ? script : insertBefore(script, place, hold(name)),
    );
  const isThere = (name: string) => existsSync(join(host.home, name));
  const go = (name: string) => writeFileSync(join(host.home, `go-${name}`), '');
  const losing = removeHeld('loser', `printf '%s\\n' "$$ $process_start $boot removal`);
  await waitFor(() => isThere('loser'), 'the loser has found nothing that runs');
  const winning = removeHeld('winner', winnerHoldsAt);
  if (winnerHoldsAt === '') await winning;
  else await waitFor(() => isThere('winner'), 'the winner has the claim');
  go('loser');
  expect(await losing).toMatchObject([{ changed: false }]);
  expect((await losing)[0]?.error).toBeUndefined();
  go('winner');
  expect(await winning).toMatchObject([{ changed: true }]);
});
