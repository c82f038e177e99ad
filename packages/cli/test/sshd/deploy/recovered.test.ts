import { join } from 'node:path';
import { waitFor } from '@outlast/test-fixtures';
import { describe, expect, test } from 'vitest';
import { createProject, IDLE, type Project } from '../../deploy-project.js';
import {
  beginDeploy,
  deployVersions as deploySome,
  hasTold,
  holdAt,
  killScript,
  readOn,
  SLOW,
} from '../../interrupted-deploy.js';
import { appOf, codesOf, useLab } from '../../program-lab.js';

const lab = useLab(['web1']);

const LOOK = { steady: '0ms', interval: '50ms', within: '10s' };
const HEALTHY = { exec: 'true', ...LOOK };
/** In which a deploy stays until it is killed. */
const WAITING = { exec: 'false', ...LOOK, within: '5m' };
const SICK = { exec: 'false', ...LOOK, within: '200ms' };
const deployVersions = (app: string, count: number, settings: Readonly<Record<string, unknown>>) =>
  deploySome(lab, app, count, { health: HEALTHY, ...settings });

/** Kills the next deploy, which has that lock, where that line becomes true in the folder of the releases. */
async function killNext(project: Project, lock: number, until: string) {
  await project.write({ version: 'killed' });
  await project.configure({ health: WAITING });
  const { client, ended } = await beginDeploy(lab, project, holdAt(lock, until));
  client.kill('SIGKILL');
  await ended;
  await killScript(lab, project, lock);
  await project.configure({ health: HEALTHY });
}

const stepsOf = (told: Parameters<typeof appOf>[0]) =>
  appOf(told).steps?.map(({ name, ok }) => `${name}${ok ? '' : ' failed'}`);
const readCurrent = (project: Project) => readOn(lab, `readlink ${project.deployDir}/current`);
const isOwed = async (project: Project) => (await readOn(lab, `ls ${project.deployDir} | grep -c owed`)) !== '0';

describe('where a release was tried beside another one when its deploy was killed', () => {
  async function leaveBoth(app: string) {
    const { project, ids } = await deployVersions(app, 2, { port: 'auto' });
    await killNext(project, 3, hasTold(3, ' start ok '));
    return { project, ids };
  }

  test('and somebody has stopped both since, one that is not healthy does not stay', async () => {
    const { project, ids } = await leaveBoth('stopped-since');
    await project.ask('stop');
    await project.write({ version: 'sick' });
    await project.configure({ health: SICK });
    const told = await project.ask('deploy');
    expect(codesOf(told)).toEqual(['E_UNHEALTHY']);
    expect(appOf(told)).toMatchObject({ state: 'stopped', release: null, rolledBack: true });
    expect(await readCurrent(project)).toBe(`releases/${ids[1]}`);
  });

  test('and both have ended since, what was healthy is brought back before another one is tried, and outlives that', async () => {
    const { project, ids } = await leaveBoth('ended-since');
    await readOn(lab, "grep -ls OUTLAST_APP=ended-since /proc/[0-9]*/environ | sed 's/[^0-9]//g' | xargs kill -s KILL");
    await project.configure({ health: SICK });
    const told = await project.ask('rollback', '--to', `${ids[0]}`);
    expect(codesOf(told)).toEqual(['E_UNHEALTHY']);
    expect(stepsOf(told)).toEqual(['lock', 'restore', 'port', 'start', 'health failed', 'rollback']);
    expect(appOf(told)).toMatchObject({ state: 'running', release: ids[1] });
    expect(appOf(await project.ask('status')).pid).toBe(appOf(told).pid);
  });

  test('and only that one lives, its folder stays where it is, and it stays until something is healthy', async () => {
    const { project, ids } = await leaveBoth('one-lives');
    const first = appOf(await project.ask('status'));
    await readOn(lab, `kill -KILL ${first.pid}`);
    const isOther = async () => appOf(await project.ask('status')).release !== ids[1];
    await waitFor(isOther, { what: 'the end of the earlier one' });
    const tried = appOf(await project.ask('status'));
    await project.configure({ health: SICK });
    expect(codesOf(await project.ask('rollback'))).toEqual(['E_UNHEALTHY']);
    expect(appOf(await project.ask('status'))).toMatchObject({ pid: tried.pid, release: tried.release });
    expect(await readOn(lab, `readlink /proc/${tried.pid}/cwd`)).toMatch(new RegExp(`/releases/${tried.release}$`));
    await project.configure({ setup: 'false' });
    expect(appOf(await project.ask('deploy'))).toMatchObject({ state: 'running', release: ids[1] });
  });

  test('a rollback first says that what was healthy runs, and goes back from it the next time', async () => {
    const { project, ids } = await leaveBoth('twice');
    expect(appOf(await project.ask('rollback'))).toMatchObject({ release: ids[1], changed: false });
    expect(appOf(await project.ask('rollback'))).toMatchObject({ release: ids[0], changed: true });
  });

  test('a restart of what was healthy settles that: a rollback goes back from it', async () => {
    const { project, ids } = await leaveBoth('settled');
    expect(appOf(await project.ask('restart'))).toMatchObject({ release: ids[1], changed: true });
    expect(appOf(await project.ask('rollback'))).toMatchObject({ release: ids[0], changed: true });
  });
});

