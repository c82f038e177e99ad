import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AdoptOptions, adopt } from '../../src/operations/adopt.js';
import { inspect } from '../../src/operations/inspect.js';
import { remove } from '../../src/operations/remove.js';
import { restart } from '../../src/operations/restart.js';
import { signal } from '../../src/operations/signal.js';
import { status } from '../../src/operations/status.js';
import { stop } from '../../src/operations/stop.js';
import {
  BY,
  createPrivateHost,
  createRequest,
  insertBefore,
  isAlive,
  type PrivateHost,
  readEnviron,
  readIfThere,
  readProc,
  readStart,
  waitFor,
} from './private-host.js';
import { findShell, SH_NAMES } from './shells.js';

let host: PrivateHost;
const children: ChildProcess[] = [];

beforeEach(async () => {
  host = await createPrivateHost();
});

afterEach(async () => {
  await host.close();
  children.length = 0;
});

interface HandStart {
  readonly env?: Record<string, string>;
  readonly cwd?: string;
}

/** Starts a process as somebody would by hand: in a group and a session that it may share. */
function startByHand(argv: readonly string[], { env = {}, cwd = host.home }: HandStart = {}): number {
  const [program = '', ...rest] = argv;
  const child = spawn(program, rest, { cwd, env: { ...host.env, ...env }, stdio: 'ignore', detached: true });
  children.push(child);
  return child.pid as number;
}

const buildOptions = (pid: number, app = 'web', start: string | null = null): AdoptOptions => ({
  app,
  pid,
  start,
  request: createRequest(),
  by: BY,
});
const take = (pid: number, app?: string, start?: string) => host.operate(adopt, buildOptions(pid, app, start));

/** One shell with jobs beside each other, all in one group and one session: what a terminal or a script has. */
async function startCrowd(): Promise<{ leader: number; chosen: number; child: number; innocents: number[] }> {
  const job = (name: string, line: string) => `sh -c 'echo $$ >${name}; ${line}' & `;
  const chosen = job('chosen', 'sh -c "echo \\$\\$ >child; sleep 1001; :"; :');
  const leader = startByHand([
    'sh',
    '-c',
    `${chosen}${job('one', 'exec sleep 1002')}${job('two', 'exec sleep 1003')} wait`,
  ]);
  const read = (name: string) => Number(readIfThere(join(host.home, name)) ?? 0);
  await waitFor(() => ['chosen', 'child', 'one', 'two'].every((name) => read(name) > 0), 'all of them run');
  return { leader, chosen: read('chosen'), child: read('child'), innocents: [leader, read('one'), read('two')] };
}

const groupOf = (pid: number) => readProc(pid, 'stat').split(') ').at(-1)?.split(' ').slice(2, 4);

