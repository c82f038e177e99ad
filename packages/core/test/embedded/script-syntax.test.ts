import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { DEFAULT_HEALTH } from '../../src/deploy/health-settings.js';
import { adopt } from '../../src/operations/adopt.js';
import { deploy } from '../../src/operations/deploy.js';
import { doctor } from '../../src/operations/doctor.js';
import { buildExecScript } from '../../src/operations/exec.js';
import { find } from '../../src/operations/find.js';
import { buildFollowScript } from '../../src/operations/follow.js';
import { history } from '../../src/operations/history.js';
import { inspect } from '../../src/operations/inspect.js';
import { logs } from '../../src/operations/logs.js';
import { prune } from '../../src/operations/prune.js';
import { releases } from '../../src/operations/releases.js';
import { remove } from '../../src/operations/remove.js';
import { restart } from '../../src/operations/restart.js';
import { rollback } from '../../src/operations/rollback.js';
import { searchLogs } from '../../src/operations/search-logs.js';
import { signal } from '../../src/operations/signal.js';
import { start } from '../../src/operations/start.js';
import { status } from '../../src/operations/status.js';
import { stop } from '../../src/operations/stop.js';
import { wait } from '../../src/operations/wait.js';
import { SUPERVISOR_SCRIPT } from '../../src/supervisor/supervisor-script.js';
import { BY, PLAIN_SPEC } from './private-host.js';
import { findProgram, findShell, SHELL_NAMES } from './shells.js';

const frame = { nonce: 'n0nce' };
const apps = ['web', 'worker'];
const start1 = { app: 'web', request: 'r1', by: BY, settleMs: 1000 };
const SPEC = { ...PLAIN_SPEC, argv: ['-x', 'a b', "it's", '$(id)\n`id`'], env: { A: '1\n2' }, cwd: '~/a b' };

const SCRIPTS: Readonly<Record<string, string>> = {
  start: start.build({ ...start1, spec: SPEC }, frame),
  'start without nohup': start.build({ ...start1, spec: { ...SPEC, hup: 'default' } }, frame),
  'start in a scope': start.build({ ...start1, spec: { ...SPEC, launcher: 'systemd' } }, frame),
  stop: stop.build({ apps, by: BY }, frame),
  'restart with a spec': restart.build({ ...start1, spec: SPEC, graceMs: 1, signal: 'INT' }, frame),
  'restart as before': restart.build(start1, frame),
  'status of all': status.build({ apps: [] }, frame),
  'status of some': status.build({ apps }, frame),
  signal: signal.build({ apps, signal: 'HUP', scope: 'tree', by: BY }, frame),
  adopt: adopt.build({ app: 'web', pid: 4242, start: '17', request: 'r1', by: BY }, frame),
  wait: wait.build({ app: 'web', seconds: 60 }, frame),
  inspect: inspect.build({ apps }, frame),
  rm: remove.build({ apps }, frame),
  prune: prune.build({ olderThanSeconds: 604_800, dryRun: false }, frame),
  find: find.build({ pattern: /x/ }, frame),
  logs: logs.build({ apps, bytes: 65536 }, frame),
  'logs of one stream since a time': logs.build(
    { apps: [], bytes: 1, stream: 'stderr', since: { agoSeconds: 60 } },
    frame,
  ),
  'search in logs': searchLogs.build({ apps, pattern: "it's|[[:digit:]]+$", lines: 5, endedLines: true }, frame),
  follow: buildFollowScript(
    { cursors: apps.map((app) => ({ app, stream: 'stdout', inode: null, offset: 0 })), seconds: 60 },
    frame,
  ),
  exec: buildExecScript({ argv: ['ls', '-l'], stdin: false }, frame),
  'exec with input': buildExecScript({ argv: ['cat'], stdin: true }, frame),
  doctor: doctor.build({}, frame),
  deploy: deploy.build(
    {
      ...start1,
      spec: { ...SPEC, inRelease: true, port: 'auto', secretEnv: { TOKEN: "it's" } },
      setup: "echo 'a b'\nfalse",
      sharedPaths: ['a b', 'c/d'],
      reason: null,
      release: '20261128-175400-0a1b2c3d',
      manifestHash: 'a'.repeat(64),
      content: 'b'.repeat(64),
      commit: null,
      health: {
        ...DEFAULT_HEALTH,
        http: { path: '/', firstStatus: 200, lastStatus: 399, body: "it's" },
        tcp: true,
        exec: "test 'x'",
        log: '^x',
      },
      keepReleases: 5,
      waitMs: 0,
      takeOver: false,
      force: false,
    },
    frame,
  ),
  rollback: rollback.build(
    { ...start1, to: null, reason: null, waitMs: 0, takeOver: false, health: DEFAULT_HEALTH, surroundings: SPEC },
    frame,
  ),
  releases: releases.build({ apps }, frame),
  history: history.build({ apps: [], lines: 20 }, frame),
  supervisor: `${SUPERVISOR_SCRIPT}\n`,
};

/** What shellcheck cannot know here; everything else it warns of is taken seriously. */
const EXCLUDED_CODES = [
  'SC1090', // the supervisor reads its settings from a file that it is told
  'SC2034', // functions share variables, and no script uses all of them
  'SC2046', // the output of ls and awk is meant to be split into words
  'SC2088', // a folder is told as the user wrote it
  'SC2089', // quotes in the value of a variable are meant as they stand
  'SC2090',
  'SC2154', // the settings of an app and the variables of another function
];

describe.each(Object.entries(SCRIPTS))('the script of %s', (_name, script) => {
  test('passes shellcheck', (ctx) => {
    const shellcheck = findProgram('shellcheck');
    if (shellcheck === undefined) return ctx.skip('shellcheck is not installed');
    const { stdout } = runWith(shellcheck, ['-s', 'sh', '-S', 'warning', '-e', EXCLUDED_CODES.join(','), '-'], script);
    expect(stdout).toBe('');
  });

  test('is plain ASCII around what the user said, for shells in the C locale', () => {
    expect(script).toMatch(/^[\n -~]*$/);
  });
});

describe.each(SHELL_NAMES)('%s', (shell) => {
  test('can read every script, and would see a mistake', (ctx) => {
    const path = findShell(shell);
    if (path === undefined) return ctx.skip(`${shell} is not installed`);
    const options = shell === 'busybox' ? ['ash', '-n'] : ['-n'];
    const refused = Object.entries(SCRIPTS).filter(([, script]) => runWith(path, options, script).status !== 0);
    expect(refused).toEqual([]);
    expect(runWith(path, options, `${SCRIPTS.stop}`.replace(/^ *done$/m, 'fi')).status).not.toBe(0);
  });
});

function runWith(program: string, options: readonly string[], input: string) {
  const env = { PATH: process.env.PATH ?? '', LC_ALL: 'C' };
  return spawnSync(program, options, { input, env, encoding: 'utf8' });
}
