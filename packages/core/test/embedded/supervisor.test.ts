import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { inspect } from '../../src/operations/inspect.js';
import { signal } from '../../src/operations/signal.js';
import { start } from '../../src/operations/start.js';
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
  waitFor,
} from './private-host.js';

let host: PrivateHost;

beforeEach(async () => {
  host = await createPrivateHost();
});

afterEach(() => host.close());

const inApp = (file: string) => join(host.appDir('web'), file);

function buildOptions(argv: readonly string[], settleMs: number) {
  const restart = { policy: 'always', max: 10, backoffSeconds: [1, 1] } as const;
  return { app: 'web', spec: { ...PLAIN_SPEC, argv, restart }, request: createRequest(), by: BY, settleMs };
}

test('what was on its way to run again when the stop came does not run', async () => {
  const held = ': >"$app_dir/late"; until [ -e "$app_dir/go" ]; do sleep 0.05; done;';
  await host.operate(start, buildOptions(['sleep', '1000'], 100), (script) =>
    insertBefore(script, 'mv -f "$record_path.pid.$$" "$record_path.pid"', held),
  );
  await host.operate(signal, { apps: ['web'], signal: 'KILL', scope: 'main', by: BY });
  await waitFor(() => existsSync(inApp('late')), 'it is launched again');
  // The failpoint: the launch goes on when the stop has found nothing left.
  const [stopped] = await host.operate(stop, { apps: ['web'], by: BY }, (script) =>
    insertBefore(script, 'is_supervisor_alive && kill -s TERM', ': >"$app_dir/go";'),
  );
  expect(stopped?.error).toBeUndefined();
  expect(stopped).toMatchObject({ changed: true, report: { state: 'stopped', pid: null } });
  await host.expectNoProcesses();
});

test('an app whose launcher died in the settle time is started again', async () => {
  const argv = ['/bin/sh', '-c', 'until [ -e end ]; do sleep 0.05; done; exit 1'];
  const { child, output } = host.launch(start.build(buildOptions(argv, 30_000), { nonce: 'n0nce' }));
  await waitFor(() => existsSync(inApp('run.1.pid')), 'the app runs');
  child.kill('SIGKILL');
  await output;
  writeFileSync(join(host.home, 'end'), '');
  await waitFor(() => / [1-9]\d*\n$/.test(readIfThere(inApp('run.1.pid')) ?? ''), 'it is started again');
});

test('an app whose log cannot be written does not run, and the start says so', async () => {
  mkdirSync(inApp('log'), { recursive: true });
  const { error, changed } = await host.start('web', ['sleep', '1000']);
  expect(error).toMatchObject({ code: 'E_STATE_DIR', message: expect.stringContaining('the log cannot be written') });
  expect(changed).toBe(false);
  await host.expectNoProcesses();
});

test('the supervisor outlives what its session gets', async () => {
  await host.start('web', ['/bin/sh', '-c', 'until [ -e end ]; do sleep 0.05; done; exit 7']);
  const [seen] = await host.operate(inspect, { apps: ['web'] });
  for (const name of ['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGQUIT']) process.kill(seen?.supervisorPid as number, name);
  writeFileSync(join(host.home, 'end'), '');
  await host.expectNoProcesses();
  const [ended] = await host.operate(status, { apps: ['web'] });
  expect(ended?.report).toMatchObject({ state: 'exited', exitCode: 7 });
});

test('an app without the mark that is started again in the moment of the stop is stopped', async () => {
  const line =
    'if [ -e again ]; then exec env -i HOME="$HOME" "$0" -c "echo ready; exec sleep 1000"; fi; : >again; sleep 0.3';
  await host.operate(start, buildOptions(['/bin/sh', '-c', line, '/bin/sh'], 100));
  // The failpoint: between judging the app and marking it, the stop waits until it runs again.
  const [stopped] = await host.operate(stop, { apps: ['web'], by: BY }, (script) =>
    insertBefore(script, 'mark_stop ||', 'until grep -q ready "$app_dir/log"; do nap; done;'),
  );
  expect(stopped?.error).toBeUndefined();
  expect(stopped).toMatchObject({ changed: true, report: { state: 'stopped' } });
  await host.expectNoProcesses();
});
