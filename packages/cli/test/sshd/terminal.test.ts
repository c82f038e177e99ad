import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatFingerprint, waitFor } from '@outlast/test-fixtures';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildTerminalArgv, findMissingTerminal, runOnTerminal } from '../on-terminal.js';
import { addLaptop, shell, useLab } from '../program-lab.js';
import { drawScreen } from '../terminal-screen.js';

const lab = useLab(['web1', 'web2']);
let missing: string | undefined;

/** What a terminal acts on: everything below the blank but a newline, and what comes after ESC. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;

// biome-ignore lint/suspicious/noControlCharactersInRegex: this is what is looked for
const COLOUR = /\u001b\[(3[0-7]|9[0-7])m/;

beforeAll(async () => {
  missing = await findMissingTerminal(lab.laptop);
  const line = 'printf "\\033]0;owned\\007\\033[2Jhello\\n"; exec sleep 600';
  await lab.run(['start', 'noisy', '-H', 'web1', '--settle', '200ms', ...shell(line)]);
  const marked = [...shell('sleep 600; :'), '\u001b]0;owned\u0007'];
  await lab.run(['start', 'marked', '-H', 'web2', '--settle', '200ms', ...marked]);
});
beforeEach((context) => {
  if (missing !== undefined) context.skip(missing);
});

/** Runs the program on a terminal. */
const onTerminal = (args: readonly string[], { columns = 120 } = {}) => runOnTerminal(lab.laptop, args, columns);

