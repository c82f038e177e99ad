import { findFreePort, waitFor } from '@outlast/test-fixtures';
import { describe, expect, test } from 'vitest';
import { createProject, SERVED, SERVER } from '../../deploy-project.js';
import { awaitThere, beginDeploy, hasTold, KILL_DEPLOY, readOn } from '../../interrupted-deploy.js';
import { appOf, codesOf, useLab } from '../../program-lab.js';

const lab = useLab(['web1']);

const PAGES = { 'server.mjs': SERVER, 'page.html': 'one' };

/** In place, where what runs has to be stopped first, or beside it. */
const createServed = async (app: string, way: 'in place' | 'beside') =>
  createProject(lab, app, { ...SERVED, port: way === 'beside' ? 'auto' : await findFreePort() });

/** The line of a server that does not start where there is a file `spoiled`. */
const SPOILED = "if (existsSync('../../spoiled')) process.exit(7);";

const readOnHost = (line: string) => readOn(lab, line);

describe.each(['in place', 'beside'] as const)('a release that is no good, %s of the one before', (way) => {
  test.each([
    ['ends', { 'server.mjs': 'setTimeout(() => process.exit(3), 2000)' }, {}],
    ['is not healthy', { 'page.html': 'two' }, { body: 'three', within: '2s' }],
  ])('and %s goes back without its client too', async (what, files, health) => {
    const project = await createServed(`gone-${way.length}-${what.length}`, way);
    await project.write(PAGES);
    const first = appOf(await project.ask('deploy'));
    await project.write(files);
    await project.configure({ health: { ...SERVED.health, ...health } });
    const { client, ended } = await beginDeploy(lab, project, hasTold(2, ' start ok '));
    client.kill('SIGKILL');
    await ended;
    const isDone = async () => (await readOnHost(`ls ${project.deployDir}/lock.2.done 2>/dev/null`)) !== '';
    await waitFor(isDone, { what: 'the end of the deploy', timeoutMs: 20_000 });
    await awaitThere(lab, project, hasTold(2, ' rollback ok '));
    const now = appOf(await project.ask('status'));
    expect(now).toMatchObject({ state: 'running', release: first.release });
    if (way === 'beside') expect(now.pid).toBe(first.pid);
    expect(await readOnHost(`readlink ${project.deployDir}/current`)).toBe(`releases/${first.release}`);
  });
});

test('a deploy is not unchanged where what runs never was healthy as it is', async () => {
  const project = await createServed('variant', 'in place');
  await project.configure({ health: { exec: 'test -z "$BAD"', within: '4s', steady: '0ms' } });
  await project.write(PAGES);
  const first = appOf(await project.ask('deploy'));
  await project.configure({ env: { BAD: '1' } });
  const { ended } = await beginDeploy(lab, project, hasTold(2, ' start ok '));
  const told = await project.ask('deploy', '--take-over');
  await ended;
  expect(codesOf(told)).toEqual(['E_UNHEALTHY']);
  expect(appOf(told)).toMatchObject({ state: 'running', release: first.release });
  expect(await readOnHost(`tr '\\0' '\\n' </proc/${appOf(told).pid}/environ | grep -c ^BAD=`)).toBe('0');
});

test('a deploy whose script and link were ended together is gone on with by its client', async () => {
  const project = await createServed('both', 'in place');
  await project.write(PAGES);
  await project.ask('deploy');
  await project.write({ 'page.html': 'two' });
  // The script, and the sshd before it, from the first look at the health.
  const kill = 's=$(cut -d" " -f4 /proc/$PPID/stat); kill -KILL "$(cut -d" " -f4 /proc/$s/stat)" "$s" $PPID';
  await project.configure({ health: { ...SERVED.health, exec: `test -e ../../once || { : >../../once; ${kill}; }` } });
  const told = await project.ask('deploy');
  expect(codesOf(told), JSON.stringify(told.document)).toEqual(['ok']);
  expect(appOf(told)).toMatchObject({ state: 'running' });
  const { release } = appOf(told);
  expect(await readOnHost(`readlink ${project.deployDir}/current`)).toBe(`releases/${release}`);
  expect(await readOnHost(`cat ${project.deployDir}/current/page.html`)).toBe('two');
});

