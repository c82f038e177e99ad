import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { type TestHost, varyHost, waitFor } from '@outlast/test-fixtures';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { addLaptop } from '../program-lab.js';
import { readApps, readPid } from './answer.js';
import { askProgram, makeUsers, needDocker } from './docker-lab.js';
import { countScripts, waitForProcesses } from './remote-processes.js';

beforeEach(needDocker);

/** How long a script may outlive its client. */
const LEASE_MS = 2_000;
/** How long it may take to see that a script has ended. */
const LOOK_MS = 1_000;

const PROXY = `
import { startTcpProxy } from '@outlast/test-fixtures';
console.log((await startTcpProxy({ address: '127.0.0.1', port: Number(process.argv[1]) })).port);`;

/** A way to a host that can be frozen (STOP): a process of its own holds it, so that not even its sockets are ever closed. */
async function startLink({ port }: TestHost): Promise<{ port: number; process: ChildProcess }> {
  const argv = ['--input-type=module', '-e', PROXY, String(port)];
  const process_ = spawn(process.execPath, argv, { cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void process_.kill('SIGKILL'));
  const [line] = await once(createInterface(process_.stdout), 'line');
  return { port: Number(line), process: process_ };
}

test('behind a link that has gone silent no script outlives its client for longer than two seconds', async () => {
  const hosts = await makeUsers('debian', 'busybox');
  const links = await Promise.all(hosts.map(startLink));
  const far = hosts.map((host, index) => varyHost(host, { port: links[index]?.port ?? 0 }));
  const laptop = await addLaptop(far);
  const apps = readApps(await askProgram(laptop, far, 'start', 'web', '--settle', '100ms', '--', 'sleep', '1000'));
  const names = far.map(({ alias }) => alias).join(',');
  const clients = ['logs -f', 'wait'].map((verb) =>
    laptop.spawnOutlast([...verb.split(' '), 'web', '-H', names], { stdio: 'ignore' }),
  );
  for (const host of hosts)
    await waitFor(async () => (await countScripts(host)) === 2, { what: `both scripts on ${host.alias}` });
  // They stay for longer than either would live without its client.
  for (const until = performance.now() + 2 * LEASE_MS; performance.now() < until; ) {
    for (const host of hosts) expect(await countScripts(host)).toBe(2);
  }
  for (const link of links) link.process.kill('SIGSTOP');
  for (const client of clients) client.kill('SIGKILL');
  const frozenAt = performance.now();
  const scriptsGone = hosts.map((host) =>
    waitFor(async () => (await countScripts(host)) === 0, {
      what: `the scripts on ${host.alias} to end by themselves`,
      intervalMs: 100,
    }),
  );
  await Promise.all(scriptsGone);
  // To look takes a login.
  expect(performance.now() - frozenAt).toBeLessThan(LEASE_MS + LOOK_MS);
  for (const link of links) link.process.kill('SIGKILL');
  for (const [index, host] of hosts.entries()) {
    const left = await waitForProcesses(host, 2);
    expect(left.map(({ pid }) => pid)).toContain(readPid(apps[index] as (typeof apps)[number]));
  }
});