describe('on a terminal', () => {
  test('status is an aligned table in colour', async () => {
    const { stdout, exitCode } = await onTerminal(['status', '-H', 'web1']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('\u001b[');
    const [head = '', row = ''] = drawScreen(stdout);
    expect(head).toMatch(/^HOST +APP +STATE +PID/);
    expect(row).toMatch(/^web1 +noisy/);
    expect(row.indexOf('running')).toBe(head.indexOf('STATE'));
  });

  test('a spinner counts the hosts, and is gone at the end', async () => {
    const { stdout } = await onTerminal(['exec', '-H', 'web1,web2', '--', 'sleep', '0.5']);
    expect(stdout).toMatch(/running.*\/2/);
    expect(drawScreen(stdout).join('').trim()).toBe('');
    expect(stdout.split('\u001b[?25h').length).toBeGreaterThanOrEqual(stdout.split('\u001b[?25l').length);
  });

  test.each([
    ['the log of an app', ['logs', 'noisy', '-H', 'web1']],
    ['the output of exec', ['exec', '-H', 'web1', ...shell('printf "\\033]0;owned\\007\\033[2Jhello\\n"')]],
    ['the errors of exec', ['exec', '-H', 'web1', ...shell('printf "\\033]0;owned\\007\\033[2Jhello\\n" >&2')]],
    ['a process that is found', ['find', 'sleep 600; : .*owned', '-H', 'web1']],
    ['what is inspected', ['inspect', 'marked', '-H', 'web2']],
  ])('%s cannot act on it', async (_what, args) => {
    const { stdout } = await onTerminal(args);
    expect(stdout).toMatch(/owned/);
    expect(stdout).not.toContain('\u001b]0;');
    expect(stdout).not.toContain('\u001b[2J');
    expect(() => drawScreen(stdout)).not.toThrow();
  });

  test('--raw gives the bytes as they are, as asked', async () => {
    expect((await onTerminal(['logs', 'noisy', '--raw', '-H', 'web1'])).stdout).toContain('\u001b]0;owned\u0007');
  });

  test('of 0 columns nothing hangs and nothing spins', async () => {
    const { exitCode, stdout } = await onTerminal(['status', '-H', 'web1'], { columns: 0 });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/noisy/);
    expect(stdout).not.toMatch(/asking|[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/);
  });

  test('a narrow one is not overrun', async () => {
    const { stdout } = await onTerminal(['status', '-H', 'web1'], { columns: 60 });
    const lines = drawScreen(stdout);
    expect(lines.join('\n')).toMatch(/noisy/);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(60);
  });

  test.each([
    ['--no-color', {}],
    ['-q', { NO_COLOR: '1' }],
  ])('colour is kept away by %s with %j', async (flag, env) => {
    const [program = '', ...rest] = buildTerminalArgv(lab.laptop, ['status', flag, '-H', 'web1'], 120);
    const { stdout } = await lab.laptop.run([program, ...rest], { env: { TERM: 'xterm-256color', ...env } });
    expect(stdout).toMatch(/noisy/);
    expect(stdout).not.toContain('\u001b[1m');
    expect(stdout).not.toMatch(COLOUR);
  });

  test.each([
    ['ssh2', 'yes', 0],
    ['ssh2', 'no', 4],
    ['openssh', 'yes', 0],
    ['openssh', 'no', 4],
  ])('an unknown host key is asked about by %s: %s', async (transport, answer, exitCode) => {
    const laptop = await addLaptop([lab.host()]);
    const known = await readFile(laptop.knownHosts, 'utf8');
    await writeFile(laptop.knownHosts, '');
    const client = laptop.spawn(buildTerminalArgv(laptop, ['status', '-H', 'web1', '--transport', transport], 120), {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const said = readAll(client);
    const ended = new Promise((resolve) => client.once('close', resolve));
    await waitFor(() => said().includes(formatFingerprint(lab.host().hostKeys[0] ?? '')), {
      what: 'the question',
      evidence: said,
    });
    client.stdin?.write(`${answer}\n`);
    expect(await ended).toBe(exitCode);
    const after = await readFile(laptop.knownHosts, 'utf8');
    if (answer === 'no') expect(after).toBe('');
    else expect(after.trim()).toBe(known.trim());
  });

  test.each([
    ['yes', 0, ['web1 | here', 'web2 | here'], ''],
    ['no', 1, ['web1 | here'], 'E_SKIPPED'],
  ])('--ask puts the next batch to the person: %s', async (answer, exitCode, lines, error) => {
    const args = ['exec', '-H', 'web1,web2', '--serial', '1', '--ask', '--', 'echo', 'here'];
    const client = lab.laptop.spawn(buildTerminalArgv(lab.laptop, args, 120), { stdio: ['pipe', 'pipe', 'pipe'] });
    const said = readAll(client);
    const ended = new Promise((resolve) => client.once('close', resolve));
    const question = '1 done, all ok. Go on with web2? (yes/no)';
    await waitFor(() => said().includes(question), { what: 'the question', evidence: said });
    client.stdin?.write(`${answer}\n`);
    expect(await ended).toBe(exitCode);
    const shown = drawScreen(said()).join('\n');
    expect(shown.match(/^web. \| here$/gm)).toEqual(lines);
    expect(shown).toContain(error);
  });

  // A passphrase that is wrong ends up nearest to an error.
  test.each(['ssh2', 'openssh'])(
    'what is typed at a question of %s is neither shown nor kept, even with -v',
    async (transport) => {
      const laptop = await addLaptop([lab.host()]);
      const secret = `canary-${randomUUID()}`;
      const key = join(laptop.home, '.ssh/id_test');
      expect((await laptop.run(['ssh-keygen', '-q', '-p', '-P', '', '-N', 'another', '-f', key])).exitCode).toBe(0);
      const args = ['status', '-v', '-H', 'web1', '--transport', transport];
      const client = laptop.spawn(buildTerminalArgv(laptop, args, 120), { stdio: ['pipe', 'pipe', 'pipe'] });
      const said = readAll(client);
      const ended = new Promise((resolve) => client.once('close', resolve));
      for (let asked = 1; asked <= 3; asked++) {
        const isAsked = () => said().split(/passphrase/i).length > asked;
        await waitFor(() => isAsked() || client.exitCode !== null, { what: 'the question', evidence: said });
        client.stdin?.write(`${secret}\n`);
      }
      expect(await ended).toBe(4);
      expect(said()).toContain('E_AUTH');
      expect(said()).not.toContain(secret);
      expect((await laptop.run(['grep', '-rlF', secret, laptop.home])).stdout).toBe('');
    },
  );
});

describe('off a terminal', () => {
  test.each([
    ['status', ['status']],
    ['logs of two hosts', ['logs']],
    ['an error', ['stop', 'nobody']],
    ['exec', ['exec', ...shell('echo hi')]],
    ['hosts', ['hosts']],
  ])('%s has no sequence for a terminal at all', async (_what, [verb = '', ...rest]) => {
    const { stdout, stderr } = await lab.run([verb, '-H', 'web2,web1', '-x', 'web1', ...rest], {
      env: { TERM: 'xterm' },
    });
    expect(stdout + stderr).not.toMatch(CONTROL);
  });

  test('a log is what the app wrote, byte for byte', async () => {
    const { stdout } = await lab.run(['logs', 'noisy', '-H', 'web1']);
    expect(stdout).toBe('\u001b]0;owned\u0007\u001b[2Jhello\n');
  });

  test('data is on stdout and everything else on stderr', async () => {
    const { stdout, stderr } = await lab.run([
      'start',
      'noted',
      '-H',
      'web1',
      '--settle',
      '200ms',
      '--',
      'sleep',
      '600',
    ]);
    expect(stdout).toMatch(/^web1 +noted +running +pid \d+\n$/);
    expect(stderr).toBe('Safe to disconnect.\n');
    const quiet = await lab.run(['restart', 'noted', '-q', '-H', 'web1', '--settle', '200ms']);
    expect(quiet.stderr).toBe('');
  });
});

function readAll(client: ChildProcess): () => string {
  let text = '';
  client.stdout?.on('data', (chunk) => {
    text += String(chunk);
  });
  return () => text;
}
