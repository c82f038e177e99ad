import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { appOf, shell, useLab } from '../program-lab.js';

const lab = useLab(['web1', 'web2']);
const SECRET = 'canary-5d41402abc4b';

async function countConnections(): Promise<number> {
  const logs = await Promise.all(['web1', 'web2'].map((alias) => lab.host(alias).readLog()));
  return logs.join('').split('Connection from').length;
}

/** Runs a printed script by hand, as the documentation says: `ssh host sh < script`. */
async function runByHand(script: string, alias = 'web1') {
  return lab.laptop.run(['ssh', '-F', lab.laptop.sshConfig, alias, 'sh'], { input: script });
}

const VERBS: readonly (readonly [what: string, args: readonly string[], said: RegExp])[] = [
  ['start', ['start', 'app', '--', 'sleep', '600'], /start app: sleep 600/],
  ['stop', ['stop', 'app'], /stop app/],
  ['restart', ['restart', 'app'], /restart app/],
  ['signal', ['signal', 'SIGHUP', 'app'], /send HUP to app/],
  ['kill', ['kill', 'app'], /send KILL to app/],
  ['rm', ['rm', 'app'], /forget app/],
  ['exec', ['exec', '--', 'touch', '/tmp/never'], /run touch \/tmp\/never/],
  ['status', ['status'], /status/],
  ['logs', ['logs', 'app'], /logs/],
  ['wait', ['wait', 'app'], /wait for app/],
  ['inspect', ['inspect', 'app'], /inspect app/],
  ['find', ['find', 'sleep'], /search for sleep/],
];

const withHosts = ([verb = '', ...rest]: readonly string[], ...flags: string[]) => [
  verb,
  ...flags,
  '-H',
  'web1,web2',
  ...rest,
];

describe('--dry-run', () => {
  test.each(VERBS)('of %s says what would be done where, and opens no connection', async (_verb, args, said) => {
    const before = await countConnections();
    const result = await lab.run(withHosts(args, '--dry-run'));
    expect(result.exitCode, result.stderr).toBe(0);
    expect(result.stdout).toMatch(said);
    expect(result.stdout).toMatch(/web1\n.*web2\n/s);
    expect(await countConnections()).toBe(before);
  });

  test('as a document', async () => {
    const result = await lab.run(withHosts(['stop', 'app'], '--dry-run', '--json'));
    expect(JSON.parse(result.stdout)).toEqual({
      schema: 'outlast/1',
      verb: 'stop',
      dryRun: true,
      action: 'stop app',
      hosts: ['web1', 'web2'],
    });
  });
});

describe('--print-script', () => {
  test.each(VERBS)('of %s prints a script that sh can read, and opens no connection', async (_verb, args) => {
    const before = await countConnections();
    const { stdout, exitCode } = await lab.run(withHosts(args, '--print-script'));
    expect(exitCode).toBe(0);
    expect(await countConnections()).toBe(before);
    expect((await lab.laptop.run(['sh', '-n'], { input: stdout })).stderr).toBe('');
  });

  test('really does it when it is run by hand: start, status, stop', async () => {
    const start = await lab.run([
      'start',
      'by-hand',
      '-H',
      'web1',
      '--print-script',
      ...shell('echo hi; exec sleep 600'),
    ]);
    const answer = await runByHand(start.stdout);
    expect(answer.stdout).toMatch(/STARTED by-hand new/);
    const running = appOf(await lab.ask(['status', 'by-hand', '-H', 'web1']));
    expect(running).toMatchObject({ state: 'running', argv: ['/bin/sh', '-c', 'echo hi; exec sleep 600'] });
    const status = await lab.run(['status', 'by-hand', '-H', 'web1', '--print-script']);
    expect((await runByHand(status.stdout)).stdout).toContain(String(running.pid));
    const stop = await lab.run(['stop', 'by-hand', '-H', 'web1', '--print-script']);
    expect((await runByHand(stop.stdout)).stdout).toMatch(/STOP by-hand term/);
    expect(appOf(await lab.ask(['status', 'by-hand', '-H', 'web1']))).toMatchObject({ state: 'stopped', how: 'term' });
  });

  test('of exec does it, too', async () => {
    const { stdout } = await lab.run([
      'exec',
      '-H',
      'web1',
      '--print-script',
      ...shell('echo "out $1"; exit 7'),
      'x',
      'a  b',
    ]);
    const answer = await runByHand(stdout);
    expect(answer.stdout).toContain('out a  b\n');
    expect(answer.exitCode).toBe(7);
  });

  test('runs nothing when it is cut off, wherever that is', async () => {
    const { stdout } = await lab.run(['exec', '-H', 'web1', '--print-script', ...shell('echo ran')]);
    const lines = stdout.split('\n');
    for (let kept = 1; kept < lines.length - 2; kept += Math.ceil(lines.length / 12)) {
      expect((await lab.laptop.run(['sh'], { input: lines.slice(0, kept).join('\n') })).stdout).not.toContain('ran');
    }
    expect((await lab.laptop.run(['sh'], { input: stdout })).stdout).toContain('ran');
  });

  test('shows the name of a secret in its place', async () => {
    const envFile = join(lab.laptop.home, 'secret.env');
    await writeFile(envFile, `TOKEN=${SECRET}\n`);
    const args = ['--env-file', envFile, '--env', 'OPEN=shown', '--', 'sleep', '600'];
    const { stdout, stderr } = await lab.run(['start', 'app', '-H', 'web1', '--print-script', ...args]);
    expect(stdout).toMatch(/TOKEN='?<secret TOKEN>/);
    expect(stdout).toMatch(/OPEN=.?shown/);
    const dry = await lab.run(['start', 'app', '-H', 'web1', '--dry-run', ...args]);
    for (const text of [stdout, stderr, dry.stdout, dry.stderr]) expect(text).not.toContain(SECRET);
    // Nor in the packed form of the record.
    const packed = [...stdout.matchAll(/[A-Za-z0-9+/=_-]{40,}/g)].map(([word]) =>
      Buffer.from(word, 'base64').toString(),
    );
    expect(packed.join('\n')).not.toContain(SECRET);
    expect(stdout).not.toContain(Buffer.from(SECRET).toString('hex'));
  });
});