describe('where a deploy was killed while what ran was ending', () => {
  test.each([
    ['fails in its setup', { setup: 'false' }, 'E_SETUP_FAILED'],
    ['is not healthy', { health: SICK }, 'E_UNHEALTHY'],
  ])('what ran is started again, though the next one %s', async (what, settings, code) => {
    const { project, ids } = await deployVersions(`ending-${what.length}`, 1, { run: SLOW });
    const first = appOf(await project.ask('status'));
    await killNext(project, 2, `test -e ../../apps/${project.app}/run.1.stop`);
    await project.configure(settings);
    const told = await project.ask('deploy');
    expect(codesOf(told)).toEqual([code]);
    expect(stepsOf(told)?.slice(0, 2)).toEqual(['lock', 'restore']);
    expect(appOf(told)).toMatchObject({ state: 'running', release: ids[0], changed: true });
    expect(appOf(told).pid).not.toBe(first.pid);
    expect(await isOwed(project)).toBe(false);
  });
});

describe('a rollback that is not healthy', () => {
  test('leaves what a killed deploy has left, which is replaced as soon as something can be brought back', async () => {
    const { project, ids } = await deployVersions('nothing-better', 1, {});
    await killNext(project, 2, hasTold(2, ' start ok '));
    const left = appOf(await project.ask('status'));
    await project.configure({ health: SICK });
    const told = await project.ask('rollback');
    expect(codesOf(told)).toEqual(['E_UNHEALTHY']);
    expect(appOf(told)).toMatchObject({ state: 'running', release: left.release, previousRelease: left.release });
    await project.configure({ setup: 'false' });
    expect(appOf(await project.ask('deploy'))).toMatchObject({ state: 'running', release: ids[0] });
  });

  test('goes back to what was healthy last, be it that this did not run any more', async () => {
    const { project, ids } = await deployVersions('further-back', 2, {});
    await killNext(project, 3, hasTold(3, ' stop ok '));
    await project.configure({ health: SICK });
    const told = await project.ask('rollback', '--to', `${ids[0]}`);
    expect(codesOf(told)).toEqual(['E_UNHEALTHY']);
    expect(appOf(told)).toMatchObject({ state: 'running', release: ids[1], rolledBack: true });
  });
});

test('what ran without a release is brought back where the first deploy was killed', async () => {
  const project = await createProject(lab, 'plain', { ...IDLE, health: HEALTHY });
  const plain = [
    'start',
    project.app,
    '-H',
    'web1',
    '--settle',
    '100ms',
    '--config',
    join(project.folder, 'none.yaml'),
  ];
  await project.write({ '../none.yaml': 'hosts: { web1: }\n' });
  const { document } = await lab.ask([...plain, '--', 'sleep', '4713']);
  expect(document.ok, JSON.stringify(document)).toBe(true);
  await killNext(project, 1, hasTold(1, ' stop ok '));
  expect(appOf(await project.ask('status')).pid).toBe(null);
  await project.configure({ setup: 'false' });
  const told = await project.ask('deploy');
  expect(codesOf(told)).toEqual(['E_SETUP_FAILED']);
  expect(appOf(told)).toMatchObject({ state: 'running', release: null, argv: ['sleep', '4713'] });
  await project.configure({ setup: 'true', health: SICK });
  const sick = await project.ask('deploy');
  expect(appOf(sick)).toMatchObject({ state: 'running', release: null, argv: ['sleep', '4713'] });
});

