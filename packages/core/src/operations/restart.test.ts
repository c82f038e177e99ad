import { expect, test } from 'vitest';
import { readCapturedReply } from '../../test/read-reply.js';
import { DEFAULT_LOG, DEFAULT_RESTART, DEFAULT_STOP, NOT_DEPLOYED } from '../state/app-spec.js';
import { restart } from './restart.js';

const OPTIONS = { app: 'web', request: 'r1', by: 'deploy@laptop', settleMs: 1000 };
const SPEC = {
  argv: ['sleep', '1000'],
  shell: false,
  cwd: '/srv',
  env: {},
  secretEnv: {},
  hup: 'ignore',
  launcher: 'setsid',
  restart: DEFAULT_RESTART,
  stop: DEFAULT_STOP,
  log: DEFAULT_LOG,
  ...NOT_DEPLOYED,
} as const;

test('the answer is that of the start', () => {
  expect(restart.parse(readCapturedReply(import.meta.url, 'restart.dash-0.5.12'), OPTIONS)).toMatchObject({
    changed: true,
    report: { app: 'web', state: 'running', pid: 17284, restarts: 0 },
  });
});

test('what the start needs is looked at before the stop', () => {
  expect(restart.build({ ...OPTIONS, spec: SPEC }, { nonce: 'n' })).toMatch(
    /elif check_deploy && check_cwd && find_runtime ~ && check_proven && check_launcher && check_port && check_room; then\n *\(stop_app web - -\) && start_app && settle_debt\n/,
  );
  expect(restart.build(OPTIONS, { nonce: 'n' })).toMatch(
    /elif check_deploy && check_recorded && check_proven && check_launcher && check_port && check_room; then\n *\(stop_app web - -\) && start_app && settle_debt\n/,
  );
});

test('signal and grace replace those that the app was started with', () => {
  expect(restart.build({ ...OPTIONS, signal: 'INT', graceMs: 2050 }, { nonce: 'n' })).toContain(
    '(stop_app web INT 21)',
  );
});
