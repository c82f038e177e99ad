import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { diagnoseHost } from '../../src/diagnosis/diagnose-host.js';
import type { Finding } from '../../src/diagnosis/finding.js';
import { OPTIONAL_TOOLS, REQUIRED_TOOLS } from '../../src/diagnosis/tools.js';
import { doctor } from '../../src/operations/doctor.js';
import { logs } from '../../src/operations/logs.js';
import { searchLogs } from '../../src/operations/search-logs.js';
import { start } from '../../src/operations/start.js';
import { status } from '../../src/operations/status.js';
import { stop } from '../../src/operations/stop.js';
import { readReply } from '../read-reply.js';
import {
  BY,
  createPrivateHost,
  createRequest,
  isAlive,
  PLAIN_SPEC,
  type PrivateHost,
  readProc,
  replaceIn,
} from './private-host.js';
import { findProgram, findShell, SH_NAMES } from './shells.js';

let host: PrivateHost | undefined;
let mounted: string | undefined;

afterEach(async () => {
  if (mounted !== undefined) execFileSync('umount', ['-l', mounted]);
  mounted = undefined;
  await host?.close();
  host = undefined;
});

const SLEEPER = ['sleep', '1000'];

async function diagnose(change?: (script: string) => string): Promise<Finding[]> {
  const beforeMs = Date.now();
  const survey = await (host as PrivateHost).operate(doctor, {}, change);
  return diagnoseHost(survey, { beforeMs, afterMs: Date.now() });
}

/** What is there to tell of one check. */
function pick(findings: readonly Finding[], check: string): Finding[] {
  return findings.filter((finding) => finding.check === check);
}

function stateDir(): string {
  return join((host as PrivateHost).appDir('web'), '../..');
}

describe.each(SH_NAMES)('with %s as sh', (shell) => {
  test('a host in order has no problem, and nothing is left there', async (ctx) => {
    const path = findShell(shell);
    if (path === undefined) return ctx.skip(`${shell} is not installed`);
    host = await createPrivateHost(path);
    const findings = await diagnose();
    expect(findings.filter(({ level }) => level === 'problem')).toEqual([]);
    expect(pick(findings, 'shell')).toMatchObject([{ level: 'ok' }]);
    expect(pick(findings, 'state-folder')).toMatchObject([
      { level: 'ok', message: `records will be kept in ${stateDir()}` },
    ]);
    for (const check of ['clock', 'proc', 'required-tools', 'disk-space', 'rc-input', 'rc-output'])
      expect(pick(findings, check)).toMatchObject([{ level: 'ok' }]);
    expect(readdirSync(host.home).filter((name) => name !== 'bin')).toEqual([]);
    await host.expectNoProcesses();
  });
});

test('what an rc file prints and eats is told', async () => {
  host = await createPrivateHost();
  const findings = await diagnose((script) => `echo hello "there"\n${script.slice(script.indexOf('\n') + 1)}`);
  expect(pick(findings, 'rc-input')).toMatchObject([
    { level: 'warning', remedy: expect.stringContaining('/dev/null') },
  ]);
  expect(pick(findings, 'rc-output')).toMatchObject([
    { level: 'note', message: expect.stringContaining('"hello there"') },
  ]);
});

test('another shell that an rc file execs is told', async (ctx) => {
  const own = realpathSync('/bin/sh');
  const other = SH_NAMES.filter((name) => name !== 'busybox')
    .map(findShell)
    .find((path) => path !== undefined && realpathSync(path) !== own);
  if (other === undefined) return ctx.skip('no shell is installed besides /bin/sh; install zsh');
  host = await createPrivateHost();
  const { env, home: cwd } = host;
  const nonce = 'n0nce';
  const output = execFileSync(other, ['-s'], { input: doctor.build({}, { nonce }), env, cwd });
  const survey = doctor.parse(readReply(output, nonce), {});
  expect(survey.shell).toMatchObject({ isSh: 'no', program: realpathSync(other) });
});

