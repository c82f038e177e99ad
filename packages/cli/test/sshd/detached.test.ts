import { readlinkSync } from 'node:fs';
import { isGone, startTcpProxy, varyHost, waitFor } from '@outlast/test-fixtures';
import { describe, expect, onTestFinished, test } from 'vitest';
import { addLaptop, appOf, ask, shell, useLab } from '../program-lab.js';

const lab = useLab(['web1']);

const descriptorsOf = (pid: number) => [0, 1, 2].map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));

describe('an app that was started', () => {
  test('has its own session and none of the streams of its client', async () => {
    const app = appOf(await lab.ask(['start', 'free', '-H', 'web1', '--', 'sleep', '600']));
    const pid = app.pid ?? 0;
    expect(descriptorsOf(pid)).toEqual(['/dev/null', app.logPath, app.logPath]);
    const fields = (await lab.host().run(`ps -o sid=,tty= -p ${pid}`)).stdout.trim().split(/\s+/);
    expect(fields).toEqual([String(pid), '?']);
    expect((await lab.host().run(`grep SigIgn /proc/${pid}/status`)).stdout).toMatch(/0*1$/m);
  });

  test('is reported safe only after a second, fresh connection has seen it', async () => {
    const countLogins = async () => (await lab.host().readLog()).split('Accepted publickey').length - 1;
    const before = await countLogins();
    const { stdout, stderr, exitCode } = await lab.run(['start', 'proven', '-H', 'web1', '--', 'sleep', '600']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^web1 +proven +running +pid \d+$/m);
    expect(stderr).toMatch(/Safe to disconnect\./);
    expect(await countLogins()).toBe(before + 2);
  });

  test('is not called safe when the second connection cannot be made', async () => {
    const proxy = await startTcpProxy(lab.host());
    onTestFinished(() => proxy.stop());
    const laptop = await addLaptop([varyHost(lab.host(), { port: proxy.port })]);
    const running = ask(laptop, ['start', 'doubted', '-H', 'web1', '--connect-timeout', '2s', '--', 'sleep', '600']);
    const pidOf = 'cat "$XDG_STATE_HOME"/outlast/apps/doubted/run.1.pid';
    await waitFor(async () => (await lab.host().run(pidOf)).exitCode === 0, { what: 'the app to run' });
    // The first connection is let go when it has told of the start; the second one finds a dead link.
    const first = proxy.accepted;
    await waitFor(() => proxy.accepted > first, { what: 'the second connection' }).then(() => proxy.freeze());
    const told = await running;
    expect(told.exitCode).toBe(1);
    expect(told.document.outcomes[0]).toMatchObject({ ok: false, error: { code: 'E_NOT_DETACHED' } });
    expect(told.stderr).not.toMatch(/Safe to disconnect/);
  });

  test('is looked at once more where the second connection is cut off', async () => {
    const proxy = await startTcpProxy(lab.host());
    onTestFinished(() => proxy.stop());
    const laptop = await addLaptop([varyHost(lab.host(), { port: proxy.port })]);
    const asIs = await ask(laptop, ['start', 'smooth', '-H', 'web1', '--settle', '100ms', '--', 'sleep', '600']);
    const { reply } = proxy.traffic(proxy.accepted);
    for (const [index, at] of [reply / 10, reply / 2, reply - 400].entries()) {
      proxy.spoil({ reply: { end: { at: Math.round(at), by: 'reset' } } }, proxy.accepted + 2);
      const words = ['start', `bumpy${index}`, '-H', 'web1', '--settle', '100ms', '--', 'sleep', '600'];
      expect((await ask(laptop, words)).stderr).toBe(asIs.stderr);
    }
    expect(asIs.stderr).toMatch(/Safe to disconnect\./);
    expect(proxy.accepted).toBe(2 + 3 * 3);
  });

  test.each(['KILL', 'TERM', 'HUP'] as const)('outlives a client that gets %s', async (signal) => {
    const app = `after-${signal.toLowerCase()}`;
    const client = lab.laptop.spawnOutlast(['start', app, '-H', 'web1', '--settle', '30s', '--', 'sleep', '600']);
    const record = `cat "$XDG_STATE_HOME"/outlast/apps/${app}/run.1.pid`;
    await waitFor(async () => (await lab.host().run(record)).exitCode === 0, { what: 'the app to run' });
    const ended = new Promise((resolve) => client.once('close', resolve));
    client.kill(`SIG${signal}`);
    await ended;
    const pid = Number((await lab.host().run(record)).stdout.split(' ')[0]);
    const told = await lab.ask(['status', app, '-H', 'web1']);
    expect(appOf(told)).toMatchObject({ state: 'running', pid });
    expect(isGone(pid)).toBe(false);
  });

  /** Starts an app through a proxy, and gives the proxy once the app runs. */
  async function startBehindProxy(app: string, settle: string) {
    const proxy = await startTcpProxy(lab.host());
    onTestFinished(() => proxy.stop());
    const laptop = await addLaptop([varyHost(lab.host(), { port: proxy.port })]);
    const running = ask(laptop, ['start', app, '-H', 'web1', '--settle', settle, '--', 'sleep', '600']);
    const record = `cat "$XDG_STATE_HOME"/outlast/apps/${app}/run.1.pid`;
    await waitFor(async () => (await lab.host().run(record)).exitCode === 0, { what: 'the app to run' });
    return { proxy, running, pid: Number((await lab.host().run(record)).stdout.split(' ')[0]) };
  }

  test('outlives a connection that is cut, and the client asks over another what became of it', async () => {
    const { proxy, running, pid } = await startBehindProxy('blip', '2s');
    proxy.cut();
    const told = await running;
    expect(told).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('Safe to disconnect') });
    expect(appOf(told)).toMatchObject({ state: 'running', pid, changed: true });
    expect((await lab.host().run('ls "$XDG_STATE_HOME"/outlast/apps/blip')).stdout).not.toContain('run.2');
  });

  test('outlives a link that does not come back, and the client says that it does not know', async () => {
    const { proxy, running } = await startBehindProxy('cut', '30s');
    await proxy.stop();
    const told = await running;
    expect(told.exitCode).toBe(1);
    expect(told.document).toMatchObject({ ok: false, outcomes: [{ ok: null, error: { code: 'E_UNKNOWN_RESULT' } }] });
    expect(appOf(await lab.ask(['status', 'cut', '-H', 'web1'])).state).toBe('running');
  });
});

