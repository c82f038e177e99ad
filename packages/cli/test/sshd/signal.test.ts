import { isGone, waitFor } from '@outlast/test-fixtures';
import { describe, expect, test } from 'vitest';
import { askInProcess } from '../in-process.js';
import { appOf, codesOf, shell, useLab } from '../program-lab.js';

const lab = useLab(['web1']);
/** What the host makes of it is the question here; documents.test.ts asks the same of the real program. */
const ask = (args: readonly string[]) => askInProcess(lab.laptop, args);

/** An app that writes down each signal it gets. */
async function startListener(app: string): Promise<number> {
  const traps = ['HUP', 'INT', 'USR1', 'USR2', 'TERM'].map((name) => `trap 'echo got ${name}' ${name}`).join('; ');
  const line = `${traps}; echo ready; while :; do sleep 0.05; done`;
  const told = await ask(['start', app, '-H', 'web1', '--hup', 'default', '--settle', '200ms', ...shell(line)]);
  return appOf(told).pid ?? 0;
}

const readLog = async (app: string) => (await lab.run(['logs', app, '-H', 'web1'])).stdout;

test.each([
  ['USR1', 'USR1'],
  ['SIGUSR2', 'USR2'],
  ['int', 'INT'],
  ['1', 'HUP'],
  ['15', 'TERM'],
])('signal %s reaches the app as %s, which goes on', async (given, got) => {
  const app = `hears-${got.toLowerCase()}`;
  const pid = await startListener(app);
  const told = await ask(['signal', given, app, '-H', 'web1']);
  expect(told.exitCode).toBe(0);
  expect(appOf(told)).toMatchObject({ changed: true, state: 'running', pid });
  await waitFor(async () => (await readLog(app)).includes(`got ${got}`), { what: 'the signal' });
});

test('STOP pauses, CONT goes on', async () => {
  await ask(['start', 'dozer', '-H', 'web1', '--settle', '100ms', '--', 'sleep', '600']);
  const stateAfter = async (signal: string) => {
    await ask(['signal', signal, 'dozer', '-H', 'web1']);
    return appOf(await ask(['status', 'dozer', '-H', 'web1'])).state;
  };
  expect(await stateAfter('STOP')).toBe('paused');
  expect(await stateAfter('CONT')).toBe('running');
});

test('HUP is ignored by an app that does not ask for it, as with nohup', async () => {
  const { pid } = appOf(await ask(['start', 'deaf', '-H', 'web1', '--settle', '100ms', '--', 'sleep', '600']));
  expect((await ask(['signal', 'HUP', 'deaf', '-H', 'web1'])).exitCode).toBe(0);
  expect(appOf(await ask(['status', 'deaf', '-H', 'web1']))).toMatchObject({ state: 'running', pid });
});

test('a signal to an app that has ended is E_NOT_RUNNING', async () => {
  await ask(['start', 'gone', '-H', 'web1', '--settle', '100ms', '--', 'sleep', '600']);
  await ask(['stop', 'gone', '-H', 'web1']);
  const told = await ask(['signal', 'USR1', 'gone', '-H', 'web1']);
  expect([told.exitCode, codesOf(told)]).toEqual([1, ['E_NOT_RUNNING']]);
});

test('kill ends the whole tree at once, whatever it traps', async () => {
  const line = "trap '' TERM INT HUP; setsid sleep 600 & echo pid=$!; echo ready; while :; do sleep 0.05; done";
  const { pid = 0 } = appOf(await ask(['start', 'doomed', '-H', 'web1', '--settle', '300ms', ...shell(line)]));
  const child = Number(/pid=(\d+)/.exec(await readLog('doomed'))?.[1]);
  expect(isGone(child)).toBe(false);
  const told = await ask(['kill', 'doomed', '-H', 'web1']);
  expect(appOf(told)).toMatchObject({ state: 'killed', signal: 'KILL', changed: true });
  expect([pid ?? 0, child].map(isGone)).toEqual([true, true]);
});

test('a kill of an app that its policy starts again says so', async () => {
  const flags = ['--restart', 'always', '--settle', '100ms'];
  await ask(['start', 'phoenix', '-H', 'web1', ...flags, '--', 'sleep', '600']);
  const told = await ask(['kill', 'phoenix', '-H', 'web1']);
  expect(told.exitCode).toBe(0);
  expect(told.stderr).toMatch(
    /web1: the restart policy of phoenix starts it again.*outlast stop -F \S+ -H web1 phoenix/,
  );
  await ask(['start', 'mortal', '-H', 'web1', '--settle', '100ms', '--', 'sleep', '600']);
  expect((await ask(['kill', 'mortal', '-H', 'web1'])).stderr).toBe('');
  await ask(['stop', 'phoenix', '-H', 'web1']);
});

test('--tree reaches what --main and no flag do not, and both at once are refused', async () => {
  const child = "trap 'echo child got it' USR1; echo child ready; while :; do sleep 0.05; done";
  const line = `sh -c "${child}" & trap 'echo main got it' USR1; while :; do sleep 0.05; done`;
  await ask(['start', 'family', '-H', 'web1', '--settle', '200ms', ...shell(line)]);
  await waitFor(async () => (await readLog('family')).includes('child ready'), { what: 'the child' });
  const count = async (who: string) => (await readLog('family')).split(`${who} got it`).length - 1;
  await ask(['signal', 'USR1', 'family', '--main', '-H', 'web1']);
  await waitFor(async () => (await count('main')) === 1, { what: 'the first signal' });
  expect(await count('child')).toBe(0);
  await ask(['signal', 'USR1', 'family', '--tree', '-H', 'web1']);
  await waitFor(async () => (await count('main')) === 2 && (await count('child')) === 1, { what: 'the second signal' });
  const both = await lab.run(['signal', 'USR1', 'family', '--tree', '--main', '-H', 'web1']);
  expect([both.exitCode, both.stderr]).toEqual([2, expect.stringContaining('--main and --tree')]);
});

describe('a pid that went to a stranger', () => {
  test('is not signalled, whatever the record says', async () => {
    await ask(['start', 'ghost', '-H', 'web1', '--settle', '100ms', '--', 'sleep', '600']);
    const stranger = lab.laptop.spawn(['sleep', '600']);
    const forge = 'sed -i "s/^[0-9]*/$PID/" "$XDG_STATE_HOME"/outlast/apps/ghost/run.1.pid';
    expect((await lab.host().run(`PID=${stranger.pid}; ${forge}`)).exitCode).toBe(0);
    await ask(['kill', 'ghost', '-H', 'web1']);
    await ask(['signal', 'KILL', 'ghost', '-H', 'web1']);
    await ask(['stop', 'ghost', '-H', 'web1', '--grace', '100ms']);
    expect(isGone(stranger.pid ?? 0)).toBe(false);
  });
});