describe('a state folder', () => {
  test('that is used already is told as it is, and keeps what it holds', async () => {
    host = await createPrivateHost();
    await host.start('web', SLEEPER);
    const before = readdirSync(join(stateDir(), 'apps')).sort();
    expect(pick(await diagnose(), 'state-folder')).toMatchObject([
      { level: 'ok', message: `records are kept in ${stateDir()}` },
    ]);
    expect(readdirSync(join(stateDir(), 'apps')).sort()).toEqual(before);
  });

  const BROKEN: Readonly<Record<string, [break_: (state: string) => void, message: RegExp, remedy: RegExp]>> = {
    'is a symbolic link': [
      (state) => {
        mkdirSync(join(state, '..'), { recursive: true });
        symlinkSync('/tmp', state);
      },
      /symbolic link/,
      /^put a folder in its place: rm /,
    ],
    'can be written by others': [
      (state) => {
        mkdirSync(state, { recursive: true });
        chmodSync(state, 0o770);
      },
      /can be written by others \(drwxrwx---\)/,
      /chmod 700 /,
    ],
    'is a file': [
      (state) => {
        mkdirSync(join(state, '..'), { recursive: true });
        writeFileSync(state, '');
      },
      /outlast can be written by others|no folder/,
      /^move .* away/,
    ],
    'would be below a file': [
      (state) => {
        mkdirSync(join(state, '../..'), { recursive: true });
        writeFileSync(join(state, '..'), '');
      },
      /cannot be made: .*\.local\/state is no folder/,
      /^move .*\.local\/state away/,
    ],
  };

  test.each(Object.entries(BROKEN))('that %s is a problem, as start would find', async (_what, broken) => {
    const [break_, message, remedy] = broken;
    host = await createPrivateHost();
    break_(stateDir());
    const [finding] = pick(await diagnose(), 'state-folder');
    expect(finding).toMatchObject({ level: 'problem' });
    expect(finding?.message).toMatch(message);
    expect(finding?.remedy).toMatch(remedy);
    await expect(host.start('web', SLEEPER)).rejects.toMatchObject({ code: 'E_STATE_DIR' });
    await host.expectNoProcesses();
  });

  test('of another user is a problem, and the remedy gives it back', async (ctx) => {
    if (process.getuid?.() !== 0) return ctx.skip('only root can give a folder away; run as root');
    host = await createPrivateHost();
    mkdirSync(stateDir(), { recursive: true });
    chownSync(stateDir(), 65_534, 65_534);
    expect(pick(await diagnose(), 'state-folder')).toMatchObject([
      {
        level: 'problem',
        message: expect.stringContaining('another user'),
        remedy: expect.stringMatching(/chown -R root /),
      },
    ]);
  });
});

/** Mounts a small file system in memory where the records would be. */
async function mountState(ctx: { skip(note: string): never }, options: string): Promise<string> {
  host = await createPrivateHost();
  mkdirSync(stateDir(), { recursive: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `mode=700,${options}`, 'tmpfs', stateDir()], { stdio: 'pipe' });
  } catch {
    ctx.skip('mounting is not allowed here; run as root with CAP_SYS_ADMIN');
  }
  const path = stateDir();
  mounted = path;
  return path;
}

describe('a file system', () => {
  test('in memory and noexec is told, and start does not mind', async (ctx) => {
    await mountState(ctx, 'size=1m,noexec');
    const findings = await diagnose();
    expect(pick(findings, 'state-folder')).toMatchObject([{ level: 'ok' }]);
    expect(pick(findings, 'file-system')).toMatchObject([
      { level: 'warning', message: expect.stringContaining('in memory (tmpfs)') },
      { level: 'note', message: expect.stringContaining('noexec') },
    ]);
    expect(pick(findings, 'disk-space')).toMatchObject([
      { level: 'warning', message: 'only 1024 KiB are left for records and logs' },
    ]);
    const { error, report } = await (host as PrivateHost).start('web', SLEEPER);
    expect([error, report.state]).toEqual([undefined, 'running']);
    await (host as PrivateHost).operate(stop, { apps: ['web'], by: BY });
  });

  test('without inodes is told, and start is refused as the finding says', async (ctx) => {
    const path = await mountState(ctx, 'size=1m,nr_inodes=8');
    mkdirSync(join(path, 'apps'), { mode: 0o700 });
    for (let number = 1; number <= 6; number++) writeFileSync(join(path, `${number}`), '');
    const findings = await diagnose();
    expect(pick(findings, 'state-folder')).toMatchObject([
      { level: 'problem', message: expect.stringContaining('is full'), remedy: expect.stringContaining('df -i') },
    ]);
    expect(pick(findings, 'disk-space').map(({ message }) => message)).toContain(
      'only 0 inodes are left, and a run of an app takes a dozen',
    );
    const refusal = (host as PrivateHost).start('web', SLEEPER).then(
      ({ error }) => error?.code,
      ({ code }) => code,
    );
    expect(await refusal).toBe('E_STATE_DIR');
  });

  test('that is read-only is told as such', async (ctx) => {
    await mountState(ctx, 'size=1m,ro');
    expect(pick(await diagnose(), 'state-folder')).toMatchObject([
      { level: 'problem', message: expect.stringContaining('read-only') },
    ]);
    await expect((host as PrivateHost).start('web', SLEEPER)).rejects.toMatchObject({ code: 'E_STATE_DIR' });
  });
});

const NOBODY = 65_534;

