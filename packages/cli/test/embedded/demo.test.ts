import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endProcessesOf, findProcessesOf, runProgram, waitFor } from '@outlast/test-fixtures';
import { afterEach, beforeEach, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const RUN = "import { main } from './scripts/start.mjs'; process.exitCode = await main(process.argv.slice(1));";
const PROMPT = '$ ';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outlast-demo-test-'));
});

afterEach(async () => {
  await endProcessesOf(folder);
  await rm(folder, { recursive: true, force: true });
});

interface Demo {
  readonly child: ChildProcess;
  readonly seen: { stdout: string; stderr: string };
  readonly exitCode: Promise<number | null>;
}

/** Starts the demo off a terminal; what it makes is below `folder`. */
function startDemo(args: readonly string[], env: NodeJS.ProcessEnv = {}): Demo {
  const child = spawn(process.execPath, ['--input-type=module', '-e', RUN, '--', ...args], {
    cwd: ROOT,
    env: { ...process.env, TMPDIR: folder, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const seen = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    seen.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    seen.stderr += text;
  });
  const exitCode = once(child, 'close').then(([code]: (number | null)[]) => code ?? null);
  return { child, seen, exitCode };
}

function waitForText({ child, seen }: Demo, text: string): Promise<boolean> {
  const giveUp = () => child.exitCode !== null;
  const evidence = () => seen.stdout + seen.stderr;
  return waitFor(() => seen.stdout.includes(text), { what: text, timeoutMs: 30_000, giveUp, evidence });
}

async function expectNothingLeft(): Promise<void> {
  expect(await readdir(folder)).toEqual([]);
  expect(findProcessesOf(folder)).toEqual([]);
  // What has neither an environment nor a working folder of ours still has an argv.
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const argvs = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  expect(argvs.filter((argv) => argv.includes(folder))).toEqual([]);
}

/** What the demo says itself: on a busy machine the look at what is built takes long enough to be told, too. */
const withoutSteps = ({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }) => ({
  stdout,
  stderr: stderr.replace(/^building … [\d.]+ s\n/, ''),
});

test('off a terminal the demo carries an app through its life on two hosts, and leaves nothing behind', async () => {
  const demo = startDemo([]);
  expect(await demo.exitCode, demo.seen.stdout + demo.seen.stderr).toBe(0);
  const lines = demo.seen.stdout.split('\n');
  expect(lines.filter((line) => line.startsWith(PROMPT)).map((line) => line.split(' ').slice(1, 3).join(' '))).toEqual([
    'outlast start',
    'outlast logs',
    'kill -9',
    'outlast status',
    'outlast logs',
    'outlast stop',
    'outlast status',
  ]);
  const pidOf = (host: string) => new RegExp(`^${host}  hello  running  pid (\\d+)$`, 'm').exec(demo.seen.stdout)?.[1];
  for (const host of ['web1', 'web2']) {
    expect(demo.seen.stdout).toMatch(
      new RegExp(`^GET http://127.0.0.1:\\d+/  200  hello from ${host}, pid ${pidOf(host)}$`, 'm'),
    );
    expect(lines).toContain(`${host}  hello  stopped  (term)`);
  }
  expect(lines).toContain('Safe to disconnect.');
  expect(lines).toContain('→ the client is dead and its connections are closed; the app lives on');
  expect(demo.seen.stdout).not.toContain('\u001b');
  await expectNothingLeft();
  const alias = lines.find((line) => line.startsWith('  alias outlast=')) ?? '';
  const offered = await runProgram(['/bin/sh', '-s'], { cwd: '/', input: `${alias}\noutlast --version\n` });
  expect(offered.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test.each([
  ['SIGINT', 130, '$ outlast start'],
  ['SIGTERM', 143, '$ outlast logs'],
  ['SIGHUP', 129, '$ kill -9'],
] as const)('%s in the middle gives exit code %i and leaves nothing behind', async (signal, exitCode, moment) => {
  const demo = startDemo([]);
  await waitForText(demo, moment);
  demo.child.kill(signal);
  expect(await demo.exitCode).toBe(exitCode);
  expect(withoutSteps(demo.seen).stderr).toBe(`interrupted by ${signal}: cleaned up\n`);
  await expectNothingLeft();
});

test('a reader that goes away ends the demo without a word, and nothing is left behind', async () => {
  const demo = startDemo([]);
  await waitForText(demo, '$ outlast start');
  demo.child.stdout?.destroy();
  expect(await demo.exitCode).toBe(1);
  expect(withoutSteps(demo.seen).stderr).toBe('');
  await expectNothingLeft();
});

test('with --keep the hosts stay up for the lines that it prints, until Ctrl-C', async () => {
  const demo = startDemo(['--keep']);
  await waitForText(demo, '\n  outlast stop hello -H web1,web2\n');
  const offered = demo.seen.stdout.split('In another terminal:')[1] ?? '';
  const lines = offered.split('\n').filter((line) => line.startsWith('  ') && !line.includes(' -f '));
  expect(lines).toHaveLength(4);
  const played = await runProgram(['/bin/sh', '-s'], { cwd: '/', input: lines.join('\n') });
  expect(played.stdout.match(/^web[12] {2}hello {2}running {2}pid \d+$/gm)).toHaveLength(2);
  expect(played.stdout.match(/^web[12] {2}hello {2}running +\d+ /gm)).toHaveLength(2);
  expect(played.stdout.match(/^web[12] {2}hello {2}stopped {2}\(term\)$/gm)).toHaveLength(2);
  demo.child.kill('SIGINT');
  expect(await demo.exitCode, demo.seen.stderr).toBe(0);
  await expectNothingLeft();
});

test('a step that fails is named with what was expected, and nothing is left behind', async () => {
  // Hosts on which no folder can be made.
  const bin = join(folder, 'bin');
  await mkdir(bin);
  await symlink('/bin/false', join(bin, 'mkdir'));
  const demo = startDemo([], { PATH: `${bin}:${process.env.PATH}` });
  expect(await demo.exitCode).toBe(1);
  expect(withoutSteps(demo.seen).stderr).toBe(
    'The step "Start a small web app on both" failed: expected exit code 0, got 1\n',
  );
  await rm(bin, { recursive: true });
  await expectNothingLeft();
});

test('a port that is taken is one line', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const demo = startDemo(['--port', String(port)]);
  expect(await demo.exitCode).toBe(1);
  server.close();
  expect(withoutSteps(demo.seen)).toEqual({
    stdout: '',
    stderr: `port ${port} is taken: choose another one with --port, or leave --port away\n`,
  });
});

test('a folder for temporary files that is not there is one line', async () => {
  const missing = join(folder, 'missing');
  const demo = startDemo([], { TMPDIR: missing });
  expect(await demo.exitCode).toBe(1);
  const stderr = `no files can be made in ${missing} (ENOENT): set TMPDIR to a folder of yours\n`;
  expect(withoutSteps(demo.seen)).toEqual({ stdout: '', stderr });
});

test.each([
  ['--kep', 'there is no flag "--kep"'],
  ['--keep=1', '--keep takes no value'],
  ['--port=0', '--port needs a number from 1 to 65534'],
  ['web3', '"web3" is not understood'],
])('%s is refused with one line', async (arg, message) => {
  const demo = startDemo([arg]);
  expect(await demo.exitCode).toBe(2);
  expect(demo.seen).toEqual({ stdout: '', stderr: `${message}; see: npm start -- --help\n` });
});

test('--help names every flag', async () => {
  const demo = startDemo(['--help']);
  expect(await demo.exitCode).toBe(0);
  for (const flag of ['--streamlit', '--keep', '--port N', '--help']) expect(demo.seen.stdout).toContain(`-- ${flag} `);
});