test('a deploy that is interrupted behind what it has brought back does not say that nothing has changed', async () => {
  const { project, ids } = await deployVersions('brought-back', 1, {});
  await killNext(project, 2, hasTold(2, ' start ok '));
  // Nobody tells any more that another one was interrupted.
  await readOn(lab, `: >${project.deployDir}/lock.2.done`);
  await project.configure({ setup: ': >../../begun; sleep 1000' });
  const { client, ended, readOutcome } = await beginDeploy(lab, project, 'test -e begun');
  client.kill('SIGINT');
  expect(await ended).toBe(130);
  expect(readOutcome()).toMatchObject({ ok: null, error: { code: 'E_UNKNOWN_RESULT' } });
  expect(appOf(await project.ask('status'))).toMatchObject({ state: 'running', release: ids[0] });
});

test('a release whose setup failed is set up anew where the same request comes again', async () => {
  const { project, ids } = await deployVersions('set-up-anew', 1, {});
  await project.write({ version: 'unprepared' });
  // As soon as that is noted the link is cut, by a process that nobody takes for one of the setup.
  const cut = `until grep -Eq ' (failed|unprepared) ' "$1"; do :; done; kill -s KILL "$(cut -d' ' -f4 "/proc/$(cut -d' ' -f1 "$2")/stat")"`;
  await project.write({ 'cut.sh': cut });
  const run = 'env -i setsid -f sh cut.sh "../../records/$OUTLAST_RELEASE" ../../lock.2 </dev/null >/dev/null 2>&1';
  await project.configure({ setup: `echo setup >>../../setups; ${run}; exit 1` });
  const told = await project.ask('deploy');
  expect(codesOf(told), JSON.stringify(told.document)).toEqual(['E_SETUP_FAILED']);
  expect(appOf(told)).toMatchObject({ state: 'running', release: ids[0] });
});

test('whoever prunes leaves an app alone that a release takes its place of', async () => {
  const { project, ids } = await deployVersions('pruned', 1, {});
  await project.write({ version: 'sick' });
  await project.configure({ health: SICK });
  // Held where nothing runs.
  const { ended } = await beginDeploy(lab, project, holdAt(2, hasTold(2, ' stop ok ')));
  expect(appOf(await project.ask('status')).pid).toBe(null);
  const pruned = await lab.ask(['prune', '-H', 'web1', '--older-than', '0s']);
  expect(pruned.document.outcomes[0]?.apps?.map(({ app }) => app)).not.toContain('pruned');
  await readOn(lab, `kill -s CONT "$(cut -d' ' -f1 ${project.deployDir}/lock.2)"`);
  expect(await ended).toBe(1);
  expect(appOf(await project.ask('status'))).toMatchObject({ state: 'running', release: ids[0] });
});

test('an app that somebody has forgotten is not brought back', async () => {
  const { project } = await deployVersions('forgotten', 1, {});
  await killNext(project, 2, hasTold(2, ' stop ok '));
  expect(codesOf(await project.ask('rm'))).toEqual(['ok']);
  await project.configure({ setup: 'false' });
  expect(appOf(await project.ask('deploy')).pid).toBe(null);
});

test.each([
  ['a release', 1, {}],
  ['an app of no release', 0, { run: ['sleep', '4714'] }],
])(
  'what somebody has started since a deploy was killed stays, where that took the place of %s',
  async (_what, count, settings) => {
    const { project } = await deployVersions(`started-since-${count}`, count, settings);
    const config = join(project.folder, 'none.yaml');
    await project.write({ '../none.yaml': 'hosts: { web1: }\n' });
    const startPlain = async (seconds: string) => {
      const plain = ['start', project.app, '-H', 'web1', '--settle', '100ms', '--config', config];
      return codesOf(await lab.ask([...plain, '--', 'sleep', seconds]));
    };
    if (count === 0) expect(await startPlain('4715')).toEqual(['ok']);
    await killNext(project, count + 1, hasTold(count + 1, ' stop ok '));
    expect(await startPlain('4716')).toEqual(['ok']);
    const started = appOf(await project.ask('status'));
    await project.configure({ setup: 'false' });
    expect(codesOf(await project.ask('deploy'))).toEqual(['E_SETUP_FAILED']);
    expect(appOf(await project.ask('status'))).toMatchObject({ pid: started.pid, release: null });
  },
);