/** Runs the script in a pid namespace of its own, whose pid 1 is a Node that waits for that script and for nothing else. */
async function diagnoseBelowNode(ctx: { skip(note: string): never }, prepare: string, uid: number): Promise<Finding[]> {
  host = await createPrivateHost();
  chmodSync(host.home, 0o755);
  const nonce = 'n0nce';
  const code = `const { execFileSync, spawnSync } = require('child_process'); ${prepare};
    spawnSync('/bin/sh', ['-s'], { stdio: 'inherit', uid: ${uid}, gid: ${uid} });`;
  const argv = ['--mount', '--pid', '--fork', '--mount-proc', process.execPath, '-e', code];
  try {
    execFileSync('unshare', ['--mount', '--pid', '--fork', '--mount-proc', 'true'], { stdio: 'pipe' });
  } catch {
    ctx.skip('namespaces cannot be made here; run as root with CAP_SYS_ADMIN and util-linux');
  }
  const output = execFileSync('unshare', argv, { input: doctor.build({}, { nonce }), env: host.env, cwd: '/' });
  const now = Date.now();
  return diagnoseHost(doctor.parse(readReply(output, nonce), {}), { beforeMs: now, afterMs: now });
}

test('a pid 1 that does not reap is told, and which program it is', async (ctx) => {
  const findings = await diagnoseBelowNode(ctx, '', 0);
  expect(pick(findings, 'init')).toMatchObject([
    { level: 'warning', message: expect.stringMatching(/^pid 1 \(.+\) leaves its dead children as zombies/) },
  ]);
  expect(pick(findings, 'proc')).toMatchObject([{ level: 'ok' }]);
});

test('processes that hidepid hides are told', async (ctx) => {
  const remount = "execFileSync('mount', ['-o', 'remount,hidepid=2', '/proc'])";
  const findings = await diagnoseBelowNode(ctx, remount, NOBODY);
  expect(pick(findings, 'proc')).toMatchObject([{ level: 'note', message: expect.stringContaining('hidepid') }]);
  expect(findings.filter(({ level }) => level === 'problem').map(({ check }) => check)).toEqual(['state-folder']);
});

const HELPERS = ['env', 'setsid', 'true'];

/** A home in which PATH leads to these programs alone; `replaced` are others in their place, as argv. */
async function makeHostWith(missing: readonly string[], replaced: Readonly<Record<string, string>> = {}) {
  const tools = await mkdtemp(join(tmpdir(), 'outlast-tools-'));
  onTestFinished(() => rm(tools, { recursive: true, force: true }));
  for (const tool of [...Object.keys(REQUIRED_TOOLS), ...Object.keys(OPTIONAL_TOOLS), ...HELPERS]) {
    const path = findProgram(tool);
    if (path === undefined) throw new Error(`this machine has no ${tool}`);
    if (tool in replaced) writeFileSync(join(tools, tool), `#!/bin/sh\n${replaced[tool]}\n`, { mode: 0o755 });
    else if (!missing.includes(tool)) symlinkSync(path, join(tools, tool));
  }
  host = await createPrivateHost(undefined, { PATH: tools });
  return host;
}

/** Our scripts look in the usual folders, too. */
function keepPath(script: string): string {
  return replaceIn(script, 'PATH=$PATH:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin', ':');
}

const operate: PrivateHost['operate'] = (operation, options) =>
  (host as PrivateHost).operate(operation, options, keepPath);

function startSleeper() {
  const spec = { ...PLAIN_SPEC, argv: SLEEPER };
  return operate(start, { app: 'web', spec, request: createRequest(), by: BY, settleMs: 200 });
}

/** HUP, INT and QUIT as the kernel has them: 1, 2 and 4. */
function readIgnored(pid: number): number {
  return Number.parseInt(/SigIgn:\s*([0-9a-f]+)/.exec(readProc(pid, 'status'))?.[1] ?? '', 16);
}

function readGroupAndSession(pid: number): string[] {
  return readProc(pid, 'stat').split(') ')[1]?.split(' ').slice(2, 4) ?? [];
}

/** Starts, looks and stops with what there is, which has to work. */
async function liveThrough(look: (pid: number, startedAt: string | null) => void = () => undefined): Promise<void> {
  const { error, report } = await startSleeper();
  expect([error, report.state]).toEqual([undefined, 'running']);
  look(report.pid as number, report.startedAt);
  const [seen] = await operate(status, { apps: ['web'] });
  expect(seen?.report).toMatchObject({ state: 'running', pid: report.pid });
  const [stopped] = await operate(stop, { apps: ['web'], by: BY });
  expect(stopped).toMatchObject({ changed: true, report: { state: 'stopped', how: 'term' } });
  expect(isAlive(report.pid as number)).toBe(false);
  await host?.expectNoProcesses();
}

