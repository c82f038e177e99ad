import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { inspect } from '../../src/operations/inspect.js';
import { remove } from '../../src/operations/remove.js';
import { restart } from '../../src/operations/restart.js';
import { signal } from '../../src/operations/signal.js';
import { start } from '../../src/operations/start.js';
import { status } from '../../src/operations/status.js';
import { stop } from '../../src/operations/stop.js';
import { DEFAULT_RESTART } from '../../src/state/app-spec.js';
import {
  BY,
  createPrivateHost,
  createRequest,
  insertBefore,
  isAlive,
  PLAIN_SPEC,
  type PrivateHost,
  replaceIn,
  waitFor,
} from './private-host.js';

let host: PrivateHost;

beforeEach(async () => {
  host = await createPrivateHost();
});

afterEach(() => host.close());

const SLEEPER = ['sleep', '1000'];
const STOP_WEB = { apps: ['web'], by: BY };

/** Where a fork fails, or memory is short, a pipeline ends with nothing. */
const withoutTree = (script: string) => replaceIn(script, 'if (!(script in start)) exit 1', 'exit 1');

test('a list of processes that could not be made is no proof that nothing is there', async () => {
  const { report } = await host.start('web', SLEEPER);
  const [seen] = await host.operate(inspect, { apps: ['web'] });
  // Nobody else knows of it then.
  process.kill(seen?.supervisorPid as number, 'SIGKILL');
  const [stopped] = await host.operate(stop, STOP_WEB, withoutTree);
  expect(stopped).toMatchObject({ changed: false, error: { code: 'E_STOP_FAILED' } });
  expect(isAlive(report.pid as number)).toBe(true);
  const sent = { ...STOP_WEB, signal: 'KILL', scope: 'tree' } as const;
  const [killed] = await host.operate(signal, sent, withoutTree);
  expect(killed).toMatchObject({ changed: false, error: { code: 'E_SIGNAL_FAILED' } });
  expect(isAlive(report.pid as number)).toBe(true);
  const [removed] = await host.operate(remove, { apps: ['web'] }, withoutTree);
  expect(removed).toMatchObject({ changed: false, error: { code: 'E_RUNNING' } });
});

test('what an app has left behind is not taken for gone because it cannot be listed', async () => {
  await host.start('web', ['/bin/sh', '-c', 'setsid sleep 1000 & sleep 0.4']);
  await waitFor(() => existsSync(join(host.appDir('web'), 'run.1.exit')), 'the app ends');
  const [stopped] = await host.operate(stop, STOP_WEB, withoutTree);
  expect(stopped).toMatchObject({ changed: false, error: { code: 'E_STOP_FAILED' } });
});

test('a stop that something on the host has ended half-way is not known, rather than done', async () => {
  const { report } = await host.start('web', SLEEPER);
  const killed = (script: string) => insertBefore(script, 'mark_stop || {', 'sh -c \'kill -9 "$PPID"\'; ');
  const [stopped] = await host.operate(stop, STOP_WEB, killed);
  expect(stopped).toMatchObject({ changed: false, error: { code: 'E_UNKNOWN_RESULT' } });
  expect(isAlive(report.pid as number)).toBe(true);
});

test('a report that broke off is no answer', async () => {
  await host.start('web', SLEEPER);
  const broken = (script: string) => replaceIn(script, 'self = read_processes()\n', 'exit 1\n');
  await expect(host.operate(status, { apps: ['web'] }, broken)).rejects.toMatchObject({ code: 'E_PROTOCOL' });
});

test('the mark of a stopper that died does not make a later end a stop', async () => {
  const { report } = await host.start('web', ['/bin/sh', '-c', 'until [ -e end ]; do sleep 0.05; done; exit 7']);
  writeFileSync(join(host.appDir('web'), 'run.1.stop'), `999999 1 nowhere 1 %22a%40b%22\n`);
  writeFileSync(join(host.home, 'end'), '');
  await waitFor(() => !isAlive(report.pid as number), 'the app ends');
  const [seen] = await host.operate(status, { apps: ['web'] });
  expect(seen?.report).toMatchObject({ state: 'exited', exitCode: 7, how: null });
});

