import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { inspect } from '../../src/operations/inspect.js';
import { signal } from '../../src/operations/signal.js';
import { status } from '../../src/operations/status.js';
import { DEFAULT_LOG } from '../../src/state/app-spec.js';
import { BY, createPrivateHost, type PrivateHost, waitFor } from './private-host.js';

const LIMIT = String(48 * 1024 * 1024);
const ROOTS = [
  { root: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes' },
  { root: '/sys/fs/cgroup', limit: 'memory.max' },
];

let host: PrivateHost | undefined;
let folder: string;
let cgroup: string | undefined;

/** A cgroup of this machine in which memory is short; undefined where none can be made. */
function makeCgroup(): string | undefined {
  for (const { root, limit } of ROOTS) {
    const path = join(root, `outlast-test-${process.pid}`);
    try {
      mkdirSync(path);
      if (existsSync(join(path, limit))) {
        writeFileSync(join(path, limit), LIMIT);
        return path;
      }
      rmdirSync(path);
    } catch {
      // not this one, or not allowed
    }
  }
  return undefined;
}

beforeEach(async (ctx) => {
  folder = mkdtempSync(join(tmpdir(), 'outlast-oom-'));
  cgroup = makeCgroup();
  if (cgroup === undefined) return ctx.skip('no memory cgroup can be made here: run it as root with cgroups writable');
  const shell = join(folder, 'sh-in-cgroup');
  writeFileSync(shell, `#!/bin/sh\necho $$ >${cgroup}/cgroup.procs\nexec /bin/sh "$@"\n`);
  chmodSync(shell, 0o755);
  host = await createPrivateHost(shell);
});

afterEach(async () => {
  await host?.close();
  rmSync(folder, { recursive: true, force: true });
  const emptied = cgroup;
  if (emptied !== undefined) {
    await waitFor(() => {
      try {
        rmdirSync(emptied);
        return true;
      } catch {
        return !existsSync(emptied);
      }
    }, 'the cgroup is empty and gone');
  }
});

const HUNGRY = 'sleep 0.4; exec awk \'BEGIN { s = "x"; while (1) s = s s }\'';

test('a kill for want of memory that an app has outlived is not what it dies of later', async () => {
  const lab = host as PrivateHost;
  const { report } = await lab.start('older', ['sleep', '1000'], { log: { ...DEFAULT_LOG, maxSizeBytes: 1_000_000 } });
  await lab.start('hungry', ['/bin/sh', '-c', HUNGRY]);
  await waitFor(() => existsSync(join(lab.appDir('older'), 'run.1.oom')), 'the keeper has noticed it');
  process.kill(report.pid as number, 'SIGKILL');
  await waitFor(() => existsSync(join(lab.appDir('older'), 'run.1.exit')), 'its end is recorded');
  const [seen] = await lab.operate(status, { apps: ['older'] });
  expect(seen?.report).toMatchObject({ state: 'killed', signal: 'KILL', cause: null });
});

test('an app that the kernel has killed for want of memory is told from one that somebody has killed', async () => {
  const lab = host as PrivateHost;
  const read = async (app: string) => (await lab.operate(status, { apps: [app] }))[0]?.report;
  await lab.start('hungry', ['/bin/sh', '-c', HUNGRY]);
  await waitFor(async () => (await read('hungry'))?.pid === null, 'it has eaten too much');
  expect(await read('hungry')).toMatchObject({ state: 'killed', signal: 'KILL', cause: 'oom', endedBy: null });
  expect(await lab.operate(inspect, { apps: ['hungry'] })).toMatchObject([
    { ends: [{ signal: 'KILL', cause: 'oom' }] },
  ]);

  await lab.start('modest', ['sleep', '1000']);
  await lab.operate(signal, { apps: ['modest'], signal: 'KILL', scope: 'main', by: BY });
  expect(await read('modest')).toMatchObject({ state: 'killed', signal: 'KILL', cause: null, endedBy: BY });
});
