import type { Laptop, TestHost } from '@outlast/test-fixtures';
import { beforeEach, describe, expect, test } from 'vitest';
import { addLaptop } from '../program-lab.js';
import { readApp, readLines, readPid } from './answer.js';
import { ask, makeUser, needDocker } from './docker-lab.js';
import { killAll, listProcesses, waitForProcesses } from './remote-processes.js';

beforeEach(needDocker);

const DEAF = 'trap "" TERM; while :; do sleep 0.2; done';
const SLOW = 'trap "sleep 2; echo cleaned up; exit 0" TERM; echo up; while :; do sleep 0.1; done';
// A child in a session of its own, one that a double fork has left to init, one in both ways and deaf, and a plain child.
const TREE = `
setsid sleep 1001 &
(sleep 1002 &)
(setsid sh -c 'trap "" TERM HUP; while :; do sleep 0.2; done' &)
sleep 1003 &
exec sleep 1004`;

describe.each(['debian', 'busybox'] as const)('stop on %s', (name) => {
  async function start(line: string): Promise<{ host: TestHost; laptop: Laptop }> {
    const host = await makeUser(name);
    const laptop = await addLaptop([host]);
    await ask(laptop, [host], 'start', 'web', '--settle', '300ms', '--', '/bin/sh', '-c', line);
    return { host, laptop };
  }

  test('kills an app that ignores TERM once the grace period is over', async () => {
    const { host, laptop } = await start(DEAF);
    const begin = performance.now();
    const app = readApp(await ask(laptop, [host], 'stop', 'web', '--grace', '1s'));
    expect(app).toMatchObject({ state: 'stopped', how: 'kill', signal: 'KILL', changed: true, pid: null });
    expect(performance.now() - begin).toBeGreaterThan(1_000);
    await waitForProcesses(host, 0);
    expect(readApp(await ask(laptop, [host], 'status', 'web'))).toMatchObject({ state: 'stopped', how: 'kill' });
  });

  test('gives an app the two seconds that it needs to clean up', async () => {
    const { host, laptop } = await start(SLOW);
    const app = readApp(await ask(laptop, [host], 'stop', 'web'));
    expect(app).toMatchObject({ state: 'stopped', how: 'term', exitCode: 0, signal: null, changed: true });
    expect(readLines(await ask(laptop, [host], 'logs', 'web'))).toContain('cleaned up');
    await waitForProcesses(host, 0);
  });

  test('of an app that has stopped already is success, and changes nothing', async () => {
    const { host, laptop } = await start('exec sleep 1000');
    const first = readApp(await ask(laptop, [host], 'stop', 'web'));
    const second = await ask(laptop, [host], 'stop', 'web');
    expect(second).toMatchObject({ ok: true, exitCode: 0 });
    expect(readApp(second)).toMatchObject({ state: 'stopped', how: 'already-stopped', changed: false });
    expect(readApp(await ask(laptop, [host], 'status', 'web'))).toMatchObject({ how: 'term', endedAt: first.endedAt });
  });

  test('leaves nothing of a tree with children in sessions of their own and double forks', async () => {
    const { host, laptop } = await start(TREE);
    const bystander = await makeUser(name);
    await bystander.run('(sleep 1002 </dev/null >/dev/null 2>&1 &)');
    // The app, three sleeps, the deaf one with its own, and the supervisor.
    await waitForProcesses(host, 7);
    const app = readApp(await ask(laptop, [host], 'stop', 'web', '--grace', '1s'));
    expect(app).toMatchObject({ state: 'stopped', how: 'kill', changed: true });
    expect(await listProcesses(host)).toEqual([]);
    expect(await listProcesses(bystander)).toHaveLength(1);
  });

  test('of an app whose supervisor was killed stops all the same', async () => {
    const { host, laptop } = await start('exec sleep 1000');
    const pid = readPid(readApp(await ask(laptop, [host], 'status', 'web')));
    const supervisor = (await waitForProcesses(host, 2)).find((process) => process.pid !== pid);
    await host.run(`kill -s KILL ${supervisor?.pid}`);
    await waitForProcesses(host, 1);
    expect(readApp(await ask(laptop, [host], 'status', 'web'))).toMatchObject({ state: 'running', pid });
    expect(readApp(await ask(laptop, [host], 'stop', 'web'))).toMatchObject({ state: 'stopped', how: 'term' });
    await waitForProcesses(host, 0);
  });

  test('signals nobody when the app and its supervisor have vanished', async () => {
    const { host, laptop } = await start('exec sleep 1000');
    await killAll(host);
    const lost = readApp(await ask(laptop, [host], 'status', 'web'));
    expect(lost).toMatchObject({ state: 'lost', pid: null, exitCode: null, signal: null });
    const app = readApp(await ask(laptop, [host], 'stop', 'web'));
    expect(app).toMatchObject({ how: 'already-stopped', changed: false });
  });
});
