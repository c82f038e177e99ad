import { runOrThrow, startTcpProxy, varyHost } from '@outlast/test-fixtures';
import { expect, onTestFinished, test } from 'vitest';
import { createProject, IDLE } from '../../deploy-project.js';
import { addLaptop, appOf, codesOf, useLab } from '../../program-lab.js';

const HOSTS = ['web1', 'web2', 'web3', 'web4'];
const lab = useLab(HOSTS);

/** Healthy on hosts that are not marked. */
const health = {
  exec: 'test ! -e "$XDG_STATE_HOME/unhealthy"',
  steady: '0ms',
  within: '200ms',
};
const mark = (host: string) => lab.host(host).run('touch "$XDG_STATE_HOME/unhealthy"');

test('batches of a share of the hosts go on while no more fail than may', async () => {
  const project = await createProject(lab, 'batches', { ...IDLE, health }, HOSTS);
  await project.write({ file: 'first' });
  const flags = ['--serial', '50%', '--max-fail', '1'];
  await mark('web1');
  const told = await project.ask('deploy', ...flags);
  expect(codesOf(told)).toEqual(['E_UNHEALTHY', 'ok', 'ok', 'ok']);
  await mark('web2');
  await project.write({ file: 'second' });
  const stopped = await project.ask('deploy', ...flags);
  expect(codesOf(stopped)).toEqual(['E_UNHEALTHY', 'E_UNHEALTHY', 'E_SKIPPED', 'E_SKIPPED']);
  // Each of the two batches shows what it has: the one host goes back, the others have never gone on. That is told of them, too.
  const running = await project.ask('status');
  const { release } = appOf(told, 1);
  const runs = { release, state: 'running', changed: false };
  for (const host of [1, 2, 3]) expect(appOf(running, host).release).toBe(release);
  for (const host of [2, 3]) expect(appOf(stopped, host)).toMatchObject({ ...runs, attemptedRelease: null, steps: [] });
  const { stdout } = await project.print('deploy', ...flags);
  expect(stdout).toMatch(new RegExp(`^web3 +batches +skipped +${release} +running +pid \\d+$`, 'm'));
});

test('hosts that are skipped are looked at, but no longer once so many in a row refuse the login', async () => {
  const proxy = await startTcpProxy(lab.host('web1'));
  onTestFinished(() => proxy.stop());
  const refusing = ['a', 'b', 'c', 'd'].map((alias) =>
    varyHost(lab.host('web1'), { alias, user: 'nosuch', port: proxy.port }),
  );
  const laptop = await addLaptop([lab.host('web1'), ...refusing]);
  const hosts = ['web1', ...refusing.map(({ alias }) => alias)];
  const project = await createProject({ laptop }, 'refused', { ...IDLE, setup: 'false' }, hosts);
  await project.write({ file: 'first' });
  const told = await project.ask('deploy', '--max-auth-fail', '2', '-P', '1');
  expect(codesOf(told)).toEqual(['E_SETUP_FAILED', ...refusing.map(() => 'E_SKIPPED')]);
  expect(proxy.accepted).toBe(2);
});

test('a release tells from which commit it was made, and whether the folder was as committed', async () => {
  const project = await createProject(lab, 'committed', IDLE);
  await project.write({ file: 'first' });
  const git = (...words: string[]) =>
    runOrThrow(['git', '-c', 'user.name=a', '-c', 'user.email=a@b', ...words], { cwd: project.source });
  await git('init', '-q');
  await git('add', '.');
  await git('commit', '-q', '-m', 'first');
  const commit = await git('rev-parse', '--short', 'HEAD');
  expect(codesOf(await project.ask('deploy', '-H', 'web1'))).toEqual(['ok']);
  await project.write({ file: 'second' });
  expect(codesOf(await project.ask('deploy', '-H', 'web1'))).toEqual(['ok']);
  const { releases = [] } = appOf(await project.ask('releases'));
  expect(releases.map((release) => release.commit)).toEqual([
    expect.stringContaining(commit.trim()),
    expect.stringMatching(/dirty/),
  ]);
});
