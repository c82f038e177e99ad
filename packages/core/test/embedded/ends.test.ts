import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { inspect } from '../../src/operations/inspect.js';
import { restart } from '../../src/operations/restart.js';
import { signal } from '../../src/operations/signal.js';
import { status } from '../../src/operations/status.js';
import { stop } from '../../src/operations/stop.js';
import { wait } from '../../src/operations/wait.js';
import {
  BY,
  createPrivateHost,
  createRequest,
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

const RESTART = { policy: 'on-failure', max: 1, backoffSeconds: [1, 1] } as const;

async function readState(app: string) {
  return (await host.operate(status, { apps: [app] }))[0]?.report;
}

test('a program that is not there fails the start with its code and the last lines', async () => {
  const { error, report } = await host.start('web', ['no-such-program']);
  expect(error).toMatchObject({
    code: 'E_START_FAILED',
    details: { exitCode: 127, signal: null, lastLines: [expect.stringContaining('no-such-program')] },
  });
  expect(error?.details.hint).toContain('full path');
  expect(report).toMatchObject({ state: 'exited', exitCode: 127 });
  await host.expectNoProcesses();
});

test('an app that dies within the settle time fails the start with only its own lines', async () => {
  const line = 'echo "$0 first"; echo second; exit 5';
  await host.start('web', ['/bin/sh', '-c', line, 'earlier']);
  const { error } = await host.start('web', ['/bin/sh', '-c', line, 'later']);
  expect(error).toMatchObject({
    code: 'E_START_FAILED',
    details: { exitCode: 5, lastLines: ['later first', 'second'] },
  });
});

test('a start that failed is not tried again by its supervisor', async () => {
  const { error } = await host.start('web', ['/bin/sh', '-c', 'echo ran; exit 1'], { restart: { ...RESTART, max: 5 } });
  expect(error?.details.lastLines).toEqual(['ran']);
  expect(await readState('web')).toMatchObject({ state: 'exited', exitCode: 1, restarts: 0 });
  await host.expectNoProcesses();
});

test('an app that fails is started again, until that is given up', async () => {
  await host.start('web', ['/bin/sh', '-c', 'sleep 0.5; exit 1'], { restart: RESTART });
  await waitFor(async () => (await readState('web'))?.state === 'restarting', 'it waits to be started again');
  await waitFor(async () => (await readState('web'))?.restarts === 1, 'it was started again');
  const [end] = await host.operate(wait, { app: 'web', seconds: 10 });
  expect(end).toMatchObject({ state: 'crash-looping', exitCode: 1, restarts: 1, pid: null });
  await host.expectNoProcesses();
});

test('an app that ends well is not started again on failure only', async () => {
  await host.start('web', ['/bin/sh', '-c', 'sleep 0.5'], { restart: RESTART });
  const [end] = await host.operate(wait, { app: 'web', seconds: 10 });
  expect(end).toMatchObject({ state: 'exited', exitCode: 0, restarts: 0 });
});

test('a stop ends the wait for another start at once', async () => {
  const backoffSeconds = [600, 600] as const;
  await host.start('web', ['/bin/sh', '-c', 'sleep 0.4'], { restart: { policy: 'always', max: 5, backoffSeconds } });
  await waitFor(async () => (await readState('web'))?.state === 'restarting', 'it waits to be started again');
  const begun = performance.now();
  const [stopped] = await host.operate(stop, { apps: ['web'], by: BY });
  expect(performance.now() - begun).toBeLessThan(1_500);
  expect(stopped).toMatchObject({ changed: true, report: { state: 'stopped', how: 'term' } });
  await host.expectNoProcesses();
});

test('who killed an app with a signal of ours is told', async () => {
  await host.start('web', ['sleep', '1000']);
  const [killed] = await host.operate(signal, { apps: ['web'], signal: 'KILL', scope: 'main', by: BY });
  expect(killed).toMatchObject({ changed: true, report: { state: 'killed', signal: 'KILL', endedBy: BY } });
  const [again] = await host.operate(signal, { apps: ['web'], signal: 'KILL', scope: 'main', by: BY });
  expect(again).toMatchObject({ changed: false, error: { code: 'E_NOT_RUNNING' } });
});

test('an app whose supervisor was killed runs on, and its end is lost', async () => {
  const { report } = await host.start('web', ['sleep', '1000']);
  const [seen] = await host.operate(inspect, { apps: ['web'] });
  process.kill(seen?.supervisorPid as number, 'SIGKILL');
  expect(await readState('web')).toMatchObject({ state: 'running', pid: report.pid });
  process.kill(report.pid as number, 'SIGKILL');
  await host.expectNoProcesses();
  expect(await readState('web')).toMatchObject({ state: 'lost', exitCode: null, signal: null, lastPid: report.pid });
});

test('the same app with another argv is refused, and replaced by a restart', async () => {
  const { report } = await host.start('web', ['sleep', '1000']);
  const refused = await host.start('web', ['sleep', '2000']);
  expect(refused).toMatchObject({ changed: false, error: { code: 'E_ALREADY_RUNNING' }, report: { pid: report.pid } });
  const options = { app: 'web', request: createRequest(), by: BY, settleMs: 200 };
  const replaced = await host.operate(restart, { ...options, spec: { ...PLAIN_SPEC, argv: ['sleep', '2000'] } });
  expect(replaced).toMatchObject({ changed: true, report: { state: 'running', argv: ['sleep', '2000'] } });
  expect(replaced.report.pid).not.toBe(report.pid);
  const again = await host.operate(restart, { ...options, request: createRequest() });
  expect(again).toMatchObject({ changed: true, report: { state: 'running', argv: ['sleep', '2000'] } });
  expect(again.report.pid).not.toBe(replaced.report.pid);
  expect(host.pids()).toHaveLength(2);
});

test('a state folder that is a symbolic link is refused by its path', async () => {
  mkdirSync(join(host.home, '.local/state'), { recursive: true });
  mkdirSync(join(host.home, 'elsewhere'));
  symlinkSync(join(host.home, 'elsewhere'), join(host.home, '.local/state/outlast'));
  await expect(host.start('web', ['sleep', '1000'])).rejects.toMatchObject({
    code: 'E_STATE_DIR',
    message: expect.stringContaining(`${join(host.home, '.local/state/outlast')} is a symbolic link`),
  });
  await host.expectNoProcesses();
});

test('an app that nobody knows is no error to stop', async () => {
  const [stopped] = await host.operate(stop, { apps: ['web'], by: BY });
  expect(stopped).toMatchObject({ changed: false, report: { state: 'unknown' } });
  expect(stopped?.error).toBeUndefined();
});

test.each(['no', 'always'] as const)(
  'an end that is recorded while we look is found, with policy %s',
  async (policy) => {
    const { report } = await host.start('web', ['sleep', '1000'], { restart: { ...RESTART, policy } });
    const supervisor = Number(readFileSync(join(host.appDir('web'), 'run.1.supervisor'), 'utf8').split(' ')[0]);
    for (const pid of [supervisor, report.pid as number]) process.kill(pid, 'SIGKILL');
    await host.expectNoProcesses();
    const list = '"exec grep -hs';
    const record = `"echo signal 15 1 0 ended >${join(host.appDir('web'), 'run.1.exit')}; ${list.slice(1)}`;
    const look = () => host.operate(status, { apps: ['web'] }, (script) => replaceIn(script, list, record));
    expect((await look())[0]?.report).toMatchObject({ state: 'killed', signal: 'TERM' });
  },
);
