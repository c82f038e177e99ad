import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { inspect } from '../../src/operations/inspect.js';
import { restart } from '../../src/operations/restart.js';
import { signal } from '../../src/operations/signal.js';
import { status } from '../../src/operations/status.js';
import { stop } from '../../src/operations/stop.js';
import { BY, createPrivateHost, createRequest, isAlive, type PrivateHost, replaceIn, waitFor } from './private-host.js';
import { findProgram } from './shells.js';

/** A mount namespace whose `/proc` is empty; ps, which cannot do without, looks from a namespace of its own in which it is not. */
const HIDING_SHELL = `#!/bin/sh
[ -e /proc/self/stat ] || exec /bin/sh "$@"
exec unshare -m /bin/sh -c 'mount -n -t tmpfs outlast-no-proc /proc && exec /bin/sh "$@"' sh "$@"
`;
const SEEING_PS = (ps: string) => `#!/bin/sh
exec unshare -m /bin/sh -c 'umount -n /proc && exec ${ps} "$@"' ps "$@"
`;

let host: PrivateHost;
let folder: string;

beforeEach(async (ctx) => {
  folder = mkdtempSync(join(tmpdir(), 'outlast-no-proc-'));
  host = await createPrivateHost(makeProgram('hiding-sh', HIDING_SHELL), {
    PATH: [folder, process.env.PATH].join(delimiter),
  });
  const obstacle = findObstacle();
  if (obstacle !== undefined) return ctx.skip(obstacle);
  makeProgram('ps', SEEING_PS(findProgram('ps') as string));
});

afterEach(async () => {
  await host.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Why /proc cannot be hidden from a shell here; undefined where it can. */
function findObstacle(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can hide /proc from a shell: run it as root';
  return findProgram('unshare') === undefined || findProgram('ps') === undefined
    ? 'no unshare or no ps: install util-linux and procps'
    : undefined;
}

function makeProgram(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}

const WEB = { apps: ['web'], by: BY };

test('an app is started, looked at, restarted and stopped with its tree, by the start time of ps', async () => {
  const line = 'sleep 1001 & sleep 1002 & wait';
  const started = await host.start('web', ['/bin/sh', '-c', line]);
  expect(started).toMatchObject({ changed: true, report: { state: 'running', ports: null } });
  expect(started.identity).toMatch(/^\d+:l(Mon|Tue|Wed|Thu|Fri|Sat|Sun)_[A-Z][a-z]{2}_\d+_\d\d:\d\d:\d\d_\d{4}:-$/);

  const [seen] = await host.operate(status, { apps: [] });
  expect(seen?.report.uptimeSeconds).toBeLessThan(60);
  expect(seen?.report.rssBytes).toBeGreaterThan(100_000);
  const [inspected] = await host.operate(inspect, { apps: ['web'] });
  expect(inspected?.pids).toHaveLength(3);

  expect(await host.start('web', ['/bin/sh', '-c', line])).toMatchObject({ changed: false });
  const again = await host.operate(restart, { app: 'web', request: createRequest(), by: BY, settleMs: 100 });
  expect(again).toMatchObject({ changed: true, report: { state: 'running' } });
  expect(again.identity).not.toBe(started.identity);
  const [stopped] = await host.operate(stop, WEB);
  expect(stopped).toMatchObject({ changed: true, report: { state: 'stopped', how: 'term', signal: 'TERM' } });
  await host.expectNoProcesses();
});

test('a process that began at another second is left alone', async () => {
  const { report } = await host.start('web', ['sleep', '1000']);
  const shifted = (script: string) => replaceIn(script, 'process_start=l$4_', 'process_start=l$4x_');
  expect(await host.operate(signal, { ...WEB, signal: 'KILL', scope: 'main' }, shifted)).toMatchObject([
    { error: { code: 'E_NOT_RUNNING' } },
  ]);
  expect(isAlive(report.pid as number)).toBe(true);
});

test('an end is recorded as anywhere', async () => {
  await host.start('web', ['/bin/sh', '-c', 'sleep 0.5; exit 7']);
  const read = async () => (await host.operate(status, { apps: ['web'] }))[0]?.report;
  await waitFor(async () => (await read())?.state === 'exited', 'it has ended');
  expect(await read()).toMatchObject({ exitCode: 7, pid: null });
});

test('a host whose ps tells no start time is refused before anything is done', async () => {
  makeProgram('ps', '#!/bin/sh\necho "ps: unknown option -- o" >&2\nexit 1\n');
  await expect(host.start('web', ['sleep', '1000'])).rejects.toMatchObject({
    code: 'E_UNSUPPORTED_HOST',
    message: expect.stringContaining('lstart'),
  });
  await host.expectNoProcesses();
});
