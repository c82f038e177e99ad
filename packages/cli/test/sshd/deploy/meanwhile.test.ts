import { waitFor } from '@outlast/test-fixtures';
import { describe, expect, test } from 'vitest';
import { createProject, type Project } from '../../deploy-project.js';
import { appOf, codesOf, useLab } from '../../program-lab.js';

const lab = useLab(['web1']);

/** Alive, and never healthy. */
const SICK = { exec: 'test -e nowhere', within: '60s', steady: '0ms', interval: '50ms' };
const RUN = ['sh', '-c', 'cat file; exec sleep 1000'];

/** A healthy release, and a deploy of another one that is looked at until somebody does something about it. */
async function beginSick(app: string, port: string | undefined) {
  const run = port === undefined ? {} : { port };
  const project = await createProject(lab, app, { run: RUN, ...run, health: { exec: 'true', steady: '0ms' } });
  await project.write({ file: 'first' });
  const first = appOf(await project.ask('deploy'));
  await project.write({ file: 'second' });
  await project.configure({ health: SICK });
  const deploying = project.ask('deploy', '--reason', 'big');
  const isTried = async () =>
    (await lab.host().run(`test -e ${lab.host().stateDir}/apps/${app}/run.2.pid`)).exitCode === 0;
  await waitFor(isTried, { what: 'the second release to run', timeoutMs: 20_000 });
  // What counts is what was healthy, for as long as it runs.
  const seen = appOf(await project.ask('status'));
  expect([seen.release === first.release, seen.state]).toEqual([port !== undefined, 'running']);
  return { project, first, deploying };
}

/** On the whole machine. */
const listLiving = async ({ app }: Project) =>
  (await lab.host().run(`grep -ls OUTLAST_APP=${app} /proc/[0-9]*/environ`)).stdout;

describe.each([
  ['beside the earlier one', 'auto'],
  ['in the place of the earlier one', undefined],
])('while a release is started %s', (_, port) => {
  test('start, restart, adopt and rm are refused with who deploys', async () => {
    const { project, deploying } = await beginSick(port ?? 'fixed', port);
    const other = (await lab.host().run('nohup sleep 1000 >/dev/null 2>&1 & echo $!')).stdout.trim();
    for (const [verb, ...flags] of [['start'], ['restart'], ['adopt', '--pid', other]] as const) {
      const { error } = (await project.ask(verb, ...flags)).document.outcomes[0] ?? {};
      expect(error).toMatchObject({
        code: 'E_LOCKED',
        message: expect.stringMatching(/^\S+@\S+ is at a deploy since \d{4}-\S+Z: big$/),
        hint: expect.stringContaining('outlast stop'),
      });
    }
    await lab.host().run(`kill ${other}`);
    expect(codesOf(await project.ask('rm'))).toEqual(['E_LOCKED']);
    const { document } = await project.ask('history');
    expect(document.outcomes[0]?.entries).toMatchObject([
      { result: 'ok' },
      { result: 'under-way', verb: 'deploy', release: expect.stringMatching(/^\d{8}-/) },
    ]);
    const last = (await project.ask('history', '-n', '1')).document;
    expect(last.outcomes[0]?.entries).toMatchObject([{ result: 'under-way' }]);
    await project.ask('stop');
    await deploying;
    expect(codesOf(await project.ask('restart'))).toEqual(['ok']);
  });

  test('a stop is the last word: nothing runs, and what was healthy is current', async () => {
    const { project, first, deploying } = await beginSick(`${port ?? 'fixed'}-stopped-${process.pid}`, port);
    const stopped = await project.ask('stop');
    expect(codesOf(stopped)).toEqual(['ok']);
    expect(appOf(stopped)).toMatchObject({ state: 'stopped' });
    const told = await deploying;
    expect(codesOf(told)).toEqual(['E_STOPPED']);
    expect(told.document.outcomes[0]?.error?.message).toMatch(/^\S+@\S+ stopped it meanwhile, so it was not started$/);
    expect(appOf(told)).toMatchObject({ release: null, state: 'stopped' });
    expect(await listLiving(project)).toBe('');
    const { releases = [] } = appOf(await project.ask('releases'));
    expect(releases.map(({ state, current }) => [state, current])).toEqual([
      ['good', true],
      ['failed', false],
    ]);
    const { document } = await project.ask('history');
    const failed = { result: 'failed', error: 'E_STOPPED' };
    expect(document.outcomes[0]?.entries).toEqual([expect.anything(), expect.objectContaining(failed)]);
    await project.configure({ health: { exec: 'true', steady: '0ms' } });
    const back = await project.ask('rollback');
    expect(appOf(back)).toMatchObject({ release: first.release, state: 'running', changed: true });
    const again = await project.ask('restart');
    expect(appOf(again)).toMatchObject({ release: first.release, state: 'running' });
  });
});

