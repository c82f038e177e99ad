import { expect, test } from 'vitest';
import { appOf, shell, useLab } from '../program-lab.js';

const lab = useLab(['web1']);

test('sixteen clients that start the same app at once make one process', async () => {
  // Each process leaves a mark of its own: one that ended again would be seen, too.
  const line = ': >"$XDG_STATE_HOME/mark.$$"; exec sleep 600';
  const start = ['start', 'once', '-H', 'web1', '--connect-timeout', '60s', ...shell(line)];
  const answers = await Promise.all(Array.from({ length: 16 }, () => lab.ask(start)));
  expect(answers.map(({ exitCode }) => exitCode)).toEqual(Array(16).fill(0));
  const marks = (await lab.host().run('ls "$XDG_STATE_HOME" | grep ^mark')).stdout.trim().split('\n');
  expect(marks).toHaveLength(1);
  const apps = answers.map((answer) => appOf(answer));
  expect(new Set(apps.map(({ pid }) => `mark.${pid}`))).toEqual(new Set(marks));
  expect(apps.filter(({ changed }) => changed)).toHaveLength(1);
});

test('an app that runs already with the same argv, folder and environment is left alone', async () => {
  const flags = ['-H', 'web1', '--cwd', '/tmp', '--env', 'A=1', '--env', 'B=2'];
  const first = appOf(await lab.ask(['start', 'same', ...flags, '--', 'sleep', '600']));
  const reordered = ['-H', 'web1', '--env', 'B=2', '--env', 'A=1', '--cwd', '/tmp'];
  const again = await lab.ask(['start', 'same', ...reordered, '--', 'sleep', '600']);
  expect(again.exitCode).toBe(0);
  expect(appOf(again)).toMatchObject({ changed: false, pid: first.pid, state: 'running' });
  expect((await lab.run(['start', 'same', ...flags, '--', 'sleep', '600'])).stdout).toMatch(/already/);
});

test.each([
  { what: 'argv', flags: [], argv: ['sleep', '601'] },
  { what: 'folder', flags: ['--cwd', '/tmp'], argv: ['sleep', '600'] },
  { what: 'environment', flags: ['--env', 'A=1'], argv: ['sleep', '600'] },
])('an app that runs with another $what is E_ALREADY_RUNNING, and goes on', async ({ what, flags, argv }) => {
  const first = appOf(
    await lab.ask(['start', `other-${what}`, '-H', 'web1', '--settle', '100ms', '--', 'sleep', '600']),
  );
  const told = await lab.ask(['start', `other-${what}`, '-H', 'web1', ...flags, '--', ...argv]);
  expect(told.exitCode).toBe(1);
  expect(told.document.outcomes[0]).toMatchObject({ ok: false, error: { code: 'E_ALREADY_RUNNING' } });
  expect(told.document.outcomes[0]?.error?.hint).toContain('outlast restart');
  expect(appOf(told)).toMatchObject({ pid: first.pid, argv: ['sleep', '600'], changed: false, state: 'running' });
});

test('restart replaces an app by one with another argv', async () => {
  const flags = ['-H', 'web1', '--settle', '100ms'];
  const first = appOf(await lab.ask(['start', 'replaced', ...flags, '--', 'sleep', '600']));
  const told = await lab.ask(['restart', 'replaced', ...flags, '--', 'sleep', '601']);
  expect(appOf(told)).toMatchObject({ state: 'running', changed: true, argv: ['sleep', '601'] });
  expect(appOf(told).pid).not.toBe(first.pid);
});

test('restart of an app that nobody knows, with nothing that says what to run, starts nothing', async () => {
  const told = await lab.ask(['restart', 'nobody', '-H', 'web1']);
  expect(told.exitCode).not.toBe(0);
  expect((await lab.ask(['status', '-H', 'web1', 'nobody'])).exitCode).toBe(3);
});
