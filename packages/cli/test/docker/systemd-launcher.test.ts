import { type Laptop, type TestHost, waitFor } from '@outlast/test-fixtures';
import { beforeEach, describe, expect, test } from 'vitest';
import { addLaptop } from '../program-lab.js';
import { readApp, readLines, readPid } from './answer.js';
import { ask, makeUser, needSystemd, runAsRoot } from './docker-lab.js';
import {
  enableLinger,
  isManagerUp,
  isThere,
  makeLogindUser,
  readUnit,
  waitForEnd,
  waitForLogout,
} from './logind-lab.js';

beforeEach(needSystemd);

const ARGV = ['sleep', '1000'];

async function makeOne(): Promise<{ host: TestHost; laptop: Laptop; to: ReturnType<typeof bind> }> {
  const host = await makeLogindUser();
  const laptop = await addLaptop([host]);
  return { host, laptop, to: bind(laptop, host) };
}

function bind(laptop: Laptop, host: TestHost) {
  return (verb: string, ...words: string[]) => ask(laptop, [host], verb, ...words);
}

/** How systemd calls the scopes of ours that it has, whatever became of them. */
async function listScopes(host: TestHost): Promise<string> {
  const line = `XDG_RUNTIME_DIR=/run/user/$(id -u) systemctl --user list-units --all --no-legend --plain 'outlast*'`;
  return (await host.run(line)).stdout.trim();
}

test('without lingering it refuses before it starts anything, and names the line that helps', async () => {
  const { host, to } = await makeOne();
  const refused = await to('start', 'web', '--launcher', 'systemd', '--', ...ARGV);
  expect(refused.outcomes[0]).toMatchObject({
    ok: false,
    error: { code: 'E_KILLED_AT_LOGOUT', hint: `on the host, once: sudo loginctl enable-linger ${host.user}` },
  });
  expect((await to('status')).outcomes[0]).toMatchObject({ apps: [] });
  expect((await host.run(`find ${host.stateDir}/apps -mindepth 1`)).stdout).toBe('');
});

test('where users may turn lingering on themselves, it does', async () => {
  const { host, to } = await makeOne();
  await runAsRoot(host, 'usermod -aG lingerers "$1"', host.user);
  const started = await to('start', 'web', '--launcher', 'systemd', '--', ...ARGV);
  expect(started).toMatchObject({ ok: true, exitCode: 0 });
  expect((await host.run(`loginctl show-user ${host.user} -p Linger --value`)).stdout).toBe('yes\n');
});

test('an app outlives the last logout for longer than any user manager without lingering', async () => {
  const { host, to } = await makeOne();
  await enableLinger(host);
  const started = await to('start', 'web', '--launcher', 'systemd', '--', 'sh', '-c', 'echo up; exec sleep 1000');
  expect(started.stderr).toBe('Safe to disconnect.\n');
  const pid = readPid(readApp(started));
  await waitForLogout(host);
  // Another user comes and goes after that; systemd takes its time until it ends the user manager.
  const other = await makeOne();
  await other.to('status');
  expect(await isManagerUp(other.host)).toBe(true);
  await waitForLogout(other.host);
  const isEnded = async () => !(await isManagerUp(other.host));
  await waitFor(isEnded, { what: 'the end of the other user manager', timeoutMs: 60_000 });

  expect(readApp(await to('status', 'web'))).toMatchObject({ state: 'running', pid });
  expect(await readUnit(host, pid)).toMatch(/^outlast-web-1-[0-9a-f]+\.scope$/);
  expect(readLines(await to('logs', 'web'))).toEqual(['up']);
  expect(readApp(await to('inspect', 'web'))).toMatchObject({ spec: { launcher: 'systemd' } });
  const again = readApp(await to('restart', 'web'));
  expect(again).toMatchObject({ state: 'running', changed: true });
  expect(await readUnit(host, readPid(again))).toMatch(/^outlast-web-2-[0-9a-f]+\.scope$/);
  expect(readApp(await to('stop', 'web'))).toMatchObject({ state: 'stopped', how: 'term' });
  expect(await isThere(host, readPid(again))).toBe(false);
  await waitFor(async () => (await listScopes(host)) === '', { what: 'the scopes to vanish' });
});