test('the mark of a stopper that died does not keep the supervisor from starting the app again', async () => {
  const restartAlways = { ...DEFAULT_RESTART, policy: 'always', backoffSeconds: [1, 1] } as const;
  await host.start('web', SLEEPER, { restart: restartAlways });
  writeFileSync(join(host.appDir('web'), 'run.1.stop'), `999999 1 nowhere 1 %22a%40b%22\n`);
  await host.operate(signal, { apps: ['web'], signal: 'KILL', scope: 'main', by: BY });
  await waitFor(
    () =>
      readFileSync(join(host.appDir('web'), 'run.1.pid'), 'utf8')
        .trim()
        .endsWith(' 1'),
    'the supervisor starts it again',
  );
});

test('what a start leaves behind is named, and no second one joins it', async () => {
  const argv = ['/bin/sh', '-c', 'sleep 1000 & exit 0'];
  const first = await host.start('web', argv);
  expect(first.error).toMatchObject({ code: 'E_START_FAILED', message: expect.stringContaining('left processes') });
  const second = await host.start('web', argv);
  expect(second.error).toMatchObject({ code: 'E_START_FAILED', message: expect.stringContaining('are left') });
  await waitFor(() => host.pids().length === 1, 'what was left behind is all that is there');
  const [stopped] = await host.operate(stop, STOP_WEB);
  expect(stopped).toMatchObject({ changed: true, report: { how: 'term' } });
  await host.expectNoProcesses();
});

test('a child in the group of an app that has ended is found without the mark of its run', async () => {
  const { error } = await host.start('web', ['/bin/sh', '-c', 'env -i /bin/sleep 1000 & exit 0']);
  expect(error).toMatchObject({ code: 'E_START_FAILED', message: expect.stringContaining('left processes') });
  const [stopped] = await host.operate(stop, STOP_WEB);
  expect(stopped).toMatchObject({ changed: true });
});

test('a printed script starts as many apps as it is run for, and a stop takes one of them', async () => {
  const printed = { spec: PLAIN_SPEC, request: null, by: BY, settleMs: 100 };
  await host.operate(start, { ...printed, app: 'one', spec: { ...PLAIN_SPEC, argv: SLEEPER } });
  const two = await host.operate(start, { ...printed, app: 'two', spec: { ...PLAIN_SPEC, argv: SLEEPER } });
  await host.operate(stop, { apps: ['one'], by: BY });
  expect(isAlive(two.report.pid as number)).toBe(true);
  const again = await host.operate(start, { ...printed, app: 'one', spec: { ...PLAIN_SPEC, argv: SLEEPER } });
  expect(again).toMatchObject({ changed: true, report: { state: 'running' } });
});

test('another restart policy or grace period makes no other app', async () => {
  await host.start('web', SLEEPER);
  const again = await host.start('web', SLEEPER, { restart: { ...DEFAULT_RESTART, policy: 'always' } });
  expect(again).toMatchObject({ changed: false });
  expect(again.error).toBeUndefined();
});

test('a restart of an app that never got as far as its records is an error, of an unknown one it is none', async () => {
  const request = { request: createRequest(), by: BY, settleMs: 100 };
  const unknown = await host.operate(restart, { ...request, app: 'unknown' });
  expect(unknown).toMatchObject({ changed: false, report: { state: 'unknown' } });
  expect(unknown.error).toBeUndefined();
});

test.each([
  ['stop', () => host.operate(stop, STOP_WEB)],
  ['status', () => host.operate(status, { apps: ['web'] })],
  ['rm', () => host.operate(remove, { apps: ['web'] })],
])('%s reads nothing from a state folder that others can write', async (_verb, run) => {
  await host.start('web', SLEEPER);
  const state = join(host.appDir('web'), '../..');
  chmodSync(state, 0o777);
  await expect(run()).rejects.toMatchObject({ code: 'E_STATE_DIR' });
  chmodSync(state, 0o700);
});