describe('a process that shares its group and its session with innocents', () => {
  test('is stopped with its descendants, and nobody else', async () => {
    const { chosen, child, innocents } = await startCrowd();
    for (const pid of innocents) expect(groupOf(pid)).toEqual(groupOf(chosen));
    expect(await take(chosen)).toMatchObject({ changed: true, report: { state: 'running', pid: chosen } });
    const [inspected] = await host.operate(inspect, { apps: ['web'] });
    expect(inspected?.pids).toEqual(expect.arrayContaining([chosen, child]));
    for (const pid of innocents) expect(inspected?.pids).not.toContain(pid);
    const [stopped] = await host.operate(stop, { apps: ['web'], by: BY });
    expect(stopped).toMatchObject({ changed: true, report: { state: 'stopped', how: 'term', endedBy: BY } });
    expect([chosen, child].map(isAlive)).toEqual([false, false]);
    expect(innocents.map(isAlive)).toEqual([true, true, true]);
  });

  test.each(['KILL', 'TERM', '9'])('gets %s with its descendants, and nobody else', async (name) => {
    const { chosen, child, innocents } = await startCrowd();
    await take(chosen);
    await host.operate(signal, { apps: ['web'], signal: name, scope: 'tree', by: BY });
    await waitFor(() => !isAlive(chosen) && !isAlive(child), 'both are gone');
    expect(innocents.map(isAlive)).toEqual([true, true, true]);
  });

  test('is the leader of them all: those whose parent it is not any more are still not its own', async () => {
    const marks = ['orphan', 'leader'].map((name) => join(host.home, name));
    const leader = startByHand([
      'sh',
      '-c',
      '(sh -c "echo \\$\\$ >orphan; exec sleep 1004" &); echo $$ >leader; sleep 1005; :',
    ]);
    await waitFor(() => marks.every((path) => readIfThere(path)?.endsWith('\n')), 'both run');
    const orphan = Number(readIfThere(join(host.home, 'orphan')));
    expect(groupOf(orphan)).toEqual([String(leader), String(leader)]);
    await take(leader);
    await host.operate(stop, { apps: ['web'], by: BY });
    expect(isAlive(leader)).toBe(false);
    expect(isAlive(orphan)).toBe(true);
  });

  // With the rule for apps of our own, the very same stop takes the whole crowd.
  test('is told from them by that word in its record alone', async () => {
    const { leader, innocents } = await startCrowd();
    await take(leader);
    const path = join(host.appDir('web'), 'run.1.pid');
    writeFileSync(path, readFileSync(path, 'utf8').replace(' adopted', ''));
    await host.operate(stop, { apps: ['web'], by: BY });
    expect(innocents.map(isAlive)).toEqual([false, false, false]);
  });

  test('is counted alone in what it uses', async () => {
    const { leader, chosen, innocents } = await startCrowd();
    await take(chosen);
    const rssOf = (pid: number) => Number(/^VmRSS:\s+(\d+)/m.exec(readProc(pid, 'status'))?.[1] ?? 0) * 1024;
    const [seen] = await host.operate(status, { apps: ['web'] });
    const crowd = [leader, ...innocents].reduce((sum, pid) => sum + rssOf(pid), 0);
    expect(seen?.report.rssBytes).toBeLessThan(crowd + rssOf(chosen));
    expect(seen?.report.rssBytes).toBeGreaterThan(0);
  });
});

test('what was adopted is told as it is, from its own start on', async () => {
  const pid = startByHand(['sleep', '1000']);
  await waitFor(() => readProc(pid, 'cmdline') === 'sleep\x001000\0', 'it runs');
  const { report } = await take(pid);
  expect(report).toMatchObject({ state: 'running', pid, argv: ['sleep', '1000'], cwd: host.home, restarts: 0 });
  expect(Math.abs(Date.parse(report.startedAt ?? '') - Date.now())).toBeLessThan(20_000);
  const [seen] = await host.operate(inspect, { apps: ['web'] });
  expect(seen).toMatchObject({
    adopted: true,
    startedBy: BY,
    supervisorPid: null,
    identity: { pid, start: readStart(pid) },
  });
  expect(readIfThere(join(host.appDir('web'), 'log'))).toMatch(/adopted pid \d+; .*\/dev\/null\n$/);
});

test('the same process under the same name again changes nothing', async () => {
  const pid = startByHand(['sleep', '1000']);
  expect((await take(pid)).changed).toBe(true);
  expect(await take(pid)).toMatchObject({ changed: false, report: { state: 'running', pid } });
  expect(existsSync(join(host.appDir('web'), 'run.2'))).toBe(false);
});

const NASTY = {
  EMPTY: '',
  QUOTES: `it's "so" \\ $(id) \`id\` $HOME`,
  NEWLINES: 'one\n\ntwo\n',
  EMOJI: '\u{1f6a2}',
  'NOT-A-NAME': 'x',
  SECRET_TOKEN: 's3cr3t',
};
const NASTY_ARGV = [
  'sh',
  '-c',
  'sleep 1000; :',
  `it's`,
  '',
  '-n',
  'two\nlines\n',
  '"\\\t\u0007\u007f$(id)`',
  '\u{1f6a2}',
];