test('a deploy that is interrupted before anything is switched says that nothing was', async () => {
  const project = await createServed('early', 'in place');
  await project.write(PAGES);
  const first = appOf(await project.ask('deploy'));
  await project.write({ 'page.html': 'two' });
  await project.configure({ setup: ': >../../begun; sleep 1000' });
  const { client, ended, readOutcome } = await beginDeploy(lab, project, 'test -e begun');
  client.kill('SIGINT');
  expect(await ended).toBe(130);
  expect(readOutcome()).toMatchObject({
    ok: false,
    error: { code: 'E_BROKEN_OFF', message: 'interrupted, and nothing was switched' },
  });
  expect(appOf(await project.ask('status'))).toMatchObject({ pid: first.pid, state: 'running' });
});

describe('what a deploy has left that was ended in its look at the health', () => {
  /** In place, where nothing of the release before runs any more. */
  async function leaveUnproven(app: string) {
    const project = await createServed(app, 'in place');
    await project.write(PAGES);
    const first = appOf(await project.ask('deploy'));
    await project.write({ 'page.html': 'two' });
    await project.configure({ health: { ...SERVED.health, exec: KILL_DEPLOY } });
    expect(codesOf(await project.ask('deploy'))).not.toEqual(['ok']);
    const left = appOf(await project.ask('status'));
    expect(left).toMatchObject({ state: 'running' });
    expect(left.release).not.toBe(first.release);
    await project.configure({ health: SERVED.health });
    return { project, first, left };
  }

  test('gives its place back at once, whatever becomes of the next deploy', async () => {
    const { project, first } = await leaveUnproven('restored');
    await project.write({ 'page.html': 'three' });
    await project.configure({ setup: 'false' });
    const told = await project.ask('deploy');
    expect(codesOf(told)).toEqual(['E_SETUP_FAILED']);
    expect(appOf(told)).toMatchObject({ state: 'running', release: first.release, changed: true });
    expect(appOf(told).steps?.map(({ name, ok }) => [name, ok])).toEqual([
      ['lock', true],
      ['restore', true],
      ['upload', true],
      ['setup', false],
    ]);
    await project.configure({ setup: 'true', health: { exec: 'false', within: '100ms' } });
    const sick = await project.ask('deploy');
    expect(codesOf(sick)).toEqual(['E_UNHEALTHY']);
    expect(appOf(sick)).toMatchObject({ state: 'running', release: first.release, rolledBack: true });
  });

  test('goes on where what was healthy cannot be started any more, which is told of a deploy that fails as well, and of no other', async () => {
    const project = await createServed('spoiled', 'in place');
    // Such as one whose database was migrated meanwhile.
    await project.write({ ...PAGES, 'server.mjs': `import { existsSync } from 'node:fs';\n${SPOILED}\n${SERVER}` });
    await project.ask('deploy');
    await project.write(PAGES);
    await project.configure({ health: { ...SERVED.health, exec: KILL_DEPLOY } });
    const unknown = await project.ask('deploy');
    expect(codesOf(unknown)).toEqual(['E_UNKNOWN_RESULT']);
    const left = appOf(unknown);
    expect(left).toMatchObject({ state: 'running', changed: null, attemptedRelease: left.release });
    const { stdout } = await project.print('releases');
    expect(stdout).toMatch(new RegExp(`${left.release} +current, activating `));
    await readOnHost(`: >${project.deployDir}/spoiled`);
    await project.write({ 'page.html': 'three' });
    await project.configure({ health: SERVED.health, setup: 'false' });
    const told = await project.ask('deploy');
    const { error } = told.document.outcomes[0] ?? {};
    expect(error).toMatchObject({
      code: 'E_SETUP_FAILED',
      message: expect.stringContaining('; and what ran before could not be brought back: '),
    });
    expect(appOf(told)).toMatchObject({ state: 'running', release: left.release, changed: true });
    expect(await readOnHost(`readlink ${project.deployDir}/current`)).toBe(`releases/${left.release}`);
    await project.configure({ setup: 'true' });
    const next = await project.ask('deploy');
    expect(codesOf(next), JSON.stringify(next.document)).toEqual(['ok']);
    const { document } = await project.ask('history');
    expect(document.outcomes[0]?.entries).toMatchObject([
      { result: 'ok' },
      { result: 'interrupted' },
      { result: 'failed', error: 'E_SETUP_FAILED' },
      { result: 'ok' },
    ]);
  });

  test('is looked at once more where it went on, be it just what is asked for', async () => {
    const run = ['sh', '-c', 'test "$VARIANT" = b || test ! -e ../../spoiled || exit 7; exec sleep 1000'];
    const health = { exec: 'true', steady: '0ms', within: '4s' };
    const project = await createProject(lab, 'variants', { run, health, env: { VARIANT: 'a' } });
    await project.write({ file: 'one' });
    const { release } = appOf(await project.ask('deploy'));
    await project.configure({ env: { VARIANT: 'b' }, health: { ...health, exec: KILL_DEPLOY } });
    const unknown = await project.ask('deploy');
    expect(codesOf(unknown)).toEqual(['E_UNKNOWN_RESULT']);
    // Of the same files there is no other release.
    expect(appOf(unknown)).toMatchObject({ release, attemptedRelease: release });
    await readOnHost(`: >${project.deployDir}/spoiled`);
    await project.configure({ health });
    const told = await project.ask('deploy');
    expect(codesOf(told)).toEqual(['ok']);
    expect(appOf(told).steps?.map(({ name, ok }) => [name, ok])).toContainEqual(['health', true]);
  });

  test('and was stopped then is not current any more once another one has failed', async () => {
    const { project, first } = await leaveUnproven('stopped-then');
    await project.ask('stop');
    await project.write({ 'page.html': 'three' });
    await project.configure({ health: { exec: 'false', within: '100ms' } });
    expect(codesOf(await project.ask('deploy'))).toEqual(['E_UNHEALTHY']);
    expect(await readOnHost(`readlink ${project.deployDir}/current`)).toBe(`releases/${first.release}`);
  });

  test('as the first one of all is ended by the next one that fails, whatever failed in between', async () => {
    const project = await createServed('first-of-all', 'in place');
    await project.write(PAGES);
    await project.configure({ health: { ...SERVED.health, exec: KILL_DEPLOY } });
    expect(codesOf(await project.ask('deploy'))).toEqual(['E_UNKNOWN_RESULT']);
    const seen = (await project.ask('history')).document;
    const { release: left } = appOf(await project.ask('status'));
    expect(seen.outcomes[0]?.entries).toMatchObject([{ result: 'interrupted', verb: 'deploy', release: left }]);
    const refused = (await project.ask('restart')).document.outcomes[0]?.error;
    expect(refused?.message).toMatch(/was never healthy; outlast deploy first-of-all$/);
    await project.write({ 'page.html': 'two' });
    await project.configure({ health: SERVED.health, setup: 'false' });
    expect(codesOf(await project.ask('deploy'))).toEqual(['E_SETUP_FAILED']);
    await project.configure({ health: { exec: 'false', within: '100ms' }, setup: 'true' });
    const told = await project.ask('deploy');
    expect(codesOf(told)).toEqual(['E_UNHEALTHY']);
    expect(appOf(told)).toMatchObject({ release: null, pid: null });
    expect(await readOnHost(`readlink ${project.deployDir}/current`)).toBe('');
  });

  test('is not started again by others, nor stopped for that, and is left by a rollback', async () => {
    const { project, first, left } = await leaveUnproven('unproven');
    expect(codesOf(await project.ask('restart'))).toEqual(['E_START_FAILED']);
    expect(appOf(await project.ask('status'))).toMatchObject({ pid: left.pid, state: 'running' });
    await project.ask('stop');
    expect(codesOf(await project.ask('start'))).toEqual(['E_START_FAILED']);
    expect(appOf(await project.ask('rollback'))).toMatchObject({ state: 'running', release: first.release });
  });
});

