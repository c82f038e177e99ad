import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Laptop, startTcpProxy, type TestHost, varyHost, waitFor } from '@outlast/test-fixtures';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { addLaptop } from '../program-lab.js';
import { readApps, readPid } from './answer.js';
import { askProgram, makeUsers, needDocker } from './docker-lab.js';
import { countScripts, type RemoteProcess, readProcess, waitForCommit, waitForProcesses } from './remote-processes.js';

beforeEach(needDocker);

const ARGV = ['sleep', '1000'];
/** `sh` itself, with its few pages of its own; measured 0.2 to 0.4 MB. */
const SUPERVISOR_MAX_KB = 1_500;

async function makeThree(): Promise<{ hosts: TestHost[]; laptop: Laptop; names: string }> {
  const hosts = await makeUsers('debian', 'debian2', 'debian3');
  return { hosts, laptop: await addLaptop(hosts), names: hosts.map(({ alias }) => alias).join(',') };
}

/** The app and its supervisor are all that the user has on the host. */
async function expectAppAndSupervisor(host: TestHost, pid: number): Promise<RemoteProcess> {
  const processes = await waitForProcesses(host, 2);
  const app = processes.find((process) => process.pid === pid);
  const supervisor = processes.find((process) => process.pid !== pid);
  expect(app).toMatchObject({ line: ARGV.join(' '), parent: supervisor?.pid });
  const [, program] = /^\/bin\/sh (\S+\/apps\/web\/run\.\d+\.sh) supervise /.exec(supervisor?.line ?? '') ?? [];
  const held = await readProcess(host, supervisor?.pid ?? 0, 'for f in $p/fd/*; do readlink $f; done | sort -u');
  expect(held.split('\n')).toEqual(['/dev/null', program]);
  return supervisor as RemoteProcess;
}

describe('an app started on three hosts at once', () => {
  test('is detached in every way and has nothing but one small supervisor beside it', async () => {
    const { hosts, laptop } = await makeThree();
    const started = await askProgram(laptop, hosts, 'start', 'web', '--', ...ARGV);
    expect(started).toMatchObject({ ok: true, exitCode: 0 });
    expect(started.stderr).toBe('Safe to disconnect.\n');
    for (const [index, app] of readApps(started).entries()) {
      const host = hosts[index] as TestHost;
      const pid = readPid(app);
      expect(app).toMatchObject({ state: 'running', changed: true, argv: ARGV });
      const supervisor = await expectAppAndSupervisor(host, pid);
      const streams = await readProcess(host, pid, 'cd $p/fd; for f in *; do echo "$f $(readlink $f)"; done');
      const log = `${host.stateDir}/apps/web/log`;
      expect(streams.split('\n')).toEqual(['0 /dev/null', `1 ${log}`, `2 ${log}`]);
      expect(await readProcess(host, pid, 'cut -d" " -f5,6 $p/stat')).toBe(`${pid} ${pid}`);
      expect(supervisor.session).not.toBe(pid);
      const ignored = await readProcess(host, pid, "sed -n 's/^SigIgn:.//p' $p/status");
      expect(ignored, 'only HUP, the lowest bit').toBe('0000000000000001');
      const kilobytes = await readProcess(
        host,
        supervisor.pid,
        "sed -n 's/^Pss: *\\([0-9]*\\) kB/\\1/p' $p/smaps_rollup",
      );
      expect(Number(kilobytes)).toBeGreaterThan(0);
      expect(Number(kilobytes)).toBeLessThan(SUPERVISOR_MAX_KB);
    }
  });

  test('goes on when the client has ended, and another laptop sees and stops it', async () => {
    const { hosts, laptop } = await makeThree();
    const started = readApps(await askProgram(laptop, hosts, 'start', 'web', '--settle', '100ms', '--', ...ARGV));
    await laptop.remove();
    const other = await addLaptop(hosts);
    const seen = readApps(await askProgram(other, hosts, 'status', 'web'));
    expect(seen.map(({ state, pid, startedAt }) => ({ state, pid, startedAt }))).toEqual(
      started.map(({ pid, startedAt }) => ({ state: 'running', pid, startedAt })),
    );
    for (const app of readApps(await askProgram(other, hosts, 'stop', 'web')))
      expect(app).toMatchObject({ state: 'stopped', how: 'term', changed: true, pid: null });
    for (const host of hosts) await waitForProcesses(host, 0);
    const third = await addLaptop(hosts);
    for (const app of readApps(await askProgram(third, hosts, 'status', 'web')))
      expect(app).toMatchObject({ state: 'stopped', how: 'term', signal: 'TERM' });
  });
});

