import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { restart } from '../../src/operations/restart.js';
import { signal } from '../../src/operations/signal.js';
import { type StartOptions, start } from '../../src/operations/start.js';
import { status } from '../../src/operations/status.js';
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
let disk: string;

beforeEach(async (ctx) => {
  host = await createPrivateHost();
  disk = join(host.home, '.local');
  mkdirSync(disk);
  const { status: failed, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=700', 'outlast', disk], {
    encoding: 'utf8',
  });
  if (failed !== 0) return ctx.skip(`no small disk can be mounted here, run it as root: ${stderr.trim()}`);
});

afterEach(async () => {
  spawnSync('umount', ['-l', disk]);
  await host.close();
});

const FILLING = 'dd if=/dev/zero of="$HOME/.local/filling" bs=4096 2>/dev/null;';

function fillDisk(): void {
  spawnSync('/bin/sh', ['-c', FILLING], { env: { ...host.env } });
}

function buildOptions(): StartOptions {
  const argv = ['/bin/sh', '-c', 'until [ -e end ]; do sleep 0.05; done; exit 7'];
  return { app: 'web', spec: { ...PLAIN_SPEC, argv }, request: createRequest(), by: BY, settleMs: 100 };
}

/** Nothing runs and nothing is corrupt: once there is room, the app can be started. */
async function expectNothingDone(started: { readonly error?: { readonly message: string } }, message: string) {
  expect(started).toMatchObject({ changed: false, error: { code: 'E_STATE_DIR' } });
  expect(started.error?.message).toContain(message);
  await host.expectNoProcesses();
  rmSync(join(disk, 'filling'));
  expect(await host.operate(start, buildOptions())).toMatchObject({ changed: true, report: { state: 'running' } });
}

function startFilling(place: string) {
  return host.operate(start, buildOptions(), (script) => insertBefore(script, place, FILLING));
}

test('on a full disk nothing is started, and what is in the way is named', async () => {
  mkdirSync(host.appDir('web'), { recursive: true });
  fillDisk();
  const started = await host.operate(start, buildOptions());
  expect(readdirSync(host.appDir('web'))).toEqual([]);
  await expectNothingDone(started, `no space in ${host.appDir('web')}`);
});

test('where the disk fills behind the claim, nothing runs without its records', async () => {
  await expectNothingDone(await startFilling(': >"$record_path.settling"'), 'no space for the records');
});

test("where the disk fills behind the files, nothing runs without its supervisor's record", async () => {
  await expectNothingDone(await startFilling('log_starts=$(print_log_sizes)'), '');
});

test('a supervisor that could not record itself starts nothing, though there is room again', async () => {
  const started = await host.operate(start, buildOptions(), (script) =>
    insertBefore(
      insertBefore(script, 'printf \'%s\\n\' "$$ $process_start $boot $policy"', `${FILLING} : &&`),
      'failures=0 delay',
      'rm -f "$HOME/.local/filling";',
    ),
  );
  await expectNothingDone(started, '');
});

test('where the disk fills at the last moment, nothing runs without its pid', async () => {
  const started = await startFilling('exec </dev/null >>"$app_dir/log" 2>&1');
  await expectNothingDone(started, 'no space for the records');
});

test('an app that cannot be started again on a disk that it has filled keeps the end that it had', async () => {
  const argv = ['/bin/sh', '-c', `sleep 0.4; ${FILLING} exit 3`];
  const policy = { policy: 'on-failure', max: 5, backoffSeconds: [1, 1] } as const;
  await host.operate(start, { ...buildOptions(), spec: { ...PLAIN_SPEC, argv, restart: policy } });
  await waitFor(() => existsSync(join(host.appDir('web'), 'run.1.exit')), 'it has given up');
  await host.expectNoProcesses();
  const [seen] = await host.operate(status, { apps: ['web'] });
  expect(seen?.report).toMatchObject({ state: 'crash-looping', exitCode: 3, restarts: 0 });
  rmSync(join(disk, 'filling'));
  expect(await host.operate(start, buildOptions())).toMatchObject({ changed: true, report: { state: 'running' } });
});

test('a restart for which there is no room leaves the app running', async () => {
  const options = { ...buildOptions(), spec: PLAIN_SPEC };
  const { report } = await host.operate(start, options);
  fillDisk();
  const restarted = await host.operate(restart, { ...options, request: createRequest() });
  expect(restarted).toMatchObject({ changed: false, error: { code: 'E_STATE_DIR' }, report: { state: 'running' } });
  expect(isAlive(report.pid as number)).toBe(true);
});

test('a signal that cannot be journalled on a full disk does not go out', async () => {
  const { report } = await host.operate(start, { ...buildOptions(), spec: PLAIN_SPEC });
  fillDisk();
  const sent = await host.operate(signal, { apps: ['web'], signal: 'KILL', scope: 'main', by: BY });
  expect(sent).toMatchObject([{ changed: false, error: { code: 'E_STATE_DIR' } }]);
  expect(isAlive(report.pid as number)).toBe(true);
});

test('the end of an app is recorded on a disk that has filled meanwhile', async () => {
  await host.operate(start, buildOptions());
  fillDisk();
  writeFileSync(join(host.home, 'end'), '');
  await host.expectNoProcesses();
  expect(existsSync(join(disk, 'filling'))).toBe(true);
  const [seen] = await host.operate(status, { apps: ['web'] });
  expect(seen?.report).toMatchObject({ state: 'exited', exitCode: 7 });
});