test('a restart that had begun before the release is waited for, and what it started comes back', async () => {
  const project = await createProject(lab, 'restarting', {
    run: ['sh', '-c', "trap 'sleep 2; exit' TERM; sleep 1000 & wait"],
    health: { exec: 'true', steady: '0ms' },
  });
  await project.write({ file: 'first' });
  const first = appOf(await project.ask('deploy'));
  await project.write({ file: 'second' });
  await project.configure({ health: { exec: 'false', within: '200ms' } });
  const restarting = project.ask('restart');
  const isStopping = async () =>
    (await lab.host().run(`test -e ${lab.host().stateDir}/apps/restarting/run.1.stop`)).exitCode === 0;
  await waitFor(isStopping, { what: 'the stop of the restart' });
  const told = await project.ask('deploy');
  expect(codesOf(await restarting)).toEqual(['ok']);
  expect(codesOf(told)).toEqual(['E_UNHEALTHY']);
  expect(appOf(told)).toMatchObject({ state: 'running', release: first.release });
});

/** Whoever waits for a lock looks once a second; nothing else of this host sleeps for as long. */
const FIND_WAITING = `for pid in $(pgrep -x sleep); do
  [ "$(tr '\\0' ' ' </proc/$pid/cmdline)" = 'sleep 1 ' ] && grep -qs "XDG_STATE_HOME=$XDG_STATE_HOME" /proc/$pid/environ && echo $pid
done`;

test('a stop while a release is uploaded and set up ends the deploy as well, and those that wait for it', async () => {
  const project = await createProject(lab, 'early', { run: RUN, health: { exec: 'true', steady: '0ms' } });
  await project.write({ file: 'first' });
  const first = appOf(await project.ask('deploy'));
  await project.write({ file: 'second' });
  await project.configure({ setup: ': >../../begun; while [ ! -e ../../go ]; do sleep 0.05; done' });
  const deploying = project.ask('deploy');
  const isBegun = async () => (await lab.host().run(`test -e ${project.deployDir}/begun`)).exitCode === 0;
  await waitFor(isBegun, { what: 'the setup to be under way' });
  const waiting = project.ask('deploy', '--wait', '1m');
  const isWaiting = async () => (await lab.host().run(FIND_WAITING)).stdout !== '';
  await waitFor(isWaiting, { what: 'the second deploy to wait', timeoutMs: 10_000 });
  expect(codesOf(await project.ask('stop'))).toEqual(['ok']);
  await lab.host().run(`: >${project.deployDir}/go`);
  const told = await deploying;
  expect(codesOf(await waiting)).toEqual(['E_STOPPED']);
  expect(appOf(await project.ask('status'))).toMatchObject({ state: 'stopped' });
  expect(codesOf(told)).toEqual(['E_STOPPED']);
  expect(appOf(told)).toMatchObject({ changed: false, release: null, previousRelease: null });
  expect(appOf(await project.ask('releases')).releases?.find(({ current }) => current)?.id).toBe(first.release);
  await project.configure({ setup: 'true' });
  const again = await project.ask('deploy');
  expect(codesOf(again)).toEqual(['ok']);
});

test('a release that failed is not started again from its records', async () => {
  const { project, deploying } = await beginSick('recorded', undefined);
  await project.ask('stop');
  await deploying;
  const { outcomes } = (await lab.ask(['restart', project.app, '-H', 'web1', '--settle', '0ms'])).document;
  expect(outcomes[0]?.error).toMatchObject({
    code: 'E_START_FAILED',
    message: expect.stringMatching(/^not started: release \S+ was never healthy; outlast rollback recorded starts/),
  });
});
