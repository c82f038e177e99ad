import { join } from 'node:path';
import { DEFAULT_HEALTH, NOT_DEPLOYED, rollback } from '@outlast/core';
import { waitFor } from '@outlast/test-fixtures';
import { expect, test } from 'vitest';
import { createProject, IDLE, type Project } from '../../deploy-project.js';
import { beginDeploy } from '../../interrupted-deploy.js';
import { appOf, codesOf, useLab } from '../../program-lab.js';

const lab = useLab(['web1']);

/** What a setup of the app has started and runs. */
const listSetup = async (app: string) =>
  (await lab.host().run(`grep -ls 'OUTLAST_RUN=setup' /proc/[0-9]*/environ | xargs -r grep -ls OUTLAST_APP=${app}`))
    .stdout;

/** A deploy by a client of its own whose setup lasts until the file `go` is there; resolves once it is at that. */
async function beginSlowly(project: Project, ...flags: string[]) {
  await project.configure({ setup: ': >"../../begun"; while [ ! -e ../../go ]; do sleep 0.05; done' });
  await project.write({ file: `slow ${Math.random()}` });
  const { client, ended } = await beginDeploy(lab, project, 'test -e begun', ['deploy', ...flags]);
  return { client, ended, go: () => lab.host().run(`: >${project.deployDir}/go`) };
}

async function createIdle(app: string): Promise<Project> {
  const project = await createProject(lab, app, IDLE);
  await project.write({ file: 'first' });
  expect(codesOf(await project.ask('deploy'))).toEqual(['ok']);
  return project;
}

test('one deploys at a time: whoever comes is told who does, since when and why, and may wait', async () => {
  const project = await createIdle('locked');
  const { ended, go } = await beginSlowly(project, '--reason', 'the big move');
  const { error } = (await project.ask('deploy')).document.outcomes[0] ?? {};
  expect(error?.code).toBe('E_LOCKED');
  expect(error?.message).toMatch(/^\S+@\S+ is at a deploy since \d{4}-\S+Z: the big move$/);
  expect(codesOf(await project.ask('rollback'))).toEqual(['E_LOCKED']);
  const entriesOf = async () => (await project.ask('history')).document.outcomes[0]?.entries;
  expect(await entriesOf()).toMatchObject([{ reason: null }, { result: 'under-way', reason: 'the big move' }]);
  const waiting = project.ask('deploy', '--wait', '1m');
  await go();
  expect(await ended).toBe(0);
  expect(appOf(await waiting)).toMatchObject({ state: 'running', changed: false });
  const told = [{ reason: null }, { result: 'ok', reason: 'the big move' }, { result: 'unchanged', reason: null }];
  expect(await entriesOf()).toMatchObject(told);
});

test('a deploy is taken over only knowingly, and its setup ends', async () => {
  // What is left of it is looked for on the whole machine.
  const project = await createIdle(`taken-${process.pid}`);
  const { ended } = await beginSlowly(project);
  await project.configure({ setup: 'true' });
  const told = await project.ask('deploy', '--take-over');
  expect(codesOf(told)).toEqual(['ok']);
  expect(told.stderr).toMatch(/web1: taken over from \S+@\S+, who was at a deploy since /);
  expect(await ended).toBe(1);
  expect(await listSetup(project.app)).toBe('');
});

test('what was never healthy is not gone back to, though it runs since its deploy was taken over', async () => {
  const project = await createIdle('unproven');
  const { release } = appOf(await project.ask('status'));
  await project.configure({ health: { exec: 'test -e nowhere', within: '60s' } });
  await project.write({ file: 'hangs' });
  const config = ['--config', join(project.folder, 'outlast.yaml'), '--settle', '0ms'];
  const client = lab.laptop.spawnOutlast(['deploy', project.app, '--json', ...config]);
  const ended = new Promise((resolve) => client.once('close', resolve));
  client.stdout?.resume();
  client.stderr?.resume();
  const isProbed = async () => {
    const { release: running, state } = appOf(await project.ask('status'));
    return state === 'running' && running !== release;
  };
  await waitFor(isProbed, { what: 'the second release to run', timeoutMs: 20_000 });
  await project.configure({ health: { exec: 'test -e nowhere', within: '100ms' } });
  await project.write({ file: 'worse' });
  const told = await project.ask('deploy', '--take-over');
  await ended;
  expect(codesOf(told)).toEqual(['E_UNHEALTHY']);
  expect(appOf(told)).toMatchObject({ state: 'running', release, previousRelease: release, rolledBack: true });
  const { document } = await project.ask('history');
  const entries = document.outcomes[0]?.entries;
  expect(entries).toMatchObject([{ result: 'ok' }, { result: 'taken-over' }, { result: 'failed' }]);
});