test('a release that was only tried beside another one, and has ended since, hides nothing of that one', async () => {
  const project = await createServed(`tried-${process.pid}`, 'beside');
  await project.write(PAGES);
  const first = appOf(await project.ask('deploy'));
  await project.write({ 'server.mjs': `${SERVER}\nsetTimeout(() => process.exit(3), 1500);` });
  await project.configure({ health: { ...SERVED.health, exec: KILL_DEPLOY } });
  const told = await project.ask('deploy');
  expect(codesOf(told)).toEqual(['E_UNKNOWN_RESULT']);
  const tried = `"$XDG_STATE_HOME/outlast/apps/${project.app}/run.2`;
  await waitFor(async () => (await readOnHost(`ls ${tried}.exit" 2>/dev/null`)) !== '', {
    what: 'the end of the second',
  });
  await project.configure({ health: SERVED.health });
  const runs = { state: 'running', pid: first.pid, release: first.release };
  for (const verb of ['status', 'start', 'inspect']) {
    const seen = await project.ask(verb);
    expect([verb, codesOf(seen), appOf(seen)]).toMatchObject([verb, ['ok'], runs]);
  }
  expect(appOf(told)).toMatchObject(runs);
  expect(codesOf(await project.ask('rm'))).toEqual(['E_RUNNING']);
  expect(appOf(await project.ask('stop'))).toMatchObject({ state: 'stopped', changed: true, how: 'term' });
  expect(await readOnHost(`grep -ls OUTLAST_APP=${project.app} /proc/[0-9]*/environ`)).toBe('');
  expect(appOf(await project.ask('start'))).toMatchObject({ state: 'running', release: first.release, changed: true });
});

