import { mkdirSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { stop } from '../../src/operations/stop.js';
import {
  BY,
  createPrivateHost,
  type PrivateHost,
  readEnviron,
  readIfThere,
  readProc,
  waitFor,
} from './private-host.js';
import { findShell, SH_NAMES } from './shells.js';

let host: PrivateHost | undefined;

afterEach(async () => {
  await host?.close();
  host = undefined;
});

const WORDS = [
  'a b',
  '',
  ' ',
  "it's",
  '"quoted"',
  'two\nlines\n',
  '$(id)',
  '`id`',
  '$HOME',
  '\\',
  '\\n',
  '!x',
  '*',
  '~',
  '-rf',
  '--',
  'a=b',
  'née 🚀',
  '\t',
  '\r',
  '%s',
  '#',
  ';',
  '&',
  '\u0001\u007f',
];
/** A shell keeps what it was given after its own arguments, so that its argv can be looked at. */
const KEEP = ['/bin/dash', '-c', 'sleep 1000; :', 'name'];
/** Variables of a login that have the names of our own. */
const SHADOWED = {
  app: 'theirs',
  run: '7',
  state: 'x y',
  record_path: '/tmp',
  environment: "it's",
  nonce: '-',
  marked: '',
};
/** What a shell sets for its own use. */
const OF_SHELLS = new Set(['PWD', 'OLDPWD', '_', 'SHLVL', 'A__z', '_AST_FEATURES']);

describe.each(SH_NAMES)('with %s as sh', (shell) => {
  test('argv, environment and folder arrive byte for byte', async (ctx) => {
    const path = findShell(shell);
    if (path === undefined) return ctx.skip(`${shell} is not installed`);
    host = await createPrivateHost(path, {
      LC_ALL: 'C.UTF-8',
      GREETING: 'two\nlines',
      ...SHADOWED,
    });
    const folder = join(host.home, "it's a $(folder) 🚀");
    mkdirSync(folder);
    const env = Object.fromEntries(WORDS.map((word, index) => [`WORD_${index}`, word]));
    const { report, error } = await host.start('web', [...KEEP, ...WORDS], {
      cwd: folder,
      env,
      secretEnv: { TOKEN: 's e' },
    });
    expect(error).toBeUndefined();
    const pid = report.pid as number;

    expect(readProc(pid, 'cmdline').split('\0')).toEqual([...KEEP, ...WORDS, '']);
    expect(report.argv).toEqual([...KEEP, ...WORDS]);
    expect(readlinkSync(`/proc/${pid}/cwd`)).toBe(folder);
    const found = Object.entries(readEnviron(pid)).filter(([name]) => !OF_SHELLS.has(name));
    expect(Object.fromEntries(found)).toEqual({
      ...host.env,
      ...env,
      TOKEN: 's e',
      OUTLAST_APP: 'web',
      OUTLAST_RUN: expect.stringMatching(/^[0-9a-f]{24}$/),
    });
  });
});

test.each([
  [null, '.'],
  ['~', '.'],
  ['~/in home', 'in home'],
  ['in home', 'in home'],
  ['-leading', '-leading'],
  ['~user', '~user'],
])('the folder %j is found', async (cwd, expected) => {
  host = await createPrivateHost();
  mkdirSync(join(host.home, expected), { recursive: true });
  const { report } = await host.start('web', ['sleep', '1000'], { cwd });
  expect(readlinkSync(`/proc/${report.pid}/cwd`)).toBe(join(host.home, expected));
});

test('a folder that is not there is told before anything runs', async () => {
  host = await createPrivateHost();
  const { error, report } = await host.start('web', ['sleep', '1000'], { cwd: '/nowhere/at all' });
  expect(error).toMatchObject({ code: 'E_CWD', message: expect.stringContaining('/nowhere/at all') });
  expect(report.state).toBe('unknown');
  await host.expectNoProcesses();
});

test('the app has its own session, three streams, and signals as they were', async () => {
  host = await createPrivateHost();
  const { report } = await host.start('web', ['sleep', '1000']);
  const pid = report.pid as number;
  const [, , group, session] = readProc(pid, 'stat').split(') ')[1]?.split(' ') ?? [];
  expect([group, session]).toEqual([String(pid), String(pid)]);
  expect(readlinkSync(`/proc/${pid}/fd/0`)).toBe('/dev/null');
  for (const fd of [1, 2]) expect(readlinkSync(`/proc/${pid}/fd/${fd}`)).toBe(join(host.appDir('web'), 'log'));
  expect(readSignals(pid, 'SigIgn')).toBe(1n);
  expect(readSignals(pid, 'SigBlk')).toBe(0n);
});

test('hangups reach an app that asked for them', async () => {
  host = await createPrivateHost();
  const { report } = await host.start('web', ['sleep', '1000'], { hup: 'default' });
  expect(readSignals(report.pid as number, 'SigIgn')).toBe(0n);
});

test.each(['ignore', 'default'] as const)(
  'no variable of the app can come between nohup (%s) and the app',
  async (hup) => {
    host = await createPrivateHost();
    const env = { nohup: '/bin/false', argv: 'x', IFS: 'e', HOME: '/elsewhere', OUTLAST_RUN: 'mine' };
    const { report, error } = await host.start('web', ['sleep', '1000'], { env: { ...env, HOME: host.home }, hup });
    expect(error).toBeUndefined();
    expect(readProc(report.pid as number, 'cmdline')).toBe('sleep\x001000\0');
    expect(readEnviron(report.pid as number)).toMatchObject({ nohup: '/bin/false', argv: 'x', IFS: 'e' });
    const [stopped] = await host.operate(stop, { apps: ['web'], by: BY });
    expect(stopped?.report.how).toBe('term');
  },
);

test('a program whose name begins with a dash is no option', async () => {
  host = await createPrivateHost();
  const { error } = await host.start('web', ['-p', 'x'], {});
  expect(error).toMatchObject({ code: 'E_START_FAILED', details: { exitCode: 127 } });
});

test("the umask is the caller's, and the records are nobody else's business", async () => {
  host = await createPrivateHost();
  const old = process.umask(0o027);
  try {
    await host.start('web', ['/bin/dash', '-c', 'umask >mask; exec sleep 1000']);
  } finally {
    process.umask(old);
  }
  const { home } = host;
  await waitFor(() => readIfThere(join(home, 'mask')) === '0027\n', 'the app has written its umask');
  expect(statSync(host.appDir('web')).mode & 0o077).toBe(0);
  for (const name of ['log', 'run.1.spec', 'run.1.launch', 'run.1.pid']) {
    expect(statSync(join(host.appDir('web'), name)).mode & 0o077).toBe(0);
  }
});

test('the supervisor holds nothing of the client open', async () => {
  host = await createPrivateHost();
  await host.start('web', ['sleep', '1000']);
  const [supervisor] = readFileSync(join(host.appDir('web'), 'run.1.supervisor'), 'utf8')
    .split(' ')
    .map(Number);
  // What this process has open itself may have come down to every child.
  const ours = listOpen('self');
  const open = listOpen(`${supervisor}`);
  expect(open.length).toBeGreaterThan(2);
  expect(open.filter((target) => /^(pipe|socket):/.test(target) && !ours.includes(target))).toEqual([]);
  expect(host.pids()).toHaveLength(2);
});

function listOpen(pid: string): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      return []; // the one that the list itself was read with
    }
  });
}

function readSignals(pid: number, name: string): bigint {
  return BigInt(`0x${new RegExp(`${name}:\\s*([0-9a-f]+)`).exec(readProc(pid, 'status'))?.[1]}`);
}
