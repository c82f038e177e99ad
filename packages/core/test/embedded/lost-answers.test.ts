import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { restart } from '../../src/operations/restart.js';
import { signal } from '../../src/operations/signal.js';
import { start } from '../../src/operations/start.js';
import { status } from '../../src/operations/status.js';
import { stop } from '../../src/operations/stop.js';
import {
  BY,
  createPrivateHost,
  createRequest,
  insertBefore,
  isAlive,
  PLAIN_SPEC,
  type PrivateHost,
  waitFor,
} from './private-host.js';

let host: PrivateHost;

beforeEach(async () => {
  host = await createPrivateHost();
});

afterEach(() => host.close());

const SPEC = { ...PLAIN_SPEC, argv: ['sleep', '1000'] };
const END = 'sh -c \'kill -9 "$PPID"\'; ';

test('a start that is asked for again after its answer was lost says what it did, and starts nothing', async () => {
  const options = { app: 'web', spec: SPEC, request: createRequest(), by: BY, settleMs: 100 };
  const first = await host.operate(start, options);
  const again = await host.operate(start, options);
  expect(again).toMatchObject({ changed: true, identity: first.identity });
  expect(await host.operate(start, { ...options, request: createRequest() })).toMatchObject({ changed: false });
});

test('a start whose app did what it had to do before its answer was asked for again has not failed', async () => {
  const spec = { ...PLAIN_SPEC, argv: ['/bin/sh', '-c', 'sleep 2.5; exit 0'] };
  const options = { app: 'web', spec, request: createRequest(), by: BY, settleMs: 100 };
  await host.operate(start, options);
  await waitFor(() => existsSync(join(host.appDir('web'), 'run.1.exit')), 'it has ended');
  const again = await host.operate(start, options);
  expect(again).toMatchObject({ changed: true, report: { state: 'exited', exitCode: 0 } });
  expect(again.error).toBeUndefined();
});

test('a restart that is asked for again does not stop what it has started', async () => {
  await host.start('web', ['sleep', '1000']);
  const options = { app: 'web', request: createRequest(), by: BY, settleMs: 100 };
  const first = await host.operate(restart, options);
  expect(first).toMatchObject({ changed: true });
  expect(await host.operate(restart, options)).toMatchObject({ changed: true, identity: first.identity });
});

test('a restart that ended between its stop and its start is finished by the next try', async () => {
  const { report } = await host.start('web', ['sleep', '1000']);
  const options = { app: 'web', request: createRequest(), by: BY, settleMs: 100 };
  const cut = (script: string) => insertBefore(script, 'claim_run || return 1', END);
  await expect(host.operate(restart, options, cut)).rejects.toThrow();
  expect(isAlive(report.pid as number)).toBe(false);
  expect(await host.operate(restart, options)).toMatchObject({ changed: true, report: { state: 'running' } });
});

test('a stop that is asked for again says how it went', async () => {
  await host.start('web', ['/bin/sh', '-c', "trap '' TERM; while :; do sleep 0.1; done"]);
  const options = { apps: ['web'], by: BY, graceMs: 100, request: createRequest() };
  expect(await host.operate(stop, options)).toMatchObject([{ changed: true, report: { how: 'kill' } }]);
  expect(await host.operate(stop, options)).toMatchObject([{ changed: true, report: { how: 'kill' } }]);
  const other = { ...options, request: createRequest() };
  expect(await host.operate(stop, other)).toMatchObject([{ changed: false, report: { how: 'already-stopped' } }]);
});

test('a signal that is asked for again goes out once', async () => {
  const line = 'trap "echo caught >>caught" USR1; while :; do sleep 0.05; done';
  await host.start('web', ['/bin/sh', '-c', line]);
  const options = { apps: ['web'], signal: 'USR1', scope: 'main', by: BY, request: createRequest() } as const;
  expect(await host.operate(signal, options)).toMatchObject([{ changed: true }]);
  expect(await host.operate(signal, options)).toMatchObject([{ changed: true }]);
  await host.operate(signal, { ...options, request: createRequest() });
  const caught = join(host.home, 'caught');
  await expect.poll(() => readFileSync(caught, 'utf8'), { timeout: 5000 }).toBe('caught\ncaught\n');
});

test('whether a signal went out that was cut off in between is not known', async () => {
  await host.start('web', ['sleep', '1000']);
  const options = { apps: ['web'], signal: 'USR1', scope: 'main', by: BY, request: createRequest() } as const;
  const cut = (script: string) => insertBefore(script, 'if signal_members "$signal"; then', END);
  await expect(host.operate(signal, options, cut)).rejects.toThrow();
  expect(await host.operate(signal, options)).toMatchObject([{ changed: false, error: { code: 'E_UNKNOWN_RESULT' } }]);
});

test('two stops at once agree on how it went', async () => {
  await host.start('web', ['/bin/sh', '-c', "trap '' TERM; while :; do sleep 0.1; done"]);
  const told = await Promise.all([
    host.operate(stop, { apps: ['web'], by: BY, graceMs: 3000 }),
    host.operate(stop, { apps: ['web'], by: BY, graceMs: 300 }),
  ]);
  expect(told.flat().map(({ report }) => report.how)).toEqual(['kill', 'kill']);
  expect(await host.operate(status, { apps: ['web'] })).toMatchObject([{ report: { state: 'stopped', how: 'kill' } }]);
});