describe('where a release was tried beside another one when its deploy was ended, and both are left', () => {
  async function leaveBoth(app: string) {
    const project = await createServed(app, 'beside');
    await project.write({ ...PAGES, 'server.mjs': `${SERVER}\nprocess.on('SIGUSR1', () => process.exit(42));` });
    const first = appOf(await project.ask('deploy'));
    await project.write({ 'page.html': 'two' });
    await project.configure({ health: { ...SERVED.health, exec: KILL_DEPLOY } });
    expect(codesOf(await project.ask('deploy'))).toEqual(['E_UNKNOWN_RESULT']);
    const tried = Number((await readOnHost(`cat "$XDG_STATE_HOME/outlast/apps/${app}/run.2.pid"`)).split(' ')[0]);
    expect(appOf(await project.ask('status'))).toMatchObject({ state: 'running', pid: first.pid });
    return { project, first, tried };
  }

  test('status tells of both, and find says whose they are', async () => {
    const { project, first, tried } = await leaveBoth('both-told');
    const { beside } = appOf(await project.ask('status'));
    expect(beside).toEqual({ release: expect.any(String), pid: tried });
    expect(beside?.release).not.toBe(first.release);
    const { stderr } = await project.print('status');
    expect(stderr).toContain(
      `web1: beside both-told runs release ${beside?.release} (pid ${tried}): a deploy tries it`,
    );
    const { document } = await lab.ask(['find', 'server.mjs', '-H', 'web1', '--app', 'both-told']);
    const wanted = [first.pid, tried].map((pid) => expect.objectContaining({ pid, app: 'both-told' }));
    expect(document.outcomes[0]?.processes).toHaveLength(2);
    expect(document.outcomes[0]?.processes).toEqual(expect.arrayContaining(wanted));
    await project.ask('stop');
    expect(appOf(await project.ask('status')).beside).toBe(null);
  });

  test('a restart as recorded is one of what was healthy, and so is a start behind a stop', async () => {
    const { project, first } = await leaveBoth('restarted');
    const { document } = await lab.ask(['restart', project.app, '-H', 'web1', '--settle', '100ms']);
    expect(document.outcomes[0]?.apps?.[0]).toMatchObject({ state: 'running', release: first.release, changed: true });
    const living = `grep -ls OUTLAST_APP=restarted /proc/[0-9]*/environ`;
    await project.ask('stop');
    expect(await readOnHost(living)).toBe('');
    const again = await lab.ask(['restart', project.app, '-H', 'web1', '--settle', '100ms']);
    expect(codesOf(again)).toEqual(['ok']);
    expect(appOf(again)).toMatchObject({ state: 'running', release: first.release });
  });

  test('how the one ended that counts is told, whatever became of the other before', async () => {
    const { project, first, tried } = await leaveBoth('outlived');
    await readOnHost(`kill -KILL ${tried}`);
    const waiting = project.ask('wait', '--timeout', '20s');
    await readOnHost(`kill -USR1 ${first.pid}`);
    expect((await waiting).exitCode).toBe(42);
    expect(appOf(await project.ask('status'))).toMatchObject({ state: 'exited', exitCode: 42, release: first.release });
    expect(codesOf(await project.ask('rm'))).toEqual(['ok']);
    expect(await readOnHost('ls "$XDG_STATE_HOME/outlast/apps" | grep -c outlived')).toBe('0');
  });

  test('the next deploy ends that one alone', async () => {
    const { project, first, tried } = await leaveBoth('one-ended');
    await project.configure({ setup: 'false' });
    const told = await project.ask('deploy');
    expect(codesOf(told)).toEqual(['E_SETUP_FAILED']);
    expect(appOf(told)).toMatchObject({ state: 'running', pid: first.pid, release: first.release });
    expect(await readOnHost(`kill -0 ${tried} 2>&1 || echo gone`)).toContain('gone');
  });

  test('neither of them can be adopted by another app', async () => {
    const { first, tried } = await leaveBoth('owned');
    for (const pid of [first.pid, tried]) {
      const { document } = await lab.ask(['adopt', 'thief', '--pid', `${pid}`, '-H', 'web1']);
      expect(document.outcomes[0]?.error?.message).toContain('owned');
    }
  });
});

