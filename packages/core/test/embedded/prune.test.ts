import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { prune } from '../../src/operations/prune.js';
import { status } from '../../src/operations/status.js';
import { stop } from '../../src/operations/stop.js';
import { BY, createPrivateHost, insertBefore, isAlive, type PrivateHost, waitFor } from './private-host.js';

const DAY = 86_400;
const WEEK = { olderThanSeconds: 7 * DAY, dryRun: false };
const now = () => Math.floor(Date.now() / 1000);
let host: PrivateHost;

beforeEach(async () => {
  host = await createPrivateHost();
});

afterEach(() => host.close());

const recordOf = (app: string, name: string) => join(host.appDir(app), `run.1.${name}`);
const edit = (path: string, change: (text: string) => string) =>
  writeFileSync(path, change(readFileSync(path, 'utf8')));

/** An app that ended by itself so many seconds ago. */
async function makeEnded(app: string, secondsAgo: number): Promise<void> {
  await host.start(app, ['/bin/sh', '-c', 'sleep 0.4']);
  await waitFor(() => existsSync(recordOf(app, 'exit')), 'its end is recorded');
  edit(recordOf(app, 'exit'), (text) => text.replace(/^code 0 \d+/, `code 0 ${now() - secondsAgo}`));
}

test('what ended that long ago goes with its log; what ended later, or lives, stays', async () => {
  await makeEnded('old', 8 * DAY);
  await makeEnded('young', 6 * DAY);
  await makeEnded('future', -DAY);
  await host.start('live', ['sleep', '1000']);
  const { results, kept } = await host.operate(prune, WEEK);
  expect(results).toMatchObject([{ changed: true, report: { app: 'old', state: 'exited', exitCode: 0 } }]);
  expect(results[0]?.error).toBeUndefined();
  expect(kept).toEqual([]);
  expect(readdirSync(join(host.home, '.local/state/outlast/apps')).sort()).toEqual(['future', 'live', 'young']);
});

test('a dry run tells what would go, and lets it stand', async () => {
  await makeEnded('old', 8 * DAY);
  const { results } = await host.operate(prune, { ...WEEK, dryRun: true });
  expect(results).toMatchObject([{ changed: false, report: { app: 'old' } }]);
  expect(existsSync(recordOf('old', 'exit'))).toBe(true);
});

test('an app that outlast stopped is as old as its stop', async () => {
  await host.start('web', ['sleep', '1000']);
  await host.operate(stop, { apps: ['web'], by: BY });
  expect((await host.operate(prune, WEEK)).results).toEqual([]);
  edit(recordOf('web', 'exit'), (text) => text.replace(/ \d{10} /, ` ${now() - 8 * DAY} `));
  expect((await host.operate(prune, WEEK)).results).toMatchObject([{ changed: true }]);
});

test('an app that was stopped on a full disk is as old as that, too', async () => {
  await makeEnded('web', 8 * DAY);
  await host.expectNoProcesses();
  rmSync(recordOf('web', 'exit'));
  for (const words of [`by request`, `request ${now()} by 2`]) {
    const time = words.startsWith('by') ? `${now()} ` : '';
    writeFileSync(recordOf('web', 'stopped'), `4711 123 00000000-0000-4000-8000-000000000000 ${time}${words}\n`);
    expect(await host.operate(prune, WEEK)).toMatchObject({ results: [], kept: [] });
  }
});

describe('an app that nobody saw end', () => {
  beforeEach(async () => {
    await makeEnded('web', 0);
    await host.expectNoProcesses();
    edit(recordOf('web', 'pid'), (text) => text.replace(/ \d{10} /, ` ${now() - 900 * DAY} `));
    rmSync(recordOf('web', 'exit'));
  });

  test('is kept, however old it is, since it may have ended a moment ago', async () => {
    expect((await host.operate(status, { apps: ['web'] }))[0]?.report.state).toBe('lost');
    const { results, kept } = await host.operate(prune, { ...WEEK, olderThanSeconds: 0 });
    expect([results, kept]).toEqual([[], [{ app: 'web', reason: 'undated' }]]);
  });

  test('before the host restarted is as old as that', async () => {
    const boot = Number(/^btime (\d+)/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1]);
    edit(recordOf('web', 'pid'), (text) => text.replace(/[0-9a-f]{8}-\S+/, '00000000-0000-4000-8000-000000000000'));
    expect((await host.operate(status, { apps: ['web'] }))[0]?.report.state).toBe('rebooted');
    const age = now() - boot;
    expect(await host.operate(prune, { ...WEEK, olderThanSeconds: age + 600 })).toMatchObject({
      results: [],
      kept: [],
    });
    const { results } = await host.operate(prune, { ...WEEK, olderThanSeconds: Math.max(0, age - 600) });
    expect(results).toMatchObject([{ changed: true }]);
  });
});

test.each([
  ['an end that is no number', 'exit', 'code 0 soon 0 ended\n'],
  ['an end that no clock shows', 'exit', 'code 0 99999999999999999999 0 ended\n'],
  ['an end without a time', 'exit', 'code 0\n'],
])('records with %s are left alone, and told', async (_name, file, text) => {
  await makeEnded('web', 8 * DAY);
  writeFileSync(recordOf('web', file), text);
  const { results, kept } = await host.operate(prune, WEEK);
  expect([results, kept]).toEqual([[], [{ app: 'web', reason: 'damaged' }]]);
});

test('an app that has left processes behind is kept, and so are they', async () => {
  await host.start('web', ['/bin/sh', '-c', 'setsid sleep 1000 & sleep 0.4']);
  await waitFor(() => existsSync(recordOf('web', 'exit')), 'its end is recorded');
  edit(recordOf('web', 'exit'), (text) => text.replace(/^code 0 \d+/, `code 0 ${now() - 8 * DAY}`));
  const { results, kept } = await host.operate(prune, WEEK);
  expect([results, kept]).toEqual([[], [{ app: 'web', reason: 'processes-left' }]]);
  expect(host.pids().map(isAlive)).toContain(true);
});

test('an app that is started in that very moment stays', async () => {
  await makeEnded('web', 8 * DAY);
  // The failpoint: between looking and removing it has a run again, here a second one that is not over.
  const { results } = await host.operate(prune, WEEK, (script) =>
    insertBefore(
      script,
      'remove_app "$app" "$run" &&',
      'cp "$app_dir/run.1" "$app_dir/run.2"; cp "$app_dir/run.1.pid" "$app_dir/run.2.pid";',
    ),
  );
  expect(results).toMatchObject([{ changed: false, error: { code: 'E_RUNNING' } }]);
  expect(existsSync(recordOf('web', 'exit'))).toBe(true);
});

test('a host without apps has nothing to prune', async () => {
  expect(await host.operate(prune, WEEK)).toEqual({ results: [], kept: [] });
});