test('how an app ended is recorded, and a name that was used before is free', async () => {
  const { host, to } = await makeOne();
  await enableLinger(host);
  const line = 'until rm go 2>/dev/null; do sleep 0.1; done; exit 7';
  for (const _ of [1, 2]) {
    const started = await to('start', 'web', '--launcher', 'systemd', '--', 'sh', '-c', line);
    expect(started).toMatchObject({ ok: true });
    await host.run('touch go');
    const waited = await to('wait', 'web');
    expect(readApp(waited)).toMatchObject({ state: 'exited', exitCode: 7 });
    await to('rm', 'web');
  }
});

test('where the login knows nothing of the user manager, it is found all the same, and the app is told nothing of it', async () => {
  const { host, to } = await makeOne();
  await enableLinger(host);
  await host.run('echo "unset XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS" >.bashrc');
  const started = readApp(await to('start', 'web', '--launcher', 'systemd', '--', ...ARGV));
  expect(await readUnit(host, readPid(started))).toMatch(/^outlast-web-1-/);
  const environment = await host.run(`tr '\\0' '\\n' </proc/${readPid(started)}/environ`);
  expect(environment.stdout).toContain('OUTLAST_APP=web\n');
  expect(environment.stdout).not.toMatch(/^(XDG_RUNTIME_DIR|DBUS_SESSION_BUS_ADDRESS|INVOCATION_ID)=/m);
});

describe('a host that cannot', () => {
  test('because it has no user manager is told by name, and keeps nothing of the attempt', async () => {
    const host = await makeUser('debian');
    const to = bind(await addLaptop([host]), host);
    const refused = await to('start', 'web', '--launcher', 'systemd', '--', ...ARGV);
    expect(refused.outcomes[0]).toMatchObject({ ok: false, error: { code: 'E_LAUNCHER' } });
    expect(refused.outcomes[0]?.error?.message).toContain('no systemd user manager');
    expect((await to('status')).outcomes[0]).toMatchObject({ apps: [] });
  });

  test('because systemd refuses is told what systemd says, and can try again', async () => {
    const { host, to } = await makeOne();
    await enableLinger(host);
    const fake = "printf '#!/bin/sh\\necho no scope today >&2; exit 1\\n' >bin/systemd-run; chmod +x bin/systemd-run";
    await host.run(`mkdir bin; ${fake}; echo 'PATH=$HOME/bin:$PATH' >.bashrc`);
    const refused = await to('start', 'web', '--launcher', 'systemd', '--', ...ARGV);
    expect(refused.outcomes[0]).toMatchObject({ ok: false, error: { code: 'E_LAUNCHER' } });
    expect(refused.outcomes[0]?.error?.message).toContain('no scope today');
    expect((await host.run('pgrep -u "$(id -u)" -x sleep')).stdout).toBe('');
    await host.run('rm .bashrc');
    const started = readApp(await to('start', 'web', '--launcher', 'systemd', '--', ...ARGV));
    expect(started).toMatchObject({ state: 'running', changed: true });
  });
});

describe('what ends an app from outside is recorded as it was, and nothing is started again', () => {
  const WAYS: readonly {
    what: string;
    cause: 'logout' | null;
    end: (host: TestHost, scope: string) => Promise<unknown>;
  }[] = [
    {
      what: 'systemctl --user stop',
      cause: null,
      end: (host, scope) => host.run(`XDG_RUNTIME_DIR=/run/user/$(id -u) systemctl --user stop ${scope}`),
    },
    {
      what: 'the end of lingering after the last logout',
      cause: 'logout',
      end: (host) => runAsRoot(host, 'loginctl disable-linger "$1"', host.user),
    },
  ];
  test.each(WAYS)('$what', async ({ end, cause }) => {
    const { host, to } = await makeOne();
    await enableLinger(host);
    const started = readApp(await to('start', 'web', '--launcher', 'systemd', '--restart', 'always', '--', ...ARGV));
    await waitForLogout(host);
    await end(host, await readUnit(host, readPid(started)));
    // To look as outlast does would be to log in again, which keeps the user manager.
    const isGone = async () => !(await isThere(host, readPid(started)));
    await waitFor(isGone, { what: 'the app to end', timeoutMs: 60_000 });
    const ended = await waitForEnd(() => to('status', 'web'));
    expect(ended).toMatchObject({ state: 'killed', signal: 'TERM', cause, restarts: 0 });
  });
});
