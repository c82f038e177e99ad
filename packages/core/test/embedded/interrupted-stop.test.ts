import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { restart } from '../../src/operations/restart.js';
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
  readProc,
  waitFor,
} from './private-host.js';

let host: PrivateHost;

beforeEach(async () => {
  host = await createPrivateHost();
});

afterEach(() => host.close());

const STUBBORN = ['/bin/sh', '-c', 'trap "" TERM; while :; do sleep 0.1; done'];

async function readState() {
  return (await host.operate(status, { apps: ['web'] }))[0]?.report;
}

function buildOptions() {
  return { app: 'web', request: createRequest(), by: BY, settleMs: 100 };
}

/** Runs a script until it has begun to stop the app, and sends a signal to every process of the client. */
async function interrupt(script: string, name: string): Promise<void> {
  const { child, output } = host.launch(insertBefore(script, 'deadline=$((clock + grace))', ': >"$HOME/stopping";'));
  await waitFor(() => existsSync(join(host.home, 'stopping')), 'the stop has begun');
  process.kill(-(child.pid as number), `SIG${name}`);
  await output;
}

describe.each(['HUP', 'INT', 'TERM'])('a %s that comes to everything of the client', (name) => {
  test('does not end a stop half-way', async () => {
    await host.start('web', STUBBORN);
    await interrupt(stop.build({ apps: ['web'], graceMs: 1000, by: BY }, { nonce: 'n0nce' }), name);
    expect(await readState()).toMatchObject({ state: 'stopped', how: 'kill', endedBy: BY });
    await host.expectNoProcesses();
  });

  test('does not end a restart half-way', async () => {
    const { report } = await host.start('web', STUBBORN);
    await interrupt(restart.build({ ...buildOptions(), graceMs: 1000 }, { nonce: 'n0nce' }), name);
    expect(isAlive(report.pid as number)).toBe(false);
    expect(await readState()).toMatchObject({ state: 'running' });
  });
});

test('an app that was restarted has its signals as they were', async () => {
  await host.start('web', ['sleep', '1000']);
  const { report } = await host.operate(restart, buildOptions());
  // HUP, which is the first of them, is ignored on purpose.
  expect(readProc(report.pid as number, 'status')).toMatch(/^SigIgn:\s*0*1$/m);
});

test('a restart into a folder that is not there leaves the app running', async () => {
  const before = await host.start('web', ['sleep', '1000']);
  const after = await host.operate(restart, { ...buildOptions(), spec: { ...PLAIN_SPEC, cwd: '/nowhere' } });
  expect(after).toMatchObject({ changed: false, identity: before.identity, error: { code: 'E_CWD' } });
});
