import { expect, test } from 'vitest';
import type { AppSpec } from '../state/app-spec.js';
import { buildAppSpec } from '../state/build-app-spec.js';
import { adopt } from './adopt.js';
import { inspect } from './inspect.js';
import { logs } from './logs.js';
import { remove } from './remove.js';
import { restart } from './restart.js';
import { searchLogs } from './search-logs.js';
import { signal } from './signal.js';
import { start } from './start.js';
import { status } from './status.js';
import { stop } from './stop.js';
import { wait } from './wait.js';

const frame = { nonce: 'n0nce' };
const spec: AppSpec = buildAppSpec({ argv: ['true'] });
const by = 'me@laptop';
const asked = { by, request: 'abc' };

/** Every script that looks for an app in a folder of its name. */
const BUILDERS: readonly [string, (app: string) => string][] = [
  ['adopt', (app) => adopt.build({ app, pid: 4711, start: null, ...asked }, frame)],
  ['inspect', (app) => inspect.build({ apps: ['web', app] }, frame)],
  ['logs', (app) => logs.build({ apps: ['web', app], bytes: 100 }, frame)],
  ['remove', (app) => remove.build({ apps: ['web', app] }, frame)],
  ['restart', (app) => restart.build({ app, settleMs: 100, ...asked }, frame)],
  ['searchLogs', (app) => searchLogs.build({ apps: ['web', app], pattern: 'a', lines: 1, endedLines: false }, frame)],
  ['signal', (app) => signal.build({ apps: ['web', app], signal: 'HUP', scope: 'main', ...asked }, frame)],
  ['start', (app) => start.build({ app, spec, settleMs: 100, ...asked }, frame)],
  ['status', (app) => status.build({ apps: ['web', app] }, frame)],
  ['stop', (app) => stop.build({ apps: ['web', app], ...asked }, frame)],
  ['wait', (app) => wait.build({ app, seconds: 1 }, frame)],
];

test.each(BUILDERS)('%s builds no script for what is no name of an app', (_name, build) => {
  expect(build('shop-2')).toMatch(/^# outlast: .*\bshop-2$/m);
  for (const app of ['../x', 'a b', 'a\ntouch /tmp/owned', '', '$(id)'])
    expect(() => build(app)).toThrow(expect.objectContaining({ code: 'E_USAGE' }));
});

test('nothing that a script is called leaves its comment', () => {
  const script = signal.build({ apps: ['web'], signal: 'HUP\ntouch owned', scope: 'main', ...asked }, frame);
  expect(script.split('\n')[0]).toBe('# outlast: signal HUP\\ntouch owned web');
});