test.each(SH_NAMES)('what a restart needs is recorded byte for byte by %s, for the owner alone', async (name) => {
  const path = findShell(name);
  if (path === undefined) return;
  const other = await createPrivateHost(path, { LC_ALL: 'C.UTF-8' }); // yash reads no bytes but those of its locale
  try {
    const cwd = join(other.home, "a b'c");
    await other.launch(`mkdir "$HOME/a b'c"`).output;
    const child = spawn('sh', NASTY_ARGV.slice(1), {
      cwd,
      env: { ...other.env, ...NASTY },
      stdio: 'ignore',
      detached: true,
    });
    const pid = child.pid as number;
    await waitFor(() => readProc(pid, 'cmdline').startsWith('sh\0'), 'it runs');
    const adopted = await other.operate(adopt, buildOptions(pid));
    expect(adopted.error).toBeUndefined();
    expect(adopted.report).toMatchObject({ argv: NASTY_ARGV, cwd });
    expect(statSync(join(other.appDir('web'), 'run.1.launch')).mode & 0o777).toBe(0o600);
    const [inspected] = await other.operate(inspect, { apps: ['web'] });
    expect(JSON.stringify(inspected)).not.toContain('s3cr3t');
    const again = await other.operate(restart, { app: 'web', request: createRequest(), by: BY, settleMs: 200 });
    expect(again.error).toBeUndefined();
    const next = again.report.pid as number;
    expect(next).not.toBe(pid);
    expect(isAlive(pid)).toBe(false);
    expect(readProc(next, 'cmdline').split('\0').slice(0, -1)).toEqual(NASTY_ARGV);
    const { 'NOT-A-NAME': _dropped, ...kept } = NASTY;
    expect(readEnviron(next)).toMatchObject(kept);
    expect(readlinkSync(`/proc/${next}/cwd`)).toBe(cwd);
    expect(again.report.argv).toEqual(NASTY_ARGV);
    const [after] = await other.operate(inspect, { apps: ['web'] });
    expect(after).toMatchObject({ adopted: false });
    expect(after?.supervisorPid).not.toBeNull();
  } finally {
    await other.close();
  }
});

describe('not adopted is', () => {
  const refuse = async (pid: number, app?: string, start?: string) => {
    const { changed, error } = await take(pid, app, start);
    expect(changed).toBe(false);
    return `${error?.code} ${error?.message}`;
  };

  test.each([0, 1])('pid %i', async (pid) => {
    expect(await refuse(pid)).toMatch(/^E_ADOPT_REFUSED/);
  });

  test('what is not there, and nothing is left of the try', async () => {
    expect(await refuse(4_194_305)).toMatch(/^E_NO_SUCH_PROCESS .*4194305/);
    expect(existsSync(host.appDir('web'))).toBe(false);
  });

  test('what the connection hangs on', async () => {
    expect(await refuse(process.pid)).toMatch(/^E_ADOPT_REFUSED .*connection/);
  });

  test('a thread of the kernel', async (ctx) => {
    if (!readProc(2, 'stat').includes('(kthreadd)')) return ctx.skip('this machine shows no threads of its kernel');
    expect(await refuse(2)).toMatch(/^E_ADOPT_REFUSED .*argv/);
  });

  test('a zombie', async () => {
    const parent = startByHand([
      'sh',
      '-c',
      '(until grep -q sleep /proc/$$/comm; do :; done) & echo $! >zombie; exec sleep 1000',
    ]);
    await waitFor(() => readProc(Number(readIfThere(join(host.home, 'zombie'))), 'stat').includes(') Z '), 'it is one');
    expect(isAlive(parent)).toBe(true);
    expect(await refuse(Number(readIfThere(join(host.home, 'zombie'))))).toMatch(/^E_ADOPT_REFUSED .*zombie/);
  });

  test('what has another start time than the one that was found', async () => {
    const pid = startByHand(['sleep', '1000']);
    expect(await refuse(pid, 'web', String(Number(readStart(pid)) - 1))).toMatch(/^E_NO_SUCH_PROCESS/);
    expect((await take(pid, 'web', readStart(pid))).changed).toBe(true);
  });

  test('what ends before it is recorded', async () => {
    const pid = startByHand(['sleep', '1000']);
    const { changed, error } = await host.operate(adopt, buildOptions(pid), (script) =>
      insertBefore(
        script,
        'is_alive "$target" "$target_start" "$boot" ||',
        'kill -s KILL "$target"; while is_alive "$target" "$target_start" "$boot"; do nap; done;',
      ),
    );
    expect([changed, error?.code]).toEqual([false, 'E_NO_SUCH_PROCESS']);
    expect(await host.operate(status, { apps: ['web'] })).toMatchObject([{ report: { pid: null } }]);
  });

  test('what another app has: itself, its child, its supervisor, what it left behind, what holds it', async () => {
    const { report } = await host.start('mine', ['/bin/sh', '-c', 'setsid sleep 1000 & echo $! >child; sleep 1001; :']);
    const [seen] = await host.operate(inspect, { apps: ['mine'] });
    await waitFor(() => readIfThere(join(host.home, 'child'))?.endsWith('\n') === true, 'the child runs');
    const child = Number(readIfThere(join(host.home, 'child')));
    for (const pid of [report.pid as number, child, seen?.supervisorPid as number])
      expect(await refuse(pid)).toMatch(/^E_ADOPT_REFUSED .*belongs to app mine/);
    const { leader, chosen } = await startCrowd();
    await take(chosen, 'inner');
    expect(await refuse(leader)).toMatch(/belongs to app inner/);
    process.kill(report.pid as number, 'SIGKILL');
    await waitFor(() => !isAlive(report.pid as number), 'only what it left is there');
    expect(await refuse(child)).toMatch(/belongs to app mine/);
  });

  test('what would take the name of an app that runs', async () => {
    await host.start('web', ['sleep', '1000']);
    const pid = startByHand(['sleep', '1001']);
    expect(await refuse(pid)).toMatch(/^E_ALREADY_RUNNING .*pid \d+/);
    expect(isAlive(pid)).toBe(true);
  });
});

