import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { waitFor } from '@outlast/test-fixtures';
import { beforeAll, describe, expect, test } from 'vitest';
import { appOf, codesOf, shell, type Told, useLab } from '../program-lab.js';

const lab = useLab(['web1', 'web2']);

interface Found {
  readonly pid: number;
  readonly ppid: number;
  readonly user: string;
  readonly argv: readonly string[];
  readonly app: string | null;
  readonly tty: string | null;
}

/** `09:30` in minutes. */
function toMinutes(clock = ''): number {
  const [hours, minutes] = clock.split(':').map(Number);
  return (hours ?? Number.NaN) * 60 + (minutes ?? Number.NaN);
}
const foundBy = ({ document }: Told) => document.outcomes[0]?.processes as readonly Found[];
const PATTERN = 'zebra-crossing';

describe('find', () => {
  beforeAll(async () => {
    const line = 'sh -c "sleep 600; :" zebra-crossing-child & sleep 600; :';
    await lab.run(['start', 'zebra', '-H', 'web1', '--settle', '300ms', ...shell(line), 'zebra-crossing']);
    lab.laptop.spawn(['sh', '-c', 'sleep 600; :', 'zebra-crossing by hand'], { stdio: 'ignore' });
  });

  test('sees managed processes with their app, those started by hand without, and never itself', async () => {
    const told = await lab.ask(['find', PATTERN, '-H', 'web1']);
    expect(told.exitCode).toBe(0);
    const found = foundBy(told);
    const { pid } = appOf(await lab.ask(['status', 'zebra', '-H', 'web1']));
    const { user } = lab.host();
    expect(found.map(({ app, argv }) => [app, argv.at(-1)]).sort()).toEqual([
      [null, 'zebra-crossing by hand'],
      ['zebra', 'zebra-crossing'],
      ['zebra', 'zebra-crossing-child'],
    ]);
    expect(found.find(({ argv }) => argv.at(-1) === 'zebra-crossing')).toMatchObject({ pid, user });
    expect(found.find(({ argv }) => argv.at(-1) === 'zebra-crossing-child')).toMatchObject({ ppid: pid, user });
  });

  test('finds nothing when only the search itself would match, though laptop and host are one machine', async () => {
    const told = await lab.ask(['find', 'outlast-finds-itself', '-H', 'web1']);
    expect([told.exitCode, foundBy(told)]).toEqual([1, []]);
  });

  test('tells the processes of an app when it is asked for them', async () => {
    const told = await lab.ask(['find', '--app', 'zebra', '-H', 'web1']);
    expect(foundBy(told).map(({ app }) => app)).toEqual(['zebra', 'zebra', 'zebra', 'zebra']);
    const some = await lab.ask(['find', '--app', 'zebra', 'crossing-child$', '-H', 'web1']);
    expect(foundBy(some)).toHaveLength(1);
    expect((await lab.run(['find', '-H', 'web1'])).exitCode).toBe(2);
  });

  test('shows what ps -ef shows, in its columns', async () => {
    const { stdout } = await lab.run(['find', PATTERN, '-H', 'web1']);
    const [header = '', ...lines] = stdout.trimEnd().split('\n');
    expect(header.split(/ +/)).toEqual(['HOST', 'UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'APP', 'CMD']);
    expect(lines).toHaveLength(3);
    for (const line of lines) {
      const [host, ...columns] = line.split(/ +/);
      const [, pid] = columns;
      const { stdout: shown } = await lab.laptop.run(['ps', '-ww', '-f', '-p', pid ?? '']);
      const theirs = shown.trimEnd().split('\n').at(-1)?.split(/ +/) ?? [];
      columns.splice(7, 1);
      expect(host).toBe('web1');
      // The minute of the start is rounded from the uptime by both; they may fall to either side of it.
      expect(toMinutes(columns[4]) - toMinutes(theirs[4])).toBeLessThanOrEqual(1);
      expect(toMinutes(columns[4]) - toMinutes(theirs[4])).toBeGreaterThanOrEqual(-1);
      const rest = (words: readonly string[]) => words.filter((_, index) => index !== 4).join(' ');
      expect(rest(columns)).toBe(rest(theirs));
    }
  });

  test('names the terminal of a process as ps does', async () => {
    const client = lab.laptop.spawn(['script', '-qc', 'exec sleep 7100.5', '/dev/null'], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const find = () => lab.ask(['find', '^sleep 7100\\.5', '-H', 'web1']);
    await waitFor(async () => foundBy(await find()).length === 1, { what: 'it to run' });
    const [found] = foundBy(await find());
    const { stdout } = await lab.laptop.run(['ps', '-o', 'tty=', '-p', String(found?.pid)]);
    expect(found?.tty).toMatch(/^pts\//);
    expect(found?.tty).toBe(stdout.trim());
    client.kill('SIGKILL');
  });

  test('leaves out the script that searches, and all that it has started', async () => {
    const { access } = lab.host();
    if (access.kind !== 'local') throw new Error('an sshd of this machine was asked for');
    const listener = Number(await readFile(join(dirname(access.logPath), 'pid'), 'utf8'));
    const all = foundBy(await lab.ask(['find', '.', '-H', 'web1']));
    const below = new Set([listener]);
    for (let size = 0; size < below.size; ) {
      size = below.size;
      for (const { pid, ppid } of all) if (below.has(ppid)) below.add(pid);
    }
    const names = all.filter(({ pid }) => below.has(pid)).map(({ argv }) => argv[0] ?? '');
    // The listener, and the server of the very connection that asked.
    expect(names.length).toBeGreaterThan(1);
    for (const name of names) expect(name).toMatch(/sshd/);
  });

  test('takes plain text and ignores case when told to', async () => {
    expect(foundBy(await lab.ask(['find', 'ZEBRA[-]CROSSING', '--ignore-case', '-H', 'web1'])).length).toBe(3);
    expect((await lab.ask(['find', 'ZEBRA[-]CROSSING', '-H', 'web1'])).exitCode).toBe(1);
    const plain = await lab.ask(['find', '--fixed-string', 'sleep 600; : zebra-crossing by', '-H', 'web1']);
    expect(foundBy(plain).filter(({ argv }) => argv[0] === 'sh')).toHaveLength(1);
  });
});

describe('status', () => {
  test('shows memory, uptime, listening ports and restarts of an app', async () => {
    const server =
      "require('net').createServer().listen(0, '127.0.0.1', function () { console.log(this.address().port) })";
    const argv = ['--', process.execPath, '-e', server];
    await lab.ask(['start', 'server', '-H', 'web1', '--restart', 'on-failure', ...argv]);
    const port = Number((await lab.run(['logs', 'server', '-H', 'web1'])).stdout);
    const app = appOf(await lab.ask(['status', 'server', '-H', 'web1']));
    expect(app).toMatchObject({ ports: [port], restarts: 0, exitCode: null, endedAt: null });
    expect(app.rssBytes).toBeGreaterThan(10_000_000);
    expect(app.uptimeSeconds).toBeLessThan(60);
    expect(Math.abs(Date.parse(app.startedAt ?? '') - Date.now())).toBeLessThan(60_000);
  });

  test('has two more names', async () => {
    for (const name of ['ps', 'ls']) {
      expect((await lab.run([name, '-H', 'web1'])).stdout).toMatch(/server +running/);
    }
  });
});

describe('inspect', () => {
  test('shows everything recorded', async () => {
    const flags = ['--env', 'A=1', '--cwd', '/tmp', '--restart', 'on-failure', '--max-restarts', '3'];
    const started = appOf(await lab.ask(['start', 'known', '-H', 'web1', ...flags, '--', 'sleep', '600']));
    const app = appOf(await lab.ask(['inspect', 'known', '-H', 'web1']));
    expect(app).toMatchObject({
      pid: started.pid,
      run: 1,
      spec: { env: { A: '1' }, cwd: '/tmp', restart: { policy: 'on-failure', max: 3 }, hup: 'ignore' },
      identity: { pid: started.pid },
      pids: [started.pid],
      stateDir: `${lab.host().stateDir}/apps/known`,
    });
    expect(app.startedBy).toMatch(/@/);
    const boot = (await lab.host().run('cat /proc/sys/kernel/random/boot_id')).stdout.trim();
    expect(app.identity?.boot).toBe(boot);
    expect((await lab.host().run(`ps -o ppid= -p ${app.pid}`)).stdout.trim()).toBe(String(app.supervisorPid));
    const { stdout } = await lab.run(['inspect', 'known', '-H', 'web1']);
    expect(stdout).toMatch(new RegExp(`pid +${app.pid}`));
  });
});

describe('rm', () => {
  test('never forgets an app that runs', async () => {
    await lab.ask(['start', 'kept', '-H', 'web1', '--settle', '100ms', '--', 'sleep', '600']);
    const told = await lab.ask(['rm', 'kept', '-H', 'web1']);
    expect([told.exitCode, codesOf(told)]).toEqual([1, ['E_RUNNING']]);
    expect(appOf(await lab.ask(['status', 'kept', '-H', 'web1'])).state).toBe('running');
  });

  test('forgets those of several that have ended, and says what went and what did not', async () => {
    const start = (app: string) => lab.ask(['start', app, '-H', 'web1', '--settle', '100ms', '--', 'sleep', '600']);
    for (const app of ['over', 'done', 'going']) await start(app);
    await lab.ask(['stop', 'over', 'done', '-H', 'web1']);
    const { exitCode, stdout, stderr } = await lab.run(['rm', 'over', 'going', 'done', '-H', 'web1']);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^web1 +over +removed +with its log and its records$/m);
    expect(stdout).toMatch(/^web1 +going +running/m);
    expect(stdout).toMatch(/^web1 +done +removed/m);
    expect(stderr).toMatch(/E_RUNNING +going: .*pid \d+/);
    expect(stderr).toMatch(/outlast stop -F \S+ -H web1/);
    expect((await lab.run(['stop', 'going', '-H', 'web1'])).exitCode).toBe(0);
  });

  test('forgets one that has ended, with its log, and is content when it was forgotten', async () => {
    const line = shell('echo remember me; exec sleep 600');
    await lab.ask(['start', 'past', '-H', 'web1,web2', '--settle', '100ms', ...line]);
    await lab.ask(['stop', 'past', '-H', 'web1,web2']);
    const first = await lab.ask(['rm', 'past', '-H', 'web1']);
    expect(first.exitCode).toBe(0);
    expect(appOf(first)).toMatchObject({ changed: true, state: 'unknown' });
    expect((await lab.host().run('ls "$XDG_STATE_HOME/outlast/apps"')).stdout).not.toMatch(/past/);
    expect((await lab.run(['logs', 'past', '-H', 'web1'])).exitCode).toBe(3);
    const both = await lab.ask(['rm', 'past', '-H', 'web1,web2']);
    expect(both.exitCode).toBe(0);
    expect(both.document.outcomes.map(({ apps }) => apps?.[0]?.changed)).toEqual([false, true]);
    expect((await lab.ask(['start', 'past', '-H', 'web1', '--settle', '100ms', ...line])).exitCode).toBe(0);
    expect((await lab.run(['logs', 'past', '-H', 'web1'])).stdout).toBe('remember me\n');
  });
});
