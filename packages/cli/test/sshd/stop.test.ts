import { isGone, waitFor } from '@outlast/test-fixtures';
import { describe, expect, test } from 'vitest';
import { askInProcess } from '../in-process.js';
import { appOf, shell, useLab } from '../program-lab.js';

const lab = useLab(['web1', 'web2']);
/** What the host makes of it is the question here; documents.test.ts asks the same of the real program. */
const ask = (args: readonly string[]) => askInProcess(lab.laptop, args);

/** Starts an app that writes a word once it is ready, and resolves to its pid. */
async function start(app: string, line: string, ...flags: string[]): Promise<number> {
  const told = await ask(['start', app, '-H', 'web1', '--settle', '100ms', ...flags, ...shell(line)]);
  expect(told.exitCode, told.stderr).toBe(0);
  const isReady = async () => (await readLog(app)).includes('ready');
  await waitFor(isReady, { what: `${app} to be ready`, evidence: () => readLog(app) });
  return appOf(told).pid ?? 0;
}

const readLog = async (app: string) => (await lab.host().run(`cat "$XDG_STATE_HOME/outlast/apps/${app}/log"`)).stdout;
const readPids = async (app: string) => [...(await readLog(app)).matchAll(/pid=(\d+)/g)].map(([, pid]) => Number(pid));
const stop = (app: string, ...flags: string[]) => ask(['stop', app, '-H', 'web1', ...flags]);

/** A loop that goes on whatever the signal, without a child that the signal would end. */
const ENDLESS = 'while :; do sleep 0.05; done';

describe('stop', () => {
  test('lets an app take the 2 s that it needs to clean up', async () => {
    const pid = await start('tidy', `trap 'sleep 2; echo cleaned; exit 0' TERM; echo ready; ${ENDLESS}`);
    const told = await stop('tidy');
    expect(told.exitCode).toBe(0);
    expect(appOf(told)).toMatchObject({ state: 'stopped', how: 'term', changed: true, pid: null, exitCode: 0 });
    expect(appOf(told).endedBy).toMatch(/@/);
    expect(await readLog('tidy')).toMatch(/cleaned\n$/);
    expect(isGone(pid)).toBe(true);
  });

  test('kills an app that ignores TERM, and only after the grace period', async () => {
    const pid = await start('stubborn', `trap '' TERM; echo ready; ${ENDLESS}`);
    const begin = performance.now();
    const told = await stop('stubborn', '--grace', '1500ms');
    expect(performance.now() - begin).toBeGreaterThan(1_500);
    expect(appOf(told)).toMatchObject({ state: 'stopped', how: 'kill', changed: true, signal: 'KILL' });
    expect(isGone(pid)).toBe(true);
  });

  test('takes the signal that it is told to', async () => {
    await start('polite', `trap 'echo got INT; exit 0' INT; trap '' TERM; echo ready; ${ENDLESS}`);
    expect(appOf(await stop('polite', '--signal', 'SIGINT'))).toMatchObject({ how: 'term', exitCode: 0 });
    expect(await readLog('polite')).toContain('got INT');
  });

  test('is content with an app that is stopped already, and changes nothing', async () => {
    await start('once', 'echo ready; exec sleep 600');
    const first = appOf(await stop('once'));
    const again = await stop('once');
    expect(again.exitCode).toBe(0);
    expect(appOf(again)).toMatchObject({ state: 'stopped', how: 'already-stopped', changed: false });
    expect(appOf(again).endedAt).toBe(first.endedAt);
    expect((await lab.run(['stop', 'once', '-H', 'web1'])).stdout).toMatch(/already/);
  });

  test('reaches a child in a session of its own and a double fork, and says so when all are gone', async () => {
    const child = "sh -c 'echo pid=$$; exec sleep 600'";
    const pid = await start('tree', `setsid ${child} & (setsid ${child} &) ; sleep 0.2; echo ready; exec sleep 600`);
    await waitFor(async () => (await readPids('tree')).length === 2, { what: 'both children' });
    const children = await readPids('tree');
    expect(children.map(isGone)).toEqual([false, false]);
    expect(appOf(await stop('tree'))).toMatchObject({ state: 'stopped', how: 'term', changed: true });
    expect([pid, ...children].map(isGone)).toEqual([true, true, true]);
  });

  test('continues a paused app so that it can end', async () => {
    await start('paused', `trap 'echo bye; exit 0' TERM; echo ready; ${ENDLESS}`);
    const paused = await ask(['signal', 'STOP', 'paused', '-H', 'web1']);
    expect(paused.exitCode).toBe(0);
    expect(appOf(await ask(['status', 'paused', '-H', 'web1'])).state).toBe('paused');
    expect(appOf(await stop('paused', '--grace', '5s'))).toMatchObject({ how: 'term', exitCode: 0 });
    expect(await readLog('paused')).toContain('bye');
  });

  test('of an app that is unknown on one of the hosts is fine there, on all of them it is exit 3', async () => {
    await start('only-here', 'echo ready; exec sleep 600');
    const told = await ask(['stop', 'only-here', '-H', 'web1,web2']);
    expect(told.exitCode).toBe(0);
    expect(appOf(told, 0)).toMatchObject({ state: 'stopped', changed: true });
    expect(appOf(told, 1)).toMatchObject({ state: 'unknown', changed: false });
    expect((await ask(['stop', 'nowhere', '-H', 'web1,web2'])).exitCode).toBe(3);
  });

  test('leaves nothing running, the supervisor included', async () => {
    await start('clean', 'echo ready; sleep 600 & wait');
    const inspected = appOf(await ask(['inspect', 'clean', '-H', 'web1']));
    const pids = [...(inspected.pids ?? []), inspected.supervisorPid ?? 0];
    expect(pids).toHaveLength(3);
    await stop('clean');
    await waitFor(() => pids.every(isGone), { what: 'app, child and supervisor to end' });
  });

  test('stops several apps at once', async () => {
    await start('one', 'echo ready; exec sleep 600');
    await start('two', 'echo ready; exec sleep 600');
    const told = await ask(['stop', 'one', 'two', '-H', 'web1']);
    expect(told.document.outcomes[0]?.apps).toMatchObject([
      { app: 'one', state: 'stopped' },
      { app: 'two', state: 'stopped' },
    ]);
  });

  test('is what ends restarting, too: an app that is always started again stays stopped', async () => {
    const endless = 'echo ready; until [ -e "$XDG_STATE_HOME/end" ]; do sleep 0.05; done; exit 1';
    await start('eager', endless, '--restart', 'always');
    await lab.host().run(': >"$XDG_STATE_HOME/end"');
    const back = async () => appOf(await ask(['status', 'eager', '-H', 'web1'])).restarts >= 1;
    await waitFor(back, { what: 'the supervisor to start it again' });
    const told = await stop('eager');
    expect(appOf(told)).toMatchObject({ state: 'stopped', changed: true });
    const count = async () => (await readLog('eager')).split('ready').length;
    const before = await count();
    expect(appOf(await ask(['status', 'eager', '-H', 'web1']))).toMatchObject({ state: 'stopped', pid: null });
    expect(await count()).toBe(before);
  });
});
