import { expect, test } from 'vitest';
import { createProject, IDLE, SERVED, SERVER } from '../../deploy-project.js';
import { appOf, codesOf, useLab } from '../../program-lab.js';

const lab = useLab(['web1']);

/** Each look is a line; the probe runs in the folder of the release. */
const COUNT = 'echo look >>../../looks; looks=$(wc -l <../../looks)';

test('so many looks have to be good one after the other', async () => {
  const health = { exec: `${COUNT}; [ $looks -gt 2 ]`, successes: 3, steady: '0ms', interval: '10ms', within: '30s' };
  const project = await createProject(lab, 'successes', { ...IDLE, health });
  await project.write({ file: 'first' });
  expect(codesOf(await project.ask('deploy'))).toEqual(['ok']);
  expect((await lab.host().run(`wc -l <${project.deployDir}/looks`)).stdout.trim()).toBe('5');
});

test('every other look is not enough where two have to be good', async () => {
  const health = { exec: `${COUNT}; [ $((looks % 2)) = 0 ]`, successes: 2, steady: '0ms', interval: '10ms' };
  const project = await createProject(lab, 'flapping', { ...IDLE, health: { ...health, within: '700ms' } });
  await project.write({ file: 'first' });
  expect(codesOf(await project.ask('deploy'))).toEqual(['E_UNHEALTHY']);
});

test('a port that is listened on and a line of the log hold together', async () => {
  const health = { tcp: true, log: '^serving [a-z]+$', within: '15s', steady: '0ms', interval: '50ms' };
  const project = await createProject(lab, 'listening', { ...SERVED, health });
  await project.write({ 'server.mjs': SERVER, 'page.html': 'one' });
  expect(codesOf(await project.ask('deploy'))).toEqual(['ok']);
  await project.configure({ health: { ...health, log: '^serving [0-9]+$', within: '500ms' } });
  expect(codesOf(await project.ask('deploy'))).toEqual(['E_UNHEALTHY']);
});

test('a probe says that waiting does not help, and what it has said is shown', async () => {
  const health = { exec: 'echo "in line 3"; echo "no module $TOKEN" >&2; exit 78', within: '10m' };
  const project = await createProject(lab, 'hopeless', { ...IDLE, health, env_file: 'env' });
  await project.write({ file: 'first', '../env': 'TOKEN=canary-4711' });
  const told = await project.ask('deploy');
  expect(told.document.outcomes[0]?.error).toMatchObject({
    code: 'E_UNHEALTHY',
    message: 'it is not healthy: the exec probe exits with 78: no module ********',
    lastLines: ['probe: in line 3', 'probe: no module ********'],
  });
  expect(appOf(told).steps?.find(({ name }) => name === 'health')?.seconds).toBeLessThan(30);
});

test('an app that ends while its health is looked at is not waited for, although it would be started again', async () => {
  const run = 'test -e ../../../ended && exec sleep 1000; : >../../../ended; sleep 0.5; exit 3';
  const restart = { policy: 'always', backoff: '1s..1s' };
  const health = { exec: 'test -e ../../../ended && sleep 1; false', within: '30s' };
  const project = await createProject(lab, 'ends-at-first', { ...IDLE, run, restart, health });
  await project.write({ file: 'first' });
  const { error } = (await project.ask('deploy')).document.outcomes[0] ?? {};
  expect(error).toMatchObject({ code: 'E_START_FAILED', message: 'it ended before it was healthy: exit code 3' });
  expect(appOf(await project.ask('status'))).toMatchObject({ state: 'stopped', pid: null });
});

test('what the requests of a probe leave in the log does not drown what the app says', async () => {
  const noting = SERVER.replace(
    'response.end',
    "console.log('127.0.0.1 \"GET ' + request.url + ' HTTP/1.1\" 404');\n  response.end",
  );
  const health = { http: '/missing', within: '3s', interval: '50ms' };
  const project = await createProject(lab, 'access-log', { ...SERVED, health });
  await project.write({ 'server.mjs': `console.error('no database');\n${noting}`, 'page.html': 'one' });
  const told = await project.ask('deploy');
  expect(told.document.outcomes[0]?.error).toMatchObject({
    message: 'it is not healthy: /missing answers 404: one',
    lastLines: ['no database', 'serving one'],
  });
  const log = (await project.print('logs', '-n', '100')).stdout;
  expect(log.split('\n').filter((line) => line.includes('"GET /missing HTTP/1.1" 404')).length).toBeGreaterThan(20);
});

test('what the earlier release says in the log is not taken for the new one', async () => {
  const health = { log: '^ready$', within: '1s', steady: '0ms', interval: '50ms' };
  const run = ['sh', '-c', 'cat said; while sleep 0.05; do cat said; done'];
  const project = await createProject(lab, 'logging', { run, port: 'auto', health });
  await project.write({ said: 'ready\n' });
  const first = appOf(await project.ask('deploy'));
  await project.write({ said: 'sick\n' });
  const told = await project.ask('deploy');
  expect(codesOf(told)).toEqual(['E_UNHEALTHY']);
  expect(told.document.outcomes[0]?.error?.lastLines?.at(-1)).toBe('sick');
  expect(appOf(told)).toMatchObject({ state: 'running', release: first.release });
});

test('a log whose head is cut meanwhile is read from where the app began', async () => {
  const log = { max_size: '150KB', keep: 1 };
  // So much is said first that the log is cut, and then the word, again and again.
  const run = [
    'sh',
    '-c',
    'i=0; while [ $i -lt 3000 ]; do i=$((i + 1)); echo "$i filling the log, which is cut"; done; while sleep 0.1; do echo ready; done',
  ];
  const health = { log: '^ready$', within: '20s', steady: '2s', interval: '100ms' };
  const project = await createProject(lab, 'cut-log', { run, log, health });
  for (const file of ['first', 'second']) {
    await project.write({ file });
    const told = await project.ask('deploy');
    expect(codesOf(told), JSON.stringify(told.document)).toEqual(['ok']);
  }
  const { stdout } = await lab.host().run('cat "$XDG_STATE_HOME/outlast/apps/cut-log/log.base"');
  expect(Number(stdout.split(' ')[1])).toBeGreaterThan(50_000);
});