describe('a client killed by KILL', () => {
  test.each([1, 2, 3])('at a random moment after the app has committed leaves the app alone (%i)', async () => {
    const { hosts, laptop, names } = await makeThree();
    const client = laptop.spawnOutlast(['start', 'web', '-H', names, '--', ...ARGV], { stdio: 'ignore' });
    const ended = once(client, 'exit');
    const pids = await Promise.all(hosts.map((host) => waitForCommit(host, 'web')));
    await sleep(Math.random() * 1_300);
    client.kill('SIGKILL');
    await ended;
    await Promise.all(hosts.map((host, index) => expectAppAndSupervisor(host, pids[index] ?? 0)));
    const again = await askProgram(laptop, hosts, 'start', 'web', '--settle', '100ms', '--', ...ARGV);
    expect(readApps(again).map(({ pid, changed }) => ({ pid, changed }))).toEqual(
      pids.map((pid) => ({ pid, changed: false })),
    );
  });

  test.each([1, 2, 3])('at any moment leaves no app or one, and a second start makes it exactly one (%i)', async () => {
    const { hosts, laptop, names } = await makeThree();
    const client = laptop.spawnOutlast(['start', 'web', '-H', names, '--', ...ARGV], { stdio: 'ignore' });
    const ended = once(client, 'exit');
    // Connecting takes a third of a second, and the script another.
    await sleep(100 + Math.random() * 700);
    client.kill('SIGKILL');
    await ended;
    const apps = readApps(await askProgram(laptop, hosts, 'start', 'web', '--settle', '100ms', '--', ...ARGV));
    await Promise.all(apps.map((app, index) => expectAppAndSupervisor(hosts[index] as TestHost, readPid(app))));
    for (const app of apps) expect(app.state).toBe('running');
  });

  const WATCHES = [
    { verb: 'logs', words: ['-f', '-n', '1'] },
    { verb: 'wait', words: [] },
  ];
  test.each(WATCHES)('in the middle of $verb leaves no script on the hosts', async ({ verb, words }) => {
    const { hosts, laptop, names } = await makeThree();
    const apps = readApps(await askProgram(laptop, hosts, 'start', 'web', '--settle', '100ms', '--', ...ARGV));
    const client = laptop.spawnOutlast([verb, 'web', ...words, '-H', names], { stdio: 'ignore' });
    const ended = once(client, 'exit');
    for (const host of hosts) {
      const isWatched = async () => (await countScripts(host)) > 0;
      await waitFor(isWatched, { what: `a script of ${verb} on ${host.alias}` });
    }
    client.kill('SIGKILL');
    await ended;
    await Promise.all(hosts.map((host) => waitForProcesses(host, 2, { timeoutMs: 3_000 })));
    for (const [index, app] of apps.entries()) await expectAppAndSupervisor(hosts[index] as TestHost, readPid(app));
  });
});

test('a link that is gone for good during a start leaves the app alone, and the client says that it does not know', async () => {
  const hosts = await makeUsers('debian', 'debian2', 'debian3');
  const proxies = await Promise.all(hosts.map((host) => startTcpProxy(host)));
  onTestFinished(async () => {
    await Promise.all(proxies.map((proxy) => proxy.stop()));
  });
  const far = hosts.map((host, index) => varyHost(host, { port: proxies[index]?.port ?? 0 }));
  const laptop = await addLaptop(far);
  const client = askProgram(laptop, far, 'start', 'web', '--settle', '2s', '--', ...ARGV);
  const pids = await Promise.all(hosts.map((host) => waitForCommit(host, 'web')));
  await sleep(Math.random() * 500);
  await Promise.all(proxies.map((proxy) => proxy.stop()));
  const answer = await client;
  expect(answer).toMatchObject({ ok: false, exitCode: 1 });
  for (const { ok, error } of answer.outcomes) {
    expect({ ok, code: error?.code }).toEqual({ ok: null, code: 'E_UNKNOWN_RESULT' });
    expect(error?.hint).toContain('outlast status');
  }
  expect(answer.stderr).not.toContain('Safe to disconnect');
  await Promise.all(hosts.map((host, index) => expectAppAndSupervisor(host, pids[index] ?? 0)));
  const near = await addLaptop(hosts);
  expect(readApps(await askProgram(near, hosts, 'status', 'web')).map(({ pid }) => pid)).toEqual(pids);
});