test('what is owed is brought back by a later deploy too, once it can be, be one in between that failed in order', async () => {
  const project = await createServed('owed', 'in place');
  await project.write({ ...PAGES, 'server.mjs': `import { existsSync } from 'node:fs';\n${SPOILED}\n${SERVER}` });
  const first = appOf(await project.ask('deploy'));
  await project.write({ 'page.html': 'two', 'server.mjs': 'process.exit(1);' });
  await project.configure({ health: { ...SERVED.health, exec: KILL_DEPLOY } });
  // Ended just when nothing runs.
  await project.configure({ run: ['sh', '-c', `kill -KILL "$(cut -d' ' -f1 ../../lock.2)"; exit 1`] });
  expect(codesOf(await project.ask('deploy'))).toEqual(['E_UNKNOWN_RESULT']);
  await readOnHost(`: >${project.deployDir}/spoiled`);
  await project.configure({ setup: 'false' });
  const failed = await project.ask('deploy');
  expect(appOf(failed).pid).toBe(null);
  await readOnHost(`rm ${project.deployDir}/spoiled`);
  const told = await project.ask('deploy');
  expect(codesOf(told)).toEqual(['E_SETUP_FAILED']);
  expect(appOf(told)).toMatchObject({ state: 'running', release: first.release });
});

test('a deploy that is ended once its release counts as good is done: a rollback leaves that release', async () => {
  const project = await createServed('done', 'beside');
  // What runs is to be stopped when all else is done, and ends the script that does it.
  const end =
    "import { readFileSync as read } from 'node:fs';\nconst script = Number(read('../../lock.2', 'utf8').split(' ')[0]);";
  await project.write({
    ...PAGES,
    'end.mjs': `${end}\nprocess.kill(script, 'SIGKILL');\n`,
    'server.mjs': `${SERVER}\nprocess.on('SIGTERM', () => import('./end.mjs').finally(() => process.exit()));`,
  });
  const first = appOf(await project.ask('deploy'));
  await project.write({ 'page.html': 'two', 'server.mjs': SERVER });
  expect(codesOf(await project.ask('deploy'))).toEqual(['E_UNKNOWN_RESULT']);
  const second = appOf(await project.ask('status'));
  expect(second).toMatchObject({ state: 'running' });
  expect(second.release).not.toBe(first.release);
  await project.configure({ health: { exec: 'true', steady: '0ms' } });
  const back = await project.ask('rollback');
  expect(codesOf(back), JSON.stringify(back.document)).toEqual(['ok']);
  expect(appOf(back)).toMatchObject({ state: 'running', release: first.release, changed: true });
});

test('a rollback of what was never deployed says so', async () => {
  const { outcomes } = (await lab.ask(['rollback', 'nowhere', '-H', 'web1'])).document;
  expect(outcomes[0]?.error).toMatchObject({ code: 'E_NOT_DEPLOYED' });
});
