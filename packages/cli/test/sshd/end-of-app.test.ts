import { startTcpProxy, varyHost, waitFor } from '@outlast/test-fixtures';
import { describe, expect, onTestFinished, test } from 'vitest';
import { askInProcess } from '../in-process.js';
import { addLaptop, appOf, ask as askProgram, shell, useLab } from '../program-lab.js';

const lab = useLab(['web1']);
/** What the host makes of it is the question here; documents.test.ts asks the same of the real program. */
const ask = (args: readonly string[]) => askInProcess(lab.laptop, args);
const QUICK = ['-H', 'web1', '--settle', '100ms'];

/** Starts an app that goes on until its file is there, so that it ends when the test says so and not within the settle time. */
async function startUntilTold(app: string, end: string): Promise<number> {
  const script = `until [ -e "$XDG_STATE_HOME/${app}" ]; do sleep 0.05; done; ${end}`;
  const told = await ask(['start', app, ...QUICK, ...shell(script)]);
  expect(told.exitCode).toBe(0);
  return appOf(told).pid ?? 0;
}

/** Whether a script of ours runs on the host. */
async function isScriptThere(): Promise<boolean> {
  const look = `grep -zqs -- '^-s$' /proc/$pid/cmdline && grep -zqs "^XDG_STATE_HOME=$XDG_STATE_HOME$" /proc/$pid/environ`;
  const { exitCode } = await lab
    .host()
    .run(`for pid in $(ls /proc | grep '^[0-9]'); do ${look} && exit 0; done; exit 1`);
  return exitCode === 0;
}

const letEnd = (app: string) => lab.host().run(`: >"$XDG_STATE_HOME/${app}"`);

describe('how an app ended is told afterwards', () => {
  test.each([
    { code: 0, app: 'well' },
    { code: 3, app: 'badly' },
    { code: 143, app: 'as-if-killed' },
  ])('when it exited with $code', async ({ code, app }) => {
    const pid = await startUntilTold(app, code === 143 ? 'kill -s TERM $$' : `exit ${code}`);
    await letEnd(app);
    const waited = await ask(['wait', app, '-H', 'web1']);
    const expected =
      code === 143
        ? { state: 'killed', exitCode: null, signal: 'TERM', endedBy: null }
        : { state: 'exited', exitCode: code, signal: null };
    expect(appOf(waited)).toMatchObject({ ...expected, pid: null, lastPid: pid, how: null, uptimeSeconds: null });
    expect(waited.exitCode).toBe(code);
    const status = await ask(['status', app, '-H', 'web1']);
    expect(appOf(status)).toMatchObject({ ...expected, lastPid: pid, ports: [] });
    expect(appOf(status).endedAt).not.toBeNull();
    expect(status.exitCode).toBe(3);
  });

  test('when a stranger killed it', async () => {
    const pid = await startUntilTold('murdered', 'true');
    await lab.host().run(`kill -s KILL ${pid}`);
    const waited = await ask(['wait', 'murdered', '-H', 'web1']);
    expect(appOf(waited)).toMatchObject({
      state: 'killed',
      exitCode: null,
      signal: 'KILL',
      lastPid: pid,
      endedBy: null,
    });
    expect(waited.exitCode).toBe(137);
    expect((await lab.run(['status', 'murdered', '-H', 'web1'])).stdout).toMatch(/killed by KILL/);
  });

  test('when we killed it, with the name of who did', async () => {
    await startUntilTold('ours', 'true');
    const told = await ask(['kill', 'ours', '-H', 'web1']);
    expect(told.exitCode).toBe(0);
    expect(appOf(told)).toMatchObject({ state: 'killed', signal: 'KILL', pid: null, changed: true });
    expect(appOf(told).endedBy).toMatch(/^\S+@\S+$/);
  });

  test('to someone who was waiting for it all the time', async () => {
    const pid = await startUntilTold('awaited', 'exit 7');
    const countLogins = async () => (await lab.host().readLog()).split('Accepted publickey').length;
    const before = await countLogins();
    const waiting = ask(['wait', 'awaited', '-H', 'web1']);
    await waitFor(async () => (await countLogins()) > before, { what: 'the wait to be connected' });
    await letEnd('awaited');
    expect(appOf(await waiting)).toMatchObject({ state: 'exited', exitCode: 7, lastPid: pid });
  });
});

