import { expect, test } from 'vitest';
import { DEFAULT_HEALTH } from '../deploy/health-settings.js';
import { adopt } from '../operations/adopt.js';
import { deploy } from '../operations/deploy.js';
import { find } from '../operations/find.js';
import { buildFollowScript } from '../operations/follow.js';
import { history } from '../operations/history.js';
import { inspect } from '../operations/inspect.js';
import { logs } from '../operations/logs.js';
import { prune } from '../operations/prune.js';
import { releases } from '../operations/releases.js';
import { remove } from '../operations/remove.js';
import { restart } from '../operations/restart.js';
import { rollback } from '../operations/rollback.js';
import { searchLogs } from '../operations/search-logs.js';
import { signal } from '../operations/signal.js';
import { start } from '../operations/start.js';
import { status } from '../operations/status.js';
import { stop } from '../operations/stop.js';
import { wait } from '../operations/wait.js';
import { DEFAULT_LOG, DEFAULT_RESTART, DEFAULT_STOP, NOT_DEPLOYED } from '../state/app-spec.js';
import { REQUIRED_TOOLS } from './tools.js';

const frame = { nonce: 'n0nce' };
const apps = ['web'];
const by = 'deploy@laptop';
const once = { app: 'web', request: 'r1', by, settleMs: 1000 };
const spec = {
  argv: ['true'],
  shell: false,
  cwd: null,
  env: {},
  secretEnv: {},
  hup: 'ignore',
  launcher: 'setsid',
  restart: DEFAULT_RESTART,
  stop: DEFAULT_STOP,
  log: DEFAULT_LOG,
  ...NOT_DEPLOYED,
} as const;

/** In the order in which findings name them. */
const SCRIPTS: Readonly<Record<string, string>> = {
  start: start.build({ ...once, spec }, frame),
  stop: stop.build({ apps, by }, frame),
  restart: restart.build(once, frame),
  status: status.build({ apps }, frame),
  logs: logs.build({ apps, bytes: 4096 }, frame),
  'logs -f': buildFollowScript(
    { cursors: [{ app: 'web', stream: 'combined', inode: null, offset: 0 }], seconds: 60 },
    frame,
  ),
  'logs --grep': searchLogs.build({ apps, pattern: 'x', lines: 1, endedLines: false }, frame),
  signal: signal.build({ apps, signal: 'HUP', scope: 'tree', by }, frame),
  wait: wait.build({ app: 'web', seconds: 60 }, frame),
  inspect: inspect.build({ apps }, frame),
  find: find.build({ pattern: /x/ }, frame),
  adopt: adopt.build({ app: 'web', pid: 4711, start: null, request: 'r1', by }, frame),
  deploy: deploy.build(
    {
      ...once,
      spec: { ...spec, inRelease: true, port: 'auto' },
      setup: null,
      sharedPaths: [],
      reason: null,
      release: '20261128-175400-0a1b2c3d',
      manifestHash: 'a'.repeat(64),
      content: 'b'.repeat(64),
      commit: null,
      health: DEFAULT_HEALTH,
      keepReleases: 5,
      waitMs: 0,
      takeOver: false,
      force: false,
    },
    frame,
  ),
  rollback: rollback.build(
    { ...once, to: null, reason: null, waitMs: 0, takeOver: false, health: DEFAULT_HEALTH, surroundings: spec },
    frame,
  ),
  releases: releases.build({ apps }, frame),
  history: history.build({ apps: [], lines: 20 }, frame),
  rm: remove.build({ apps }, frame),
  prune: prune.build({ olderThanSeconds: 1, dryRun: false }, frame),
};

test('what doctor says of required programs is what the scripts refuse to go without', () => {
  const verbs = Object.keys(SCRIPTS);
  const users = new Map<string, string[]>();
  for (const verb of verbs) {
    const needed = [...(SCRIPTS[verb] ?? '').matchAll(/^ *need (.*) \|\| return 1$/gm)].flatMap(([, tools = '']) =>
      tools.split(' '),
    );
    expect(needed, verb).not.toEqual([]);
    for (const tool of new Set(needed)) users.set(tool, [...(users.get(tool) ?? []), verb]);
  }
  const expected = [...users].map(([tool, names]) => [tool, names.length === verbs.length ? ['every verb'] : names]);
  expect(REQUIRED_TOOLS).toEqual(Object.fromEntries(expected));
});