test('of many at once, under one name and under many, one gets the process', async () => {
  const pid = startByHand(['sleep', '1000']);
  const same = await Promise.all(Array.from({ length: 4 }, () => take(pid)));
  expect(same.filter(({ changed }) => changed)).toHaveLength(1);
  expect(same.flatMap(({ error }) => error?.code ?? [])).toEqual([]);
  const other = startByHand(['sleep', '1001']);
  // The failpoint: all of them have looked before any of them claims.
  const wait =
    ': >"$HOME/looked.$app"; until [ -e "$HOME/looked.a" ] && [ -e "$HOME/looked.b" ] && [ -e "$HOME/looked.c" ]; do nap; done;';
  const results = await Promise.all(
    ['a', 'b', 'c'].map((app) =>
      host.operate(adopt, buildOptions(other, app), (script) =>
        insertBefore(script, 'claim_run || return 1\n  take_over', wait),
      ),
    ),
  );
  expect(results.filter(({ changed }) => changed).length).toBeLessThanOrEqual(1);
  for (const { changed, error } of results)
    expect(changed ? undefined : error?.code).toBe(changed ? undefined : 'E_ADOPT_REFUSED');
  const seen = await host.operate(status, { apps: ['a', 'b', 'c'] });
  expect(seen.filter(({ report }) => report.pid === other).length).toBeLessThanOrEqual(1);
});

test('an end that nobody saw is lost, and then it can be removed or adopted anew', async () => {
  const pid = startByHand(['sleep', '1000']);
  await take(pid);
  process.kill(pid, 'SIGTERM');
  await waitFor(() => !isAlive(pid), 'it is gone');
  expect(await host.operate(status, { apps: ['web'] })).toMatchObject([{ report: { state: 'lost', lastPid: pid } }]);
  const next = startByHand(['sleep', '1001']);
  expect(await take(next)).toMatchObject({ changed: true, report: { pid: next } });
  expect((await host.operate(remove, { apps: ['web'] }))[0]?.error?.code).toBe('E_RUNNING');
  await host.operate(stop, { apps: ['web'], by: BY });
  expect((await host.operate(remove, { apps: ['web'] }))[0]?.changed).toBe(true);
});

test('an end by our own KILL is known', async () => {
  const pid = startByHand(['sleep', '1000']);
  await take(pid);
  const [killed] = await host.operate(signal, { apps: ['web'], signal: 'KILL', scope: 'tree', by: BY });
  expect(killed).toMatchObject({ changed: true, startsAgain: false });
  expect(killed?.report).toMatchObject({ state: 'killed', signal: 'KILL', endedBy: BY, pid: null, lastPid: pid });
});
