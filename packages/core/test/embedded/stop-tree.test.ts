import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
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
  readIfThere,
  replaceIn,
  waitFor,
} from './private-host.js';

let host: PrivateHost;

beforeEach(async () => {
  host = await createPrivateHost();
});

afterEach(() => host.close());

const STUBBORN = ['/bin/sh', '-c', 'trap "" TERM; echo ready; while :; do sleep 0.1; done'];
/** Counts the TERMs that it gets, and ends well a moment after the first. */
const COUNTING = `
  let count = 0;
  process.on('SIGTERM', () => {
    count += 1;
    if (count === 1) setTimeout(() => { fs.writeFileSync('count', String(count)); process.exit(0); }, 300);
  });
  process.on('SIGUSR1', () => fs.appendFileSync('users', '1'));
  setInterval(() => {}, 1000);
  console.log('ready');
`;

/** Two signals that come at once count as one: after that to the group there is time to see another. */
function separateSignals(script: string): string {
  return replaceIn(script, 'signalled_group=$group; fi', 'signalled_group=$group; fi; nap');
}

/** Starts an app that says \`ready\` once it can take signals. */
async function startReady(argv: readonly string[]): Promise<number> {
  const { report } = await host.start('web', argv);
  await waitFor(() => readFileSync(join(host.appDir('web'), 'log'), 'utf8').includes('ready'), 'the app is ready');
  return report.pid as number;
}

test('an app that ignores TERM is killed after the grace period', async () => {
  await startReady(STUBBORN);
  const begun = Date.now();
  const [stopped] = await host.operate(stop, { apps: ['web'], graceMs: 1000, by: BY });
  expect(Date.now() - begun).toBeGreaterThanOrEqual(1000);
  expect(stopped).toMatchObject({ changed: true, report: { state: 'stopped', how: 'kill', signal: 'KILL' } });
  await host.expectNoProcesses();
  const [again] = await host.operate(stop, { apps: ['web'], by: BY });
  expect(again).toMatchObject({ changed: false, report: { state: 'stopped', how: 'already-stopped' } });
});

test('an app gets the signal once, and the time it needs', async () => {
  await startReady([process.execPath, '-e', COUNTING]);
  const [stopped] = await host.operate(stop, { apps: ['web'], by: BY }, separateSignals);
  expect(stopped).toMatchObject({ changed: true, report: { state: 'stopped', how: 'term', exitCode: 0 } });
  expect(readFileSync(join(host.home, 'count'), 'utf8')).toBe('1');
});

test.each(['main', 'tree'] as const)('a signal to the %s of an app comes once', async (scope) => {
  await startReady([process.execPath, '-e', COUNTING]);
  const [sent] = await host.operate(signal, { apps: ['web'], signal: 'USR1', scope, by: BY }, separateSignals);
  expect(sent).toMatchObject({ changed: true, report: { state: 'running' } });
  await host.operate(stop, { apps: ['web'], by: BY });
  expect(readIfThere(join(host.home, 'users'))).toBe('1');
});

test('a signal by number goes to the whole tree', async () => {
  await startReady(['/bin/sh', '-c', 'sleep 1000 & echo ready; wait']);
  const [sent] = await host.operate(signal, { apps: ['web'], signal: '15', scope: 'tree', by: BY });
  expect(sent).toMatchObject({ changed: true });
  await host.expectNoProcesses();
});

test('a signal to the main process leaves its children alone', async () => {
  const pid = await startReady(['/bin/sh', '-c', 'trap "exit 0" TERM; sleep 1000 & echo ready; wait']);
  await host.operate(signal, { apps: ['web'], signal: 'TERM', scope: 'main', by: BY });
  await waitFor(() => !isAlive(pid), 'the main process has ended');
  await waitFor(() => host.pids().length === 1, 'its supervisor has ended, and its child has not');
  const [stopped] = await host.operate(stop, { apps: ['web'], by: BY });
  expect(stopped).toMatchObject({ changed: true, report: { state: 'stopped', how: 'term' } });
  await host.expectNoProcesses();
});

test('a paused app is continued so that it can end', async () => {
  const pid = await startReady([process.execPath, '-e', COUNTING]);
  process.kill(pid, 'SIGSTOP');
  const [stopped] = await host.operate(stop, { apps: ['web'], by: BY });
  expect(stopped).toMatchObject({ report: { how: 'term', exitCode: 0 } });
});

test('children in sessions of their own, double forks and orphans are stopped with the app', async () => {
  const line =
    'setsid sleep 1001 & (setsid sh -c "sleep 1002 & sleep 1003 &" &); (sleep 1004 &); echo ready; sleep 1005';
  await startReady(['/bin/sh', '-c', line]);
  await waitFor(() => host.pids().length >= 7, 'the whole tree is there');
  const [stopped] = await host.operate(stop, { apps: ['web'], by: BY });
  expect(stopped).toMatchObject({ changed: true, report: { state: 'stopped', how: 'term' } });
  await host.expectNoProcesses();
});

