import { expect, test } from 'vitest';
import { readCapturedReply } from '../../test/read-reply.js';
import { inspect } from './inspect.js';

const [running, unknown] = inspect.parse(readCapturedReply(import.meta.url, 'inspect.dash-0.5.12'), {
  apps: ['running', 'unknown'],
});

test('everything recorded of an app is told, but for its secrets', () => {
  expect(running).toMatchObject({
    run: 1,
    startedBy: 'deploy@laptop',
    identity: { pid: 55, start: '419157', boot: '7d0a2c1e-5b7f-4c11-9a53-0e6f4b2d8c90' },
    supervisorPid: 51,
    pids: [55],
    stateDir: '/home/deploy/.local/state/outlast/apps/running',
    spec: { argv: ['sleep', '1000'], cwd: '~', env: { GREETING: 'two\nlines 🚀' } },
  });
  expect(Object.keys(running?.spec?.secretEnv ?? {})).toEqual(['TOKEN']);
  expect(JSON.stringify(running)).not.toContain('s3cret');
});

test('of an unknown app there is nothing', () => {
  expect(unknown).toMatchObject({ run: 0, spec: null, startedBy: null, identity: null, supervisorPid: null, pids: [] });
});
