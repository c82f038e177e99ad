import { existsSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { remove } from '../../src/operations/remove.js';
import { signal } from '../../src/operations/signal.js';
import { status } from '../../src/operations/status.js';
import { stop } from '../../src/operations/stop.js';
import { wait } from '../../src/operations/wait.js';
import { BY, createPrivateHost, isAlive, type PrivateHost } from './private-host.js';
import { findShell, SH_NAMES } from './shells.js';

let host: PrivateHost | undefined;

afterEach(async () => {
  await host?.close();
  host = undefined;
});

describe.each(SH_NAMES)('with %s as sh', (shell) => {
  test('an app is started, left alone, signalled, stopped and forgotten', async (ctx) => {
    const path = findShell(shell);
    if (path === undefined) return ctx.skip(`${shell} is not installed`);
    host = await createPrivateHost(path);

    const started = await host.start('web', ['sleep', '1000']);
    expect(started).toMatchObject({
      changed: true,
      report: { state: 'running', argv: ['sleep', '1000'], restarts: 0 },
    });
    expect(started.error).toBeUndefined();
    const { pid } = started.report;
    expect(pid).not.toBeNull();

    const again = await host.start('web', ['sleep', '1000']);
    expect(again).toMatchObject({ changed: false, report: { state: 'running', pid } });
    expect(again.error).toBeUndefined();

    const [paused] = await host.operate(signal, { apps: ['web'], signal: 'STOP', scope: 'main', by: BY });
    expect(paused).toMatchObject({ changed: true, report: { state: 'paused', pid } });

    const [stopped] = await host.operate(stop, { apps: ['web'], by: BY });
    expect(stopped).toMatchObject({
      changed: true,
      report: { state: 'stopped', how: 'term', pid: null, lastPid: pid },
    });
    expect(isAlive(pid as number)).toBe(false);

    const [seen] = await host.operate(status, { apps: [] });
    expect(seen).toMatchObject({ report: { app: 'web', state: 'stopped', signal: 'TERM', how: 'term', endedBy: BY } });

    const [removed] = await host.operate(remove, { apps: ['web'] });
    expect(removed).toMatchObject({ changed: true, report: { state: 'unknown' } });
    expect(existsSync(host.appDir('web'))).toBe(false);
    await host.expectNoProcesses();
  });

  test('the end of an app is told truly', async (ctx) => {
    const path = findShell(shell);
    if (path === undefined) return ctx.skip(`${shell} is not installed`);
    host = await createPrivateHost(path);
    const there = host;
    const end = async (app: string, line: string) => {
      await there.start(app, ['/bin/dash', '-c', line]);
      return (await there.operate(wait, { app, seconds: 10 }))[0];
    };
    const [three, zero, killed] = await Promise.all([
      end('three', 'sleep 0.6; exit 3'),
      end('zero', 'sleep 0.6; exit 0'),
      end('killed', 'sleep 0.6; kill -KILL $$'),
    ]);
    expect(three).toMatchObject({ state: 'exited', exitCode: 3, signal: null, how: null });
    expect(zero).toMatchObject({ state: 'exited', exitCode: 0, signal: null });
    expect(killed).toMatchObject({ state: 'killed', exitCode: null, signal: 'KILL', endedBy: null });
    await host.expectNoProcesses();
  });
});