test('what an app leaves behind when it ends is stopped too', async () => {
  await startReady(['/bin/sh', '-c', 'setsid sleep 1001 & echo ready; sleep 0.3; exit 0']);
  await waitFor(() => host.pids().length === 1, 'only the child is left');
  const [stopped] = await host.operate(stop, { apps: ['web'], by: BY });
  expect(stopped).toMatchObject({ changed: true, report: { state: 'stopped', exitCode: 0 } });
  await host.expectNoProcesses();
});

test('two apps are stopped at the same time', async () => {
  await startReady(STUBBORN);
  await host.start('other', STUBBORN);
  const begun = Date.now();
  const stopped = await host.operate(stop, { apps: ['web', 'other'], graceMs: 1500, by: BY });
  expect(stopped.map(({ report }) => report.how)).toEqual(['kill', 'kill']);
  expect(Date.now() - begun).toBeLessThan(3000);
});

test('nobody starts an app while it is being stopped', async () => {
  await startReady(STUBBORN);
  const nonce = 'n0nce';
  const stopping = host.run(stop.build({ apps: ['web'], graceMs: 2000, by: BY }, { nonce }), nonce);
  await waitFor(() => readIfThere(join(host.appDir('web'), 'run.1.stop')) !== undefined, 'the stop has begun');
  const [seen] = await host.operate(status, { apps: ['web'] });
  expect(seen?.report.state).toBe('stopping');
  const started = await host.start('web', STUBBORN);
  expect(started).toMatchObject({ changed: false, error: { code: 'E_STOPPING' } });
  const [stopped] = stop.parse(await stopping, { apps: ['web'], by: BY });
  expect(stopped?.report).toMatchObject({ state: 'stopped', how: 'kill' });
  await host.expectNoProcesses();
});

test('a stop goes on to its end when its client is gone', async () => {
  await startReady(STUBBORN);
  const { child } = host.launch(stop.build({ apps: ['web'], graceMs: 1000, by: BY }, { nonce: 'n0nce' }));
  await waitFor(() => readIfThere(join(host.appDir('web'), 'run.1.stop')) !== undefined, 'the stop has begun');
  child.stdout?.destroy();
  await host.expectNoProcesses();
  const [seen] = await host.operate(status, { apps: ['web'] });
  expect(seen?.report).toMatchObject({ state: 'stopped', how: 'kill', endedBy: BY });
});

test('an app that is started again by its supervisor in the moment of the stop gets the signal and its grace', async () => {
  const spec = { ...PLAIN_SPEC, restart: { policy: 'always', max: 5, backoffSeconds: [1, 1] } as const };
  const argv = [
    '/bin/sh',
    '-c',
    'if [ -e again ]; then trap "exit 7" TERM; echo ready; while :; do sleep 0.1; done; fi; touch again; sleep 0.5',
  ];
  const options = { app: 'web', spec: { ...spec, argv }, request: createRequest(), by: BY, settleMs: 200 };
  await host.operate(start, options);
  await waitFor(
    async () => (await host.operate(status, { apps: ['web'] }))[0]?.report.state === 'restarting',
    'it waits',
  );
  // The failpoint: between judging the app and marking it, the stop waits until it runs again.
  const [stopped] = await host.operate(stop, { apps: ['web'], by: BY }, (script) =>
    insertBefore(script, 'mark_stop ||', 'until grep -q ready "$app_dir/log"; do nap; done;'),
  );
  expect(stopped).toMatchObject({ report: { state: 'stopped', how: 'term', exitCode: 7 } });
  await host.expectNoProcesses();
});

test('a daemon that has left everything behind but the log is told, and not signalled', async () => {
  const daemon = 'echo $$ >daemon; while :; do sleep 0.1; done';
  await host.start('web', ['/bin/sh', '-c', 'env -i setsid -f /bin/sh -c "$0"; exec sleep 1000', daemon]);
  const record = join(host.home, 'daemon');
  await waitFor(() => Number(readIfThere(record)) > 0, 'the daemon runs');
  const pid = Number(readIfThere(record));
  onTestFinished(() => void process.kill(pid, 'SIGKILL'));
  const escaped = { error: { code: 'E_ESCAPED', message: expect.stringContaining(String(pid)) } };
  expect(await host.operate(stop, { apps: ['web'], by: BY })).toMatchObject([
    { changed: true, report: { state: 'stopped' }, ...escaped },
  ]);
  expect(await host.operate(stop, { apps: ['web'], by: BY })).toMatchObject([{ changed: false, ...escaped }]);
  expect(isAlive(pid)).toBe(true);
});
