import { once } from 'node:events';
import { type Laptop, type TestHost, waitFor } from '@outlast/test-fixtures';
import { beforeEach, describe, expect, test } from 'vitest';
import { addLaptop } from '../program-lab.js';
import { readApp, readLines, readPid } from './answer.js';
import { ask, needSystemd } from './docker-lab.js';
import {
  configureLogind,
  enableLinger,
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

/** What logind does with a process that is launched as `setsid` launches one, once its login has ended. */
async function survivesLogout(host: TestHost, laptop: Laptop): Promise<boolean> {
  const app = "sh -c 'echo $$ >pid; exec sleep 1000'";
  const line = `setsid -f ${app} </dev/null >/dev/null 2>&1; until [ -s pid ]; do sleep 0.1; done; cat pid`;
  const { stdout } = await laptop.run(['ssh', '-F', laptop.sshConfig, host.alias, line]);
  expect(stdout).toMatch(/^\d+\n$/);
  await waitForLogout(host);
  return isThere(host, Number(stdout));
}

describe('on a host where logind ends what a login leaves behind', () => {
  test('start refuses before it starts anything, and says what helps there', async () => {
    const { host, laptop, to } = await makeOne();
    const refused = await to('start', 'web', '--', ...ARGV);
    expect(refused).toMatchObject({ ok: false, exitCode: 1 });
    expect(refused.outcomes[0]).toMatchObject({ ok: false, error: { code: 'E_KILLED_AT_LOGOUT' } });
    expect(refused.outcomes[0]?.error?.hint).toContain('--launcher systemd');
    expect(refused.outcomes[0]?.error?.hint).toContain(`sudo loginctl enable-linger ${host.user}`);
    expect(refused.stderr).not.toContain('Safe to disconnect');
    expect((await to('status')).outcomes[0]).toMatchObject({ ok: true, apps: [] });
    expect((await host.run(`find ${host.stateDir}/apps -mindepth 1`)).stdout).toBe('');
    expect((await host.run('pgrep -u "$(id -u)" -x sleep')).stdout).toBe('');
    expect(await survivesLogout(host, laptop)).toBe(false);
  });

  test('restart refuses before it stops anything', async () => {
    const { host, to } = await makeOne();
    const restore = await configureLogind(host, `KillExcludeUsers=${host.user}`);
    const pid = readPid(readApp(await to('start', 'web', '--', ...ARGV)));
    await restore();
    const refused = await to('restart', 'web');
    expect(refused.outcomes[0]).toMatchObject({ ok: false, error: { code: 'E_KILLED_AT_LOGOUT' } });
    expect(readApp(await to('status', 'web'))).toMatchObject({ state: 'running', pid });
  });

  test('an app that runs already is told as such', async () => {
    const { host, to } = await makeOne();
    const restore = await configureLogind(host, `KillExcludeUsers=${host.user}`);
    const pid = readPid(readApp(await to('start', 'web', '--', ...ARGV)));
    await restore();
    expect(readApp(await to('start', 'web', '--', ...ARGV))).toMatchObject({ pid, changed: false });
  });
});

describe('what logind does with a user is what start expects, where it has', () => {
  const RULES: readonly { rule: (user: string) => string; kept: boolean }[] = [
    { rule: () => 'KillUserProcesses=yes', kept: false },
    { rule: () => 'KillUserProcesses=no', kept: true },
    { rule: (user) => `KillUserProcesses=no\nKillOnlyUsers=other ${user}`, kept: false },
    { rule: () => 'KillUserProcesses=yes\nKillOnlyUsers=other', kept: true },
    { rule: (user) => `KillExcludeUsers=${user}`, kept: true },
    { rule: (user) => `KillOnlyUsers=${user}\nKillExcludeUsers=${user}`, kept: true },
    { rule: (user) => `KillExcludeUsers=${user}x x${user}`, kept: false },
  ];
  test.each(RULES.map(({ rule, kept }) => ({ text: rule('USER').replaceAll('\n', ', '), rule, kept })))(
    '$text',
    async ({ rule, kept }) => {
      const { host, laptop, to } = await makeOne();
      await configureLogind(host, rule(host.user));
      expect(await survivesLogout(host, laptop)).toBe(kept);
      const started = await to('start', 'web', '--', ...ARGV);
      expect(started.outcomes[0]?.error?.code).toBe(kept ? undefined : 'E_KILLED_AT_LOGOUT');
      if (!kept) return;
      await waitForLogout(host);
      expect(readApp(await to('status', 'web'))).toMatchObject({ state: 'running', pid: readPid(readApp(started)) });
    },
  );
});

test('an app that a logout has ended was killed, was not started again, and its record names the logout', async () => {
  const { host, laptop, to } = await makeOne();
  const restore = await configureLogind(host, `KillExcludeUsers=${host.user}`);
  const words = ['start', 'web', '--restart', 'always', '--settle', '200ms', '--', ...ARGV];
  const printed = await laptop.outlast([words[0] ?? '', '-H', host.alias, '--print-script', ...words.slice(1)]);
  const login = laptop.spawn(['ssh', '-F', laptop.sshConfig, host.alias, '/bin/sh'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const left = once(login, 'exit');
  login.stdin?.write(`${printed.stdout}\n`);
  const isRunning = async () => (await to('status', 'web')).outcomes[0]?.apps?.[0]?.state === 'running';
  await waitFor(isRunning, { what: 'the app to run' });
  const pid = readPid(readApp(await to('status', 'web')));
  expect(await readUnit(host, pid)).toMatch(/^session-\w+\.scope$/);
  await restore();
  login.stdin?.end();
  await left;
  const ended = await waitForEnd(() => to('status', 'web'));
  expect(ended).toMatchObject({ state: 'killed', signal: 'TERM', restarts: 0 });
  const record = (await host.run(`cat ${host.stateDir}/apps/web/run.1.exit`)).stdout;
  expect(record.trim()).toMatch(/^signal 15 \d+ 0 ended logout \d+$/);
});

test('by either launcher an app begins with the same environment, limits, umask and folder', async () => {
  const { host, to } = await makeOne();
  await configureLogind(host, `KillExcludeUsers=${host.user}`);
  await enableLinger(host);
  const tell = 'env | sort; umask; ulimit -a; cat /proc/self/oom_score_adj; pwd; echo whole; sleep 1000';
  const read = async (launcher: string) => {
    await to('start', 'web', '--settle', '100ms', '--launcher', launcher, '--', 'sh', '-c', tell);
    const readWhole = async () => {
      const lines = readLines(await to('logs', 'web', '-n', '200'));
      return lines.at(-1) === 'whole' ? lines : undefined;
    };
    const lines = await waitFor(readWhole, { what: 'the words of the app' });
    await to('stop', 'web');
    await to('rm', 'web');
    // What tells one login and one run from another.
    return lines.map((line) => line.replace(/^(SSH_C\w+|XDG_SESSION_ID|OUTLAST_RUN)=.*/, '$1'));
  };
  const plain = await read('setsid');
  expect(plain).toContain('OUTLAST_APP=web');
  expect(await read('systemd')).toEqual(plain);
});