describe('another laptop, which has never seen the host', () => {
  test('sees the same app, reads its log and stops it', async () => {
    const line = 'echo hello from the app; exec sleep 600';
    const started = appOf(await lab.ask(['start', 'shared', '-H', 'web1', '--cwd', '/tmp', ...shell(line)]));
    const other = await addLaptop([lab.host()]);
    const seen = appOf(await ask(other, ['status', 'shared', '-H', 'web1']));
    const { pid, startedAt, argv, cwd, logPath } = started;
    expect(seen).toMatchObject({ pid, startedAt, argv, cwd, logPath, state: 'running' });
    expect((await other.outlast(['logs', 'shared', '-H', 'web1'])).stdout).toBe('hello from the app\n');
    const stopped = await ask(other, ['stop', 'shared', '-H', 'web1']);
    expect(appOf(stopped)).toMatchObject({ state: 'stopped', how: 'term', lastPid: pid });
    expect(isGone(pid ?? 0)).toBe(true);
    expect(appOf(await lab.ask(['status', 'shared', '-H', 'web1'])).state).toBe('stopped');
  });

  test('sees all apps of the host at once over one connection and one channel', async () => {
    const other = await addLaptop([lab.host()]);
    const count = async () => {
      const log = await lab.host().readLog();
      return [log.split('Accepted publickey').length, log.split('Starting session').length];
    };
    const [logins = 0, sessions = 0] = await count();
    const told = await ask(other, ['status', '-H', 'web1']);
    expect(told.document.outcomes[0]?.apps?.length).toBeGreaterThan(3);
    expect(await count()).toEqual([logins + 1, sessions + 1]);
  });

  test('starts it again with what the host has recorded', async () => {
    const line = 'echo "$GREETING from $PWD"; exec sleep 600';
    const flags = ['--cwd', '/tmp', '--env', 'GREETING=good day'];
    const first = appOf(await lab.ask(['start', 'again', '-H', 'web1', ...flags, ...shell(line)]));
    const other = await addLaptop([lab.host()]);
    const told = await ask(other, ['restart', 'again', '-H', 'web1']);
    expect(appOf(told)).toMatchObject({ state: 'running', changed: true, argv: first.argv, cwd: '/tmp' });
    expect(appOf(told).pid).not.toBe(first.pid);
    expect(isGone(first.pid ?? 0)).toBe(true);
    const { stdout } = await other.outlast(['logs', 'again', '-H', 'web1', '-n', '1']);
    expect(stdout).toBe('good day from /tmp\n');
  });
});
