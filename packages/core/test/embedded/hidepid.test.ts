import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { status } from '../../src/operations/status.js';
import { stop } from '../../src/operations/stop.js';
import { BY, createPrivateHost, isAlive, type PrivateHost } from './private-host.js';
import { findProgram } from './shells.js';

/** A login of nobody to whom the processes of others are hidden. */
const HIDING_SHELL = `#!/bin/sh
[ "$(id -u)" = 0 ] || exec /bin/sh "$@"
exec unshare -m /bin/sh -c 'mount -t proc -o hidepid=2 outlast-hidepid /proc &&
  exec setpriv --reuid 65534 --regid 65534 --clear-groups /bin/sh "$@"' sh "$@"
`;

let host: PrivateHost;
let folder: string;
let sleeper: string;

beforeEach(async (ctx) => {
  if (process.getuid?.() !== 0) return ctx.skip('only root can hide processes: run it as root');
  if (findProgram('setpriv') === undefined) return ctx.skip('no setpriv: install util-linux');
  folder = mkdtempSync(join(tmpdir(), 'outlast-hidepid-'));
  chmodSync(folder, 0o755);
  sleeper = join(folder, 'sleep-as-root');
  copyFileSync(findProgram('sleep') as string, sleeper);
  chmodSync(sleeper, 0o4755);
  writeFileSync(join(folder, 'sh'), HIDING_SHELL);
  chmodSync(join(folder, 'sh'), 0o755);
  host = await createPrivateHost(join(folder, 'sh'));
  chmodSync(host.home, 0o777);
});

afterEach(async () => {
  await host.close();
  rmSync(folder, { recursive: true, force: true });
});

test('an app that became another user, whose processes are hidden, is never said to be stopped', async () => {
  const started = await host.start('web', [sleeper, '1000']);
  expect(started).toMatchObject({ changed: true, report: { state: 'running' } });
  const [seen] = await host.operate(status, { apps: ['web'] });
  const pid = seen?.report.lastPid as number;
  expect(isAlive(pid)).toBe(true);
  expect(seen?.report).toMatchObject({ state: 'running' });
  expect(await host.operate(stop, { apps: ['web'], by: BY, graceMs: 100 })).toMatchObject([
    { changed: false, error: { code: 'E_STOP_FAILED' }, report: { state: 'running' } },
  ]);
  expect(isAlive(pid)).toBe(true);
});
