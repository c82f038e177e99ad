import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProcessSshd, type TestHost } from '@outlast/test-fixtures';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addLaptop, appOf, ask, shell, useLab } from '../program-lab.js';

const lab = useLab(['plain']);
const SECRET = 'canary-8f14e45fceea';

// What a script may run on the host; a witness stands in the place of each of them.
const TOOLS =
  'awk basename cat chmod chown cp cut date dd dirname env expr find getconf grep head hostname id kill ln ls mkdir mktemp ' +
  'mv nohup od ps readlink rm rmdir sed seq setsid sh sleep sort stat tail tee test touch tr true uname wc xargs';

let folder = '';
let host: TestHost | undefined;
let ended: () => Promise<void> = async () => undefined;

/** An sshd whose sessions find, first in PATH, programs that write down their argv and then become the real ones. */
async function startWatchedHost(): Promise<TestHost> {
  const witness = [
    '#!/bin/sh',
    'printf "%s\\0" "$0" "$@" >>"$ARGV_LOG"',
    'PATH=/usr/bin:/bin:/usr/sbin:/sbin',
    'exec "$(basename "$0")" "$@"\n',
  ].join('\n');
  for (const tool of TOOLS.split(' ')) {
    await writeFile(join(folder, tool), witness);
    await chmod(join(folder, tool), 0o755);
  }
  const started = await startProcessSshd({
    alias: 'web1',
    env: { PATH: `${folder}:/usr/bin:/bin`, ARGV_LOG: `${folder}/argv.log` },
  });
  ended = () => started.stop();
  return started;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outlast-watched-'));
  await chmod(folder, 0o777);
  host = await startWatchedHost().catch(() => undefined);
});
afterAll(async () => {
  await ended();
  await rm(folder, { recursive: true, force: true });
});

const readArgvLog = () => readFile(join(folder, 'argv.log'), 'utf8');
const listArgvs = async () => (await lab.host().run("cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n'")).stdout;

test('a secret reaches the app, and is in no argv, no output and no file that others can read', async (context) => {
  if (host === undefined) return context.skip('no sshd');
  const laptop = await addLaptop([host]);
  const envFile = join(laptop.home, '.env');
  await writeFile(envFile, `TOKEN=${SECRET}\nMULTI="line 1\\n${SECRET}"\n`);
  const flags = ['-H', 'web1', '--settle', '300ms'];
  // The app says how long its secret is, not what it is.
  const line = shell('echo "$(printf %s "$TOKEN" | wc -c) $(printf %s "$MULTI" | wc -l)"; exec sleep 600');
  const said: string[] = [];
  const run = async (args: readonly string[]) => {
    const result = await laptop.outlast(args);
    said.push(result.stdout, result.stderr);
    return result;
  };
  try {
    const started = await run(['start', 'app', '--json', ...flags, '--env-file', envFile, ...line]);
    expect(started.exitCode, started.stderr).toBe(0);
    expect(await listArgvs()).not.toContain(SECRET);
    expect((await run(['logs', 'app', '-H', 'web1'])).stdout).toBe(`${SECRET.length} 1\n`);
    await run(['status', '--json', '-H', 'web1']);
    await run(['status', '-H', 'web1']);
    const inspected = appOf(await ask(laptop, ['inspect', 'app', '-H', 'web1']));
    expect(inspected.spec?.secretEnv).toEqual({ MULTI: '********', TOKEN: '********' });
    await run(['inspect', 'app', '-H', 'web1']);
    await run(['inspect', 'app', '--json', '-H', 'web1']);
    await run(['find', 'sleep 600', '--json', '-H', 'web1']);
    // The recorded secret goes along, although this laptop does not say it again.
    await run(['restart', 'app', ...flags]);
    expect((await run(['logs', 'app', '-H', 'web1', '-n', '1'])).stdout).toBe(`${SECRET.length} 1\n`);
    await run(['start', 'app', ...flags, '--env', 'OTHER=1', '--env-file', envFile, ...line]);
  } finally {
    await run(['stop', 'app', '-H', 'web1']);
  }
  expect(said.join('\n')).not.toContain(SECRET);
  const argvs = await readArgvLog();
  // Proof that the witnesses were there.
  expect(argvs).toContain(`${folder}/ls\0`);
  expect(argvs).toContain(`${folder}/sleep\0`);
  expect(argvs).not.toContain(SECRET);
  expect(argvs).not.toContain(Buffer.from(SECRET).toString('hex'));
  const open = await host.run(`find ${host.stateDir} \\( -type f -perm /077 -o -type d -perm /077 \\)`);
  expect(open.stdout).toBe('');
});

test('a secret on a command line is not offered: there is no flag that takes one', async () => {
  const { stdout } = await lab.run(['start', '--help']);
  expect(stdout).toMatch(/--env-file/);
  expect(stdout).not.toMatch(/--(secret|password|token)/);
});