describe('waiting', () => {
  test('goes on over a connection that is lost', async () => {
    const proxy = await startTcpProxy(lab.host());
    onTestFinished(() => proxy.stop());
    const laptop = await addLaptop([varyHost(lab.host(), { port: proxy.port })]);
    await startUntilTold('far', 'exit 6');
    await waitFor(async () => !(await isScriptThere()), { what: 'the script of the start to have ended' });
    const waiting = askProgram(laptop, ['wait', 'far', '-H', 'web1']);
    await waitFor(isScriptThere, { what: 'the script to run on the host' });
    proxy.cut();
    await waitFor(async () => proxy.accepted > 1, { what: 'another connection' });
    await letEnd('far');
    const told = await waiting;
    expect([told.exitCode, appOf(told).exitCode]).toEqual([6, 6]);
  });

  test('ends with 124 when its time is over, and the app goes on', async () => {
    const pid = await startUntilTold('patient', 'exit 0');
    const told = await ask(['wait', 'patient', '--timeout', '2s', '-H', 'web1']);
    expect(told.exitCode).toBe(124);
    expect(told.document.outcomes[0]?.error).toMatchObject({
      code: 'E_TIMEOUT',
      message: 'patient was not seen to end within 2 s',
    });
    expect(appOf(await ask(['status', 'patient', '-H', 'web1']))).toMatchObject({ state: 'running', pid });
    await letEnd('patient');
    expect((await ask(['wait', 'patient', '--timeout', '30s', '-H', 'web1'])).exitCode).toBe(0);
  });

  test('for several apps is over when all of them are, and tells each', async () => {
    await startUntilTold('one', 'exit 0');
    await startUntilTold('two', 'exit 5');
    await letEnd('one');
    await letEnd('two');
    const told = await ask(['wait', 'one', 'two', '-H', 'web1']);
    expect(told.document.outcomes[0]?.apps?.map(({ app, exitCode }) => [app, exitCode])).toEqual([
      ['one', 0],
      ['two', 5],
    ]);
    expect(told.exitCode).toBe(1);
    expect((await ask(['wait', 'one', 'one', '-H', 'web1'])).exitCode).toBe(0);
  });
});

describe('a start fails', () => {
  test('with 127 and what was said about it, when there is no such program', async () => {
    const told = await ask(['start', 'missing', '-H', 'web1', '--', 'no-such-program-anywhere', '--flag']);
    expect(told.exitCode).toBe(1);
    const error = told.document.outcomes[0]?.error;
    expect(error).toMatchObject({ code: 'E_START_FAILED', exitCode: 127, signal: null });
    expect(error?.lastLines?.join('\n')).toMatch(/no-such-program-anywhere/);
    expect(error?.hint).toMatch(/full path/);
    expect(appOf(told)).toMatchObject({ state: 'exited', exitCode: 127, pid: null });
  });

  test('with 126, when the program cannot be run', async () => {
    const told = await ask(['start', 'no-program', '-H', 'web1', '--', '/etc/passwd']);
    expect(told.document.outcomes[0]?.error).toMatchObject({ code: 'E_START_FAILED', exitCode: 126 });
  });

  test('with the code and the last lines, when the app dies within the settle time', async () => {
    const line = 'seq 1 30; echo oops >&2; sleep 0.3; exit 4';
    const told = await ask(['start', 'short', '-H', 'web1', ...shell(line)]);
    expect(told.exitCode).toBe(1);
    const error = told.document.outcomes[0]?.error;
    expect(error).toMatchObject({ code: 'E_START_FAILED', exitCode: 4 });
    expect(error?.lastLines?.slice(-3)).toEqual(['29', '30', 'oops']);
  });

  test('with the signal, when the app is killed within the settle time', async () => {
    const told = await ask(['start', 'shot', '-H', 'web1', ...shell('kill -s SEGV $$')]);
    expect(told.document.outcomes[0]?.error).toMatchObject({ code: 'E_START_FAILED', exitCode: null, signal: 'SEGV' });
  });

  test('in words for people, without claiming that it is safe to disconnect', async () => {
    const { exitCode, stderr } = await lab.run(['start', 'worded', '-H', 'web1', ...shell('echo the reason; exit 5')]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/E_START_FAILED.*exit code 5/);
    expect(stderr).toMatch(/\| the reason/);
    expect(stderr).not.toMatch(/[Ss]afe to disconnect/);
  });

  test('when the settle time says so, and succeeds when it is shorter than the life', async () => {
    const life = shell('sleep 1; exit 9');
    expect((await ask(['start', 'brief', ...QUICK, ...life])).exitCode).toBe(0);
    await ask(['wait', 'brief', '-H', 'web1']);
    const told = await ask(['start', 'brief', '-H', 'web1', '--settle', '3s', ...life]);
    expect(told.document.outcomes[0]?.error).toMatchObject({ code: 'E_START_FAILED', exitCode: 9 });
  });

  test('before anything runs, when its folder is not there', async () => {
    const told = await ask(['start', 'homeless', '-H', 'web1', '--cwd', '/no/such/folder', '--', 'sleep', '60']);
    expect(told.exitCode).toBe(1);
    expect(told.document.outcomes[0]?.error).toMatchObject({ code: 'E_CWD' });
    expect(told.document.outcomes[0]?.error?.message).toContain('/no/such/folder');
    expect((await ask(['status', '-H', 'web1', 'homeless'])).exitCode).toBe(3);
  });
});