test('a deploy whose laptop died holds nothing up: its setup ends, and the next one says so', async () => {
  const project = await createIdle(`died-${process.pid}`);
  const { client, ended } = await beginSlowly(project);
  const seconds = (await lab.host().run(`cut -d' ' -f5 ${project.deployDir}/lock.2`)).stdout;
  const begun = new Date(Number(seconds) * 1000).toISOString().replace('.000Z', 'Z');
  client.kill('SIGKILL');
  await ended;
  const isOver = async () => (await listSetup(project.app)) === '';
  await waitFor(isOver, { what: 'the setup to end' });
  await project.configure({ setup: 'true' });
  const told = await project.ask('deploy', '--wait', '10s');
  expect(codesOf(told)).toEqual(['ok']);
  expect(told.stderr).toMatch(/did not come to its end, at setup; what it left was cleared up/);
  const { releases = [] } = appOf(await project.ask('releases'));
  expect(releases.map(({ state }) => state)).toEqual(['good', 'good']);
  const entries = (await project.ask('history')).document.outcomes[0]?.entries as { at: string; release: string }[];
  expect(entries).toMatchObject([
    {},
    { result: 'interrupted', at: begun, release: expect.any(String) },
    { result: 'ok' },
  ]);
});

test('a deploy whose client falls silent while it is set up holds nothing up', async () => {
  const project = await createIdle(`silent-${process.pid}`);
  const { client } = await beginSlowly(project);
  client.kill('SIGSTOP');
  await project.configure({ setup: 'true' });
  const told = await project.ask('deploy', '--wait', '60s');
  expect(codesOf(told), JSON.stringify(told.document)).toEqual(['ok']);
  expect(told.stderr).toMatch(/did not come to its end, at setup; what it left was cleared up/);
  expect(await listSetup(project.app)).toBe('');
});

test('what is asked again because its answer was lost is told what became of it, and is not done twice', async () => {
  const project = await createIdle('replayed');
  await project.write({ file: 'second' });
  const second = appOf(await project.ask('deploy'));
  const options = {
    ...{ app: 'replayed', by: 'deploy@laptop', reason: null, settleMs: 100, waitMs: 0, takeOver: false },
    ...{ health: DEFAULT_HEALTH, surroundings: { cwd: null, env: {}, secretEnv: {}, ...NOT_DEPLOYED } },
  };
  const ask = async (request: string, to: string | null) => {
    const script = rollback.build({ ...options, request, to }, { nonce: 'n0nce' });
    const { stdout } = await lab.laptop.run(['ssh', '-F', lab.laptop.sshConfig, 'web1', 'exec /bin/sh -s'], {
      input: script,
    });
    const lines = stdout.split('\n').filter((line) => /^@@n0nce (STEP \S+ \S+ (ok|failed)|ERROR|PREVIOUS)/.test(line));
    return { lines, pid: appOf(await project.ask('status')).pid };
  };
  const back = await ask('request1', null);
  expect(back.lines.length).toBeGreaterThan(4);
  expect(back.pid).not.toBe(second.pid);
  expect(await ask('request1', null)).toEqual(back);
  const none = await ask('request2', '20200101-000000-00000000');
  expect(none.lines.map((line) => line.split(' ').slice(1, 4).join(' '))).toEqual([
    'STEP replayed lock',
    expect.stringMatching(/^ERROR E_NO_RELEASE /),
  ]);
  expect(await ask('request2', '20200101-000000-00000000')).toEqual(none);
  expect(await lab.host().run(`wc -l <${project.deployDir}/deploys.log`)).toMatchObject({ stdout: '4\n' });
});
