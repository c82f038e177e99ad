import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { inspect } from '../../src/operations/inspect.js';
import { remove } from '../../src/operations/remove.js';
import { restart } from '../../src/operations/restart.js';
import { signal } from '../../src/operations/signal.js';
import { status } from '../../src/operations/status.js';
import { stop } from '../../src/operations/stop.js';
import { BY, createPrivateHost, createRequest, isAlive, type PrivateHost, replaceIn } from './private-host.js';

let host: PrivateHost;
let pid: number;

beforeEach(async () => {
  host = await createPrivateHost();
  const { report } = await host.start('web', ['sleep', '1000']);
  pid = report.pid as number;
  await host.start('other', ['sleep', '1000']);
});

afterEach(() => host.close());

const WEB = { apps: ['web'], by: BY };
const record = (name: string) => join(host.appDir('web'), name);

async function readStates() {
  const seen = await host.operate(status, { apps: [] });
  return Object.fromEntries(seen.map(({ report }) => [report.app, report.state]));
}

describe.each([
  ['run.1', ''],
  ['run.1', 'garbage\n'],
  ['run.1', '1 2 3 4 5 6 99\n'],
  ['run.1.pid', ''],
  ['run.1.pid', '\0\0\0\n'],
  ['run.1.pid', '12x 55 boot 1795400830 0\n'],
  ['run.1.supervisor', 'nonsense\n'],
  ['run.1.stop', 'x\n'],
  ['run.1.stopped', 'maybe 1\n'],
  ['run.1.exit', 'code seven 1795400828\n'],
])('%s with %j in it', (name, text) => {
  test('is called corrupt, touches nothing and hides no other app', async () => {
    writeFileSync(record(name), text);
    expect(await readStates()).toEqual({ other: 'running', web: 'corrupt' });
    const [inspected] = await host.operate(inspect, { apps: ['web'] });
    expect(inspected).toMatchObject({ damaged: name, report: { pid: null } });

    const refused = { changed: false, error: { code: 'E_CORRUPT', message: expect.stringContaining(record(name)) } };
    expect(await host.start('web', ['sleep', '1000'])).toMatchObject(refused);
    expect(await host.operate(restart, { app: 'web', request: createRequest(), by: BY, settleMs: 100 })).toMatchObject(
      refused,
    );
    expect(await host.operate(stop, WEB)).toMatchObject([refused]);
    expect(await host.operate(signal, { ...WEB, signal: 'KILL', scope: 'tree' })).toMatchObject([refused]);
    expect(await host.operate(remove, { apps: ['web'] })).toMatchObject([refused]);
    expect(isAlive(pid)).toBe(true);
    expect(readFileSync(record(name), 'utf8')).toBe(text);
  });
});

test('it is the check of the records that keeps a damaged one from being acted on', async () => {
  writeFileSync(record('run.1.stopped'), 'maybe 1\n');
  const unchecked = (script: string) => replaceIn(script, 'check_records || return 1', ':');
  expect(await host.operate(stop, WEB, unchecked)).toMatchObject([{ changed: true }]);
  expect(isAlive(pid)).toBe(false);
});

test('records of version 1, whose claim says no version, are read and acted on', async () => {
  const claim = readFileSync(record('run.1'), 'utf8');
  expect(claim).toMatch(/ 2\n$/);
  writeFileSync(record('run.1'), claim.replace(/ 2\n$/, '\n'));
  expect(await readStates()).toMatchObject({ web: 'running' });
  expect(await host.operate(stop, WEB)).toMatchObject([{ changed: true, report: { state: 'stopped', how: 'term' } }]);
  expect(await host.start('web', ['sleep', '1000'])).toMatchObject({ changed: true, report: { state: 'running' } });
});

test('what a full disk has left half-written beside the records is no damage', async () => {
  for (const name of ['run.1.pid.4711', 'run.1.exit.room', 'claim.4711', 'run.1.stop.4711']) {
    writeFileSync(record(name), '');
  }
  appendFileSync(record('ends'), '1 sig');
  expect(await readStates()).toMatchObject({ web: 'running' });
  expect(await host.operate(inspect, { apps: ['web'] })).toMatchObject([{ damaged: null, ends: [] }]);
  expect(await host.operate(stop, WEB)).toMatchObject([{ changed: true }]);
});