describe('a host without', () => {
  test.each(Object.entries(REQUIRED_TOOLS))('%s is told of it, and who refuses does', async (tool, verbs) => {
    await makeHostWith([tool]);
    const findings = await diagnose(keepPath);
    expect(pick(findings, 'required-tools')).toEqual([
      {
        check: 'required-tools',
        level: 'problem',
        message: `no ${tool}: needed by ${verbs.join(', ')}`,
        remedy: expect.stringMatching(`^install ${tool} `),
      },
    ]);
    expect(pick(findings, 'setsid')).toMatchObject([{ level: 'ok' }]);
    if (!verbs.some((verb) => verb === 'start' || verb === 'every verb')) return;
    await expect(startSleeper()).rejects.toMatchObject({ code: 'E_UNSUPPORTED_HOST' });
    await host?.expectNoProcesses();
  });

  test.each(Object.entries(OPTIONAL_TOOLS))('%s is told what is different, and works', async (tool, difference) => {
    await makeHostWith([tool]);
    const findings = await diagnose(keepPath);
    expect(pick(findings, 'optional-tools')).toMatchObject([{ level: 'note', message: `no ${tool}: ${difference}` }]);
    expect(pick(findings, 'required-tools')).toMatchObject([{ level: 'ok' }]);
    await liveThrough((pid, startedAt) => {
      expect(readIgnored(pid)).toBe(1);
      if (tool === 'date') expect(startedAt).toBe(null);
    });
  });

  test('tail reads and searches logs all the same', async () => {
    const there = await makeHostWith(['tail']);
    await startSleeper();
    const written = Array.from({ length: 5000 }, (_, index) => `line ${index + 1}\n`).join('');
    writeFileSync(join(there.appDir('web'), 'log'), written);
    const [read] = await operate(logs, { apps: ['web'], bytes: 10_000 });
    expect(Buffer.from(read?.data ?? []).toString()).toBe(written.slice(read?.offset));
    const [found] = await operate(searchLogs, { apps: ['web'], pattern: '9$', lines: 2, endedLines: false });
    expect(found?.lines.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(['line 4989\n', 'line 4999\n']);
    const failed = {
      ...PLAIN_SPEC,
      argv: ['/bin/sh', '-c', 'i=0; while [ $i -lt 30 ]; do i=$((i + 1)); echo $i; done; exit 3'],
    };
    const options = { app: 'failing', spec: failed, request: createRequest(), by: BY, settleMs: 1000 };
    const { error } = await operate(start, options);
    expect(error?.details.lastLines).toEqual(Array.from({ length: 20 }, (_, index) => String(index + 11)));
  });

  test('setsid starts apps in no session of their own and with INT and QUIT ignored, as told', async () => {
    await makeHostWith(['setsid']);
    const [finding] = pick(await diagnose(keepPath), 'setsid');
    expect(finding).toMatchObject({
      level: 'note',
      message: expect.stringMatching(/^no setsid: .* INT and QUIT ignored/),
    });
    await liveThrough((pid) => {
      expect(readIgnored(pid)).toBe(7);
      expect(readGroupAndSession(pid)).not.toContain(String(pid));
    });
  });

  test('setsid -f starts apps with INT and QUIT ignored, as told', async () => {
    const setsid = `[ "$1" != -f ] || exit 1; exec ${findProgram('setsid')} "$@"`;
    await makeHostWith([], { setsid });
    const [finding] = pick(await diagnose(keepPath), 'setsid');
    expect(finding).toMatchObject({
      level: 'note',
      message: expect.stringMatching(/^setsid knows no -f: .* INT and QUIT ignored/),
    });
    await liveThrough((pid) => {
      expect(readIgnored(pid)).toBe(7);
      expect(readGroupAndSession(pid)).toEqual([String(pid), String(pid)]);
    });
  });

  test('fractions of a second in sleep is told of it, and works', async () => {
    await makeHostWith([], { sleep: `case $1 in *.*) exit 1 ;; esac; exec ${findProgram('sleep')} "$@"` });
    expect(pick(await diagnose(keepPath), 'optional-tools')).toMatchObject([
      { level: 'note', message: expect.stringContaining('whole seconds') },
    ]);
    await liveThrough();
  });

  test('any program at all is still told what it lacks', async () => {
    await makeHostWith([...Object.keys(REQUIRED_TOOLS), ...Object.keys(OPTIONAL_TOOLS), ...HELPERS]);
    const findings = await diagnose(keepPath);
    expect(pick(findings, 'required-tools')).toHaveLength(Object.keys(REQUIRED_TOOLS).length);
    expect(pick(findings, 'optional-tools')).toHaveLength(Object.keys(OPTIONAL_TOOLS).length);
  });
});
