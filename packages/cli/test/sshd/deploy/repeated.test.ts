import { describe, expect, test } from 'vitest';
import type { Project } from '../../deploy-project.js';
import {
  beginDeploy,
  cutLink,
  deployVersions,
  hasTold,
  holdAt,
  killScript,
  readOn,
  SLOW,
} from '../../interrupted-deploy.js';
import { appOf, codesOf, useLab } from '../../program-lab.js';

const lab = useLab(['web1']);

const readHistory = async (project: Project) =>
  (await project.ask('history')).document.outcomes[0]?.entries as { verb: string; result: string; release: string }[];

describe.each([
  ['beside what ran, while that is ended', 'auto', 'test -e ../../apps/$APP/run.$RUN.stop'],
  ['in the place of what ran, as soon as it is healthy', undefined, hasTold(4, ' health ok ')],
] as const)('what comes again because script and link were ended, %s', (_what, port, where) => {
  test.each(['deploy', 'rollback'])(
    'goes on as one %s: what was tried runs, and nothing was done twice',
    async (verb) => {
      const { project, ids } = await deployVersions(lab, `again-${verb}-${port}`, 3, { run: SLOW, port });
      await project.write({ version: 'last' });
      const line = where.replace('$APP', project.app).replace('$RUN', '3');
      const { ended, readOutcome } = await beginDeploy(lab, project, holdAt(4, line), [verb]);
      await cutLink(lab, project, 4);
      await killScript(lab, project, 4);
      expect(await ended).toBe(0);
      const [app] = readOutcome()?.apps ?? [];
      expect(app).toMatchObject({ state: 'running', changed: true });
      if (verb === 'rollback') expect(app?.release).toBe(ids[1]);
      else expect(ids).not.toContain(app?.release);
      expect(app?.attemptedRelease).toBe(app?.release);
      const now = appOf(await project.ask('status'));
      expect(now).toMatchObject({ state: 'running', release: app?.release, pid: app?.pid, beside: null });
      expect(await readOn(lab, `readlink ${project.deployDir}/current`)).toBe(`releases/${app?.release}`);
      expect((await readHistory(project)).slice(3)).toMatchObject([{ verb, result: 'ok', release: app?.release }]);
    },
  );
});

test.each(['deploy', 'rollback'])(
  'a %s whose answer was lost is not done again, though others have deployed since',
  async (verb) => {
    const { project } = await deployVersions(lab, `since-${verb}`, 3, { health: { exec: 'true', steady: '600ms' } });
    await project.write({ version: 'fourth' });
    const { client, ended, readOutcome } = await beginDeploy(lab, project, hasTold(4, ' start ok '), [verb]);
    await cutLink(lab, project, 4);
    // Its client comes back only once somebody else was there.
    client.kill('SIGSTOP');
    await project.write({ version: 'fifth' });
    const other = await project.ask('deploy', '--wait', '20s');
    expect(codesOf(other)).toEqual(['ok']);
    client.kill('SIGCONT');
    await ended;
    const [app] = readOutcome()?.apps ?? [];
    expect(app?.steps?.map(({ name }) => name)).toContain('health');
    expect(app?.attemptedRelease).not.toBe(appOf(other).release);
    expect(appOf(await project.ask('status'))).toMatchObject({ state: 'running', pid: appOf(other).pid });
    expect((await readHistory(project)).slice(3)).toMatchObject([
      { verb, result: 'ok' },
      { verb: 'deploy', result: 'ok' },
    ]);
  },
);

test('the first deploy of all goes on as well where script and link were ended, and what it had started is replaced', async () => {
  const { project } = await deployVersions(lab, 'first-of-all', 0, {});
  await project.write({ version: 'first' });
  const { ended, readOutcome } = await beginDeploy(lab, project, holdAt(1, hasTold(1, ' start ok ')));
  const left = appOf(await project.ask('status'));
  await cutLink(lab, project, 1);
  await killScript(lab, project, 1);
  expect(await ended).toBe(0);
  const [app] = readOutcome()?.apps ?? [];
  expect(app).toMatchObject({ state: 'running', release: left.release, changed: true });
  expect(app?.pid).not.toBe(left.pid);
});

test('a rollback that was done, and whose repeat is cut as well, is not done twice', async () => {
  const { project, ids } = await deployVersions(lab, 'cut-twice', 3, {});
  const held = holdAt(4, `test "$(cat good)" = ${ids[1]}`);
  const { client, ended, readOutcome } = await beginDeploy(lab, project, held, ['rollback']);
  client.kill('SIGSTOP');
  // As if the second script of the request had come to the lock, and no further.
  await readOn(lab, `cd ${project.deployDir} && sed 's/^[0-9]* /1 /' lock.4 >lock.5`);
  await cutLink(lab, project, 4);
  await killScript(lab, project, 4);
  client.kill('SIGCONT');
  expect(await ended).toBe(0);
  expect(readOutcome()?.apps?.[0]).toMatchObject({ release: ids[1], changed: true });
  expect(appOf(await project.ask('status'))).toMatchObject({ state: 'running', release: ids[1] });
});

test('a request that was cut while nobody could see it is done once others are through', async () => {
  const { project } = await deployVersions(lab, 'cut-early', 1, {});
  await project.write({ version: 'second' });
  await project.configure({ setup: 'test -e ../../go || { : >../../begun; sleep 1000; }' });
  const { client, ended, readOutcome } = await beginDeploy(lab, project, 'test -e begun');
  client.kill('SIGSTOP');
  await readOn(lab, `: >${project.deployDir}/go`);
  await cutLink(lab, project, 2);
  await killScript(lab, project, 2);
  await project.write({ version: 'third' });
  const other = await project.ask('deploy', '--wait', '10s');
  expect(codesOf(other)).toEqual(['ok']);
  client.kill('SIGCONT');
  expect(await ended).toBe(0);
  expect(readOutcome()?.apps?.[0]).toMatchObject({ state: 'running', changed: true });
  expect(await readHistory(project)).toMatchObject([{}, { result: 'interrupted' }, { result: 'ok' }, { result: 'ok' }]);
});

test('a request whose script was ended, and behind which others have cleared up since, is not done any more', async () => {
  const { project } = await deployVersions(lab, 'cleared-up', 1, {});
  await project.write({ version: 'second' });
  const { client, ended, readOutcome } = await beginDeploy(lab, project, holdAt(2, hasTold(2, ' stop ok ')));
  client.kill('SIGSTOP');
  await cutLink(lab, project, 2);
  await killScript(lab, project, 2);
  await project.write({ version: 'third' });
  const other = await project.ask('deploy');
  expect(codesOf(other)).toEqual(['ok']);
  client.kill('SIGCONT');
  await ended;
  expect(readOutcome()).toMatchObject({ ok: null, error: { code: 'E_UNKNOWN_RESULT' } });
  expect(appOf(await project.ask('status')).pid).toBe(appOf(other).pid);
});
