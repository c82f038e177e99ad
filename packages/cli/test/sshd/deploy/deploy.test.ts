import { findFreePort, isGone } from '@outlast/test-fixtures';
import { describe, expect, test } from 'vitest';
import { createProject, IDLE, type Project, SERVED, SERVER, setMode } from '../../deploy-project.js';
import { askInProcess } from '../../in-process.js';
import { appOf, codesOf, useLab } from '../../program-lab.js';

const lab = useLab(['web1', 'web2', 'web3']);

/** What the app answers at this moment, on the port that the host chose for it. */
async function readPage(project: Project): Promise<string> {
  const [port] = appOf(await project.ask('status', '-H', 'web1')).ports ?? [];
  const response = await fetch(`http://127.0.0.1:${port}/`);
  return (await response.text()).trim();
}

const onHost = async (line: string) => (await lab.host().run(line)).stdout;

/** What is under the app's own folder on the host. */
const readReleases = async (project: Project) =>
  (await onHost(`ls ${project.deployDir}/releases`)).split('\n').filter(Boolean);

const readCurrent = async (project: Project) => (await onHost(`readlink ${project.deployDir}/current`)).trim();

/** On a port that is given, so that one has to go before the next can begin. */
async function createServed(app: string, hosts?: readonly string[]): Promise<Project> {
  const project = await createProject(lab, app, { ...SERVED, port: await findFreePort() }, hosts);
  await project.write({ 'server.mjs': SERVER, 'page.html': 'one' });
  return project;
}

const stepsOf = (told: Parameters<typeof appOf>[0]) =>
  (appOf(told).steps ?? []).map(({ name, ok }) => `${name}${ok ? '' : '!'}`);
const GOOD_STEPS = ['lock', 'upload', 'setup', 'port', 'stop', 'switch', 'start', 'health'];

describe('a deploy', () => {
  test('uploads, sets up, switches and starts, and says which release runs', async () => {
    const project = await createServed('first');
    await project.configure({ setup: 'echo "made of $OUTLAST_RELEASE" >made.txt' });
    const told = await project.ask('deploy');
    expect(told.exitCode, told.stderr).toBe(0);
    const { release, ...app } = appOf(told);
    expect(app).toMatchObject({ state: 'running', changed: true, previousRelease: null, rolledBack: false });
    expect(stepsOf(told)).toEqual(GOOD_STEPS);
    expect(told.stderr).toContain('Safe to disconnect.');
    expect(await readPage(project)).toBe('one');
    expect(await readCurrent(project)).toBe(`releases/${release}`);
    expect(await onHost(`cat ${project.deployDir}/current/made.txt`)).toBe(`made of ${release}\n`);
    expect(appOf(await project.ask('status')).release).toBe(release);
  });

  test('of the same is told apart, and leaves the app alone', async () => {
    const project = await createServed('same');
    const first = appOf(await project.ask('deploy'));
    const again = await project.ask('deploy');
    expect(appOf(again)).toMatchObject({ changed: false, pid: first.pid, release: first.release });
    expect(stepsOf(again)).toEqual(['lock']);
    expect(await readReleases(project)).toHaveLength(1);
  });

  test('of the same is a release of its own when it is forced', async () => {
    const project = await createServed('forced');
    const first = appOf(await project.ask('deploy'));
    const forced = appOf(await project.ask('deploy', '--force'));
    expect(forced).toMatchObject({ changed: true, previousRelease: first.release });
    expect(forced.release).not.toBe(first.release);
  });

  test('of other variables starts the same release again, without an upload', async () => {
    const project = await createServed('varied');
    const first = appOf(await project.ask('deploy'));
    await project.configure({ env: { GREETING: 'hello' } });
    const told = await project.ask('deploy');
    expect(stepsOf(told)).toEqual(['lock', 'port', 'stop', 'switch', 'start', 'health']);
    expect(appOf(told)).toMatchObject({ changed: true, release: first.release, ports: first.ports });
    expect(appOf(told).pid).not.toBe(first.pid);
  });

  test('of another restart policy starts the same release again, since a supervisor keeps what it began with', async () => {
    const project = await createServed('supervised');
    const first = appOf(await project.ask('deploy'));
    await project.configure({ restart: { policy: 'on-failure' } });
    expect(appOf(await project.ask('deploy'))).toMatchObject({ changed: true, release: first.release });
    expect(appOf(await project.ask('deploy'))).toMatchObject({ changed: false, release: first.release });
  });

  test('of another health looks again, at the same release started again', async () => {
    const project = await createServed('looked');
    const first = appOf(await project.ask('deploy'));
    await project.configure({ health: { exec: 'true', steady: '0ms' } });
    const second = appOf(await project.ask('deploy'));
    expect(second).toMatchObject({ changed: true, release: first.release });
    expect(appOf(await project.ask('deploy'))).toMatchObject({ changed: false, pid: second.pid });
    await project.configure({ health: { exec: 'false', within: '200ms' } });
    const sick = await project.ask('deploy');
    expect(codesOf(sick)).toEqual(['E_UNHEALTHY']);
    expect(appOf(sick)).toMatchObject({ state: 'running', release: first.release });
  });

  test('starts what was stopped since', async () => {
    const project = await createServed('stopped');
    const first = appOf(await project.ask('deploy'));
    await project.ask('stop');
    expect(appOf(await project.ask('deploy'))).toMatchObject({
      state: 'running',
      changed: true,
      release: first.release,
    });
  });

  test('takes the place of an app that was only started, and gives it back', async () => {
    const project = await createServed('started');
    const started = await askInProcess(lab.laptop, ['start', 'started', '-H', 'web1', '--', 'sleep', '1000']);
    await project.configure({ health: { exec: 'false', within: '100ms' } });
    const failed = appOf(await project.ask('deploy'));
    expect(failed).toMatchObject({ state: 'running', release: null, rolledBack: true, argv: ['sleep', '1000'] });
    expect(failed.pid).not.toBe(appOf(started).pid);
    await project.configure({ health: SERVED.health });
    expect(appOf(await project.ask('deploy'))).toMatchObject({
      state: 'running',
      previousRelease: null,
      changed: true,
    });
    expect(await readPage(project)).toBe('one');
  });

  test('of something else is a release beside the one before, and keeps its port', async () => {
    const project = await createServed('next');
    const first = appOf(await project.ask('deploy'));
    await project.write({ 'page.html': 'two' });
    const second = appOf(await project.ask('deploy'));
    expect(second).toMatchObject({ changed: true, previousRelease: first.release, ports: first.ports });
    expect(await readPage(project)).toBe('two');
    expect(await readReleases(project)).toEqual([first.release, second.release].sort());
    expect(await onHost(`cat ${project.deployDir}/releases/${first.release}/page.html`)).toBe('one');
  });

  test('goes through the hosts one by one, and no further than the first that fails', async () => {
    const project = await createProject(lab, 'rolling', SERVED, ['web1', 'web2', 'web3']);
    await project.write({ 'server.mjs': SERVER, 'page.html': 'one' });
    await project.configure({
      health: { ...SERVED.health, exec: 'test ! -e "$XDG_STATE_HOME/unhealthy"', within: '300ms' },
    });
    await lab.host('web2').run('touch "$XDG_STATE_HOME/unhealthy"');
    const told = await project.ask('deploy');
    expect(told.exitCode).toBe(1);
    expect(codesOf(told)).toEqual(['ok', 'E_UNHEALTHY', 'E_SKIPPED']);
    expect(appOf(told, 1)).toMatchObject({ state: 'stopped', release: null });
    await lab.host('web2').run('rm "$XDG_STATE_HOME/unhealthy"');
    // That of another app is another run.
    const other = await createProject(lab, 'other', IDLE);
    await other.write({ file: 'x' });
    expect(codesOf(await other.ask('deploy'))).toEqual(['ok']);
    expect(codesOf(await project.ask('deploy', '--retry-failed'))).toEqual(['ok', 'ok']);
  });
});

describe('what is uploaded', () => {
  test('is there byte for byte, with its modes and whatever its names', async () => {
    const project = await createProject(lab, 'odd', IDLE);
    const names = [
      '-rf',
      'a b',
      'two\nlines',
      'back\\slash',
      'ünïcödé/ñ',
      `${'long'.repeat(50)}/${'name'.repeat(40)}`,
      "it's",
    ];
    const bytes = Uint8Array.from({ length: 1000 }, (_, index) => index % 256);
    await project.write({ empty: '', binary: bytes, 'sub/inner': { link: '../binary' } });
    await project.write(Object.fromEntries(names.map((name) => [name, `in ${name}`])));
    await setMode(project, 'binary', 0o755);
    await setMode(project, 'empty', 0o444);
    expect((await project.ask('deploy')).exitCode).toBe(0);
    const there = `cd ${project.deployDir}/current`;
    for (const name of names)
      expect(await onHost(`${there} && cat './${name.replaceAll("'", "'\\''")}'`)).toBe(`in ${name}`);
    expect(await onHost(`${there} && od -An -v -tx1 binary | tr -d ' \\n'`)).toBe(Buffer.from(bytes).toString('hex'));
    expect(await onHost(`${there} && stat -c '%a %s' binary empty && readlink sub/inner`)).toBe(
      '755 1000\n444 0\n../binary\n',
    );
  });

  test('is only what has changed, and what was changed on the host comes anew', async () => {
    const project = await createProject(lab, 'again', IDLE);
    await project.write({ same: 'same', other: 'one', spoilt: 'whole', gone: 'gone', 'folder/x': 'x' });
    await project.ask('deploy');
    await onHost(`cd ${project.deployDir}/current && echo spoilt >spoilt && chmod 600 same && echo junk >junk`);
    await project.write({ other: 'two', gone: null, folder: null });
    const told = await project.ask('deploy');
    expect(told.exitCode, told.stderr).toBe(0);
    const there = `cd ${project.deployDir}/current`;
    expect(await onHost(`${there} && ls && cat same other spoilt && stat -c %a same`)).toBe(
      'other\nsame\nspoilt\nsametwowhole644\n',
    );
  });

  test('leaves out what is ignored, the configuration and the files with secrets', async () => {
    const secrets = [{ name: 'KEY', file: 'api.key' }];
    const project = await createProject(lab, 'ignoring', { ...IDLE, source: 'linked', env_file: '.env', secrets });
    await project.write({
      '../linked': { link: '.' },
      '../.env': 'TOKEN=s3cr3t',
      '../api.key': 's3cr3t',
      '../.gitignore': '*.log\nbuild/\n',
      '../.outlastignore': '!kept.log\n',
    });
    await project.write({ 'a.log': '', '../kept.log': '', '../build/x': '', 'a.txt': '' });
    expect((await project.ask('deploy')).exitCode).toBe(0);
    expect(await onHost(`cd ${project.deployDir}/current && find . -type f | sort`)).toBe(
      './.gitignore\n./.outlastignore\n./app/a.txt\n./kept.log\n',
    );
  });

  test('with a link to somewhere else is refused, before anything is sent', async () => {
    const project = await createProject(lab, 'leaving', IDLE);
    await project.write({ fine: '', passwords: { link: '/etc/passwd' } });
    const told = await project.ask('deploy').catch((error: unknown) => error);
    expect(told).toMatchObject({ code: 'E_USAGE' });
    expect(String(told)).toContain('"passwords" is a link that leads out of the folder, to "/etc/passwd"');
  });
});

describe('a release that is no good', () => {
  test('whose setup fails is never switched to, and its log is shown without secrets', async () => {
    const project = await createServed('badsetup');
    const first = appOf(await project.ask('deploy'));
    await project.configure({
      setup: 'echo preparing; echo "the token is $TOKEN"; ls /nowhere; echo "not reached"',
      env_file: 'env',
    });
    await project.write({ '../env': 'TOKEN=canary-4711' });
    const told = await project.ask('deploy');
    expect(told.exitCode).toBe(1);
    expect(codesOf(told)).toEqual(['E_SETUP_FAILED']);
    const { error } = told.document.outcomes[0] ?? {};
    expect(error?.lastLines?.slice(0, 2)).toEqual(['preparing', 'the token is ********']);
    expect(error?.lastLines?.join('\n')).not.toContain('not reached');
    expect(appOf(told)).toMatchObject({ pid: first.pid, release: first.release, rolledBack: false, changed: false });
    expect(await onHost(`cat ${project.deployDir}/records/*.setup.log`)).not.toContain('canary');
  });

  test('whose setup is a list ends with the first of it that fails, however that is written', async () => {
    const project = await createProject(lab, 'listed', {
      ...IDLE,
      setup: ['cd /', 'cd nowhere && echo in', 'echo on'],
    });
    await project.write({ file: 'first' });
    const told = await project.ask('deploy');
    expect(codesOf(told)).toEqual(['E_SETUP_FAILED']);
    expect(told.document.outcomes[0]?.error?.lastLines?.slice(0, 2)).toEqual(['$ cd /', '$ cd nowhere && echo in']);
    expect(told.document.outcomes[0]?.error?.lastLines).not.toContain('on');
    await project.configure({ setup: ['cd "$HOME"', 'export MADE=here', 'echo "$MADE" >"$OLDPWD/made"'] });
    expect(codesOf(await project.ask('deploy'))).toEqual(['ok']);
    expect(await onHost(`cat ${project.deployDir}/current/made`)).toBe('here\n');
  });

  test('whose setup leaves something running has it ended, and is not held up by it', async () => {
    const project = await createProject(lab, 'leftover', IDLE);
    await project.configure({ setup: 'sleep 4711 & env -i sleep 7 & echo made >made' });
    await project.write({ file: 'first' });
    const told = await project.ask('deploy');
    expect(codesOf(told)).toEqual(['ok']);
    expect(appOf(told).steps?.find(({ name }) => name === 'setup')?.seconds).toBeLessThan(6);
    expect(await onHost(`cat ${project.deployDir}/current/made; pgrep -f '^sleep 4711'`)).toBe('made\n');
  });

  test('that ends at once gives its place back', async () => {
    const project = await createServed('badstart');
    const first = appOf(await project.ask('deploy'));
    await project.write({ 'server.mjs': 'console.log("cannot begin"); process.exit(3);' });
    // On a busy host it takes longer than the usual settle time to come that far.
    const told = await project.ask('deploy', '--settle', '5s');
    expect(codesOf(told)).toEqual(['E_START_FAILED']);
    expect(told.document.outcomes[0]?.error).toMatchObject({ exitCode: 3, lastLines: ['cannot begin'] });
    expect(appOf(told)).toMatchObject({
      state: 'running',
      release: first.release,
      rolledBack: true,
      ports: first.ports,
    });
    expect(stepsOf(told)).toEqual(['lock', 'upload', 'setup', 'port', 'stop', 'switch', 'start!', 'rollback']);
    expect(await readPage(project)).toBe('one');
    expect(await readCurrent(project)).toBe(`releases/${first.release}`);
  });

  test.each([
    [
      'that answers with an error',
      { health: { ...SERVED.health, http: '/missing', within: '500ms' } },
      '/missing answers 404: two',
    ],
    [
      'that does not show what it shall',
      { health: { ...SERVED.health, body: '^three$', within: '500ms' } },
      '/ does not show what it shall: two',
    ],
    [
      'whose log does not say what it shall',
      { health: { log: 'serving three', within: '500ms' } },
      'the log does not say what it shall',
    ],
    [
      'whose probe fails',
      { health: { exec: 'echo not yet; exit 7', within: '500ms' } },
      'the exec probe exits with 7: not yet',
    ],
    ['on whose port nobody listens', { port: 1, health: { tcp: true, within: '500ms' } }, 'nothing listens on port 1'],
  ])('%s gives its place back', async (what, settings, reason) => {
    const project = await createServed(`unhealthy-${what.length}`);
    const first = appOf(await project.ask('deploy'));
    await project.write({ 'page.html': 'two' });
    await project.configure({
      run: [process.execPath, 'server.mjs'],
      ...settings,
      ...('port' in settings ? { run: ['sleep', '1000'] } : {}),
    });
    const told = await project.ask('deploy');
    expect(codesOf(told)).toEqual(['E_UNHEALTHY']);
    expect(told.document.outcomes[0]?.error?.message).toBe(`it is not healthy: ${reason}`);
    expect(appOf(told)).toMatchObject({ state: 'running', release: first.release, rolledBack: true });
    const failed = appOf(await project.ask('releases')).releases?.find(({ state }) => state === 'failed');
    expect(appOf(told).attemptedRelease).toBe(failed?.id);
    expect(await readPage(project)).toBe('one');
  });

  test('whose page has no end fills no disk', async () => {
    const project = await createServed('endless');
    await project.write({
      'server.mjs': SERVER.replace('response.end(page)', 'setInterval(() => response.write(page.repeat(1e6)), 1)'),
    });
    await project.configure({ health: { ...SERVED.health, within: '300ms' } });
    const told = await project.ask('deploy');
    expect(told.document.outcomes[0]?.error?.message).toBe('it is not healthy: / answers with more than a page has');
    expect(await onHost(`ls ${project.deployDir} | grep -c page`)).toBe('0\n');
  });

  test('that ends while it has to stay healthy gives its place back', async () => {
    const project = await createServed('short');
    const first = appOf(await project.ask('deploy'));
    await project.write({ 'server.mjs': `${SERVER}\nsetTimeout(() => process.exit(1), 1200);` });
    await project.configure({ health: { ...SERVED.health, steady: '5s' } });
    const told = await project.ask('deploy');
    expect(told.document.outcomes[0]?.error).toMatchObject({
      code: 'E_START_FAILED',
      message: 'it was healthy, and then it ended: exit code 1',
      exitCode: 1,
    });
    expect(appOf(told)).toMatchObject({ release: first.release, rolledBack: true, state: 'running' });
  });

  test('is kept for a while, however often one is tried', async () => {
    const project = await createProject(lab, 'trying', { ...IDLE, keep_releases: 2 });
    await project.write({ file: 'good' });
    const { release } = appOf(await project.ask('deploy'));
    await project.configure({ health: { exec: 'false', within: '50ms' } });
    for (const file of ['one', 'two', 'three', 'four']) {
      await project.write({ file });
      expect(codesOf(await project.ask('deploy'))).toEqual(['E_UNHEALTHY']);
    }
    const left = await readReleases(project);
    expect(left).toHaveLength(3);
    expect(left).toContain(release);
  });

  test('and is the first one leaves nothing running', async () => {
    const project = await createServed('none');
    await project.write({ 'server.mjs': 'process.exit(3);' });
    const told = await project.ask('deploy');
    expect(appOf(told)).toMatchObject({ state: 'exited', release: null, previousRelease: null });
    expect(await readCurrent(project)).toBe('');
    await project.write({ 'server.mjs': SERVER });
    expect(appOf(await project.ask('deploy'))).toMatchObject({ state: 'running', previousRelease: null });
  });
});

describe('with a port that the host chooses', () => {
  const BESIDE_STEPS = ['lock', 'upload', 'setup', 'port', 'start', 'health', 'switch', 'stop'];

  test('the new release is healthy on a port of its own before the old one is stopped', async () => {
    const project = await createProject(lab, 'beside', SERVED);
    await project.write({ 'server.mjs': SERVER, 'page.html': 'one' });
    const first = await project.ask('deploy');
    expect(stepsOf(first)).toEqual(GOOD_STEPS);
    await project.write({ 'page.html': 'two' });
    // It would not get healthy were the first one gone.
    const [port] = appOf(first).ports ?? [];
    await project.configure({ health: { ...SERVED.health, exec: `kill -0 ${appOf(first).pid}` } });
    const second = await project.ask('deploy');
    expect(codesOf(second)).toEqual(['ok']);
    expect(stepsOf(second)).toEqual(BESIDE_STEPS);
    expect(appOf(second)).toMatchObject({ previousRelease: appOf(first).release, rolledBack: false, changed: true });
    expect(appOf(second).ports).not.toEqual([port]);
    expect(isGone(appOf(first).pid ?? 0)).toBe(true);
    expect(await readPage(project)).toBe('two');
    const { pids } = appOf(await project.ask('inspect'));
    expect(pids).toContain(appOf(second).pid);
  });

  test('a release that is no good leaves the old one alone: the same process, on the same port', async () => {
    const project = await createProject(lab, 'untouched', SERVED);
    await project.write({ 'server.mjs': SERVER, 'page.html': 'one' });
    const first = appOf(await project.ask('deploy'));
    const { pid, release, ports } = first;
    await project.write({ 'server.mjs': 'process.exit(3)' });
    const ended = await project.ask('deploy', '--settle', '30s');
    expect(codesOf(ended)).toEqual(['E_START_FAILED']);
    expect(appOf(ended)).toMatchObject({ pid, release, ports, state: 'running', rolledBack: false });
    expect(stepsOf(ended)).toEqual(['lock', 'upload', 'setup', 'port', 'start!', 'rollback']);
    await project.write({ 'server.mjs': SERVER, 'page.html': 'two' });
    await project.configure({ health: { ...SERVED.health, body: 'three', within: '300ms' } });
    const sick = await project.ask('deploy');
    expect(codesOf(sick)).toEqual(['E_UNHEALTHY']);
    expect(appOf(sick)).toMatchObject({ pid, release, ports, state: 'running', rolledBack: false });
    expect(await onHost('ls "$XDG_STATE_HOME/outlast/apps/untouched" | grep -c beside')).toBe('0\n');
    expect(await readPage(project)).toBe('one');
    expect(await readCurrent(project)).toBe(`releases/${release}`);
    const left = await onHost(`ps -eo args | grep -c '[s]erver.mjs'`);
    expect(Number(left)).toBeGreaterThan(0);
    expect(appOf(await project.ask('stop'))).toMatchObject({ state: 'stopped', changed: true });
    expect(isGone(pid ?? 0)).toBe(true);
  });

  /** Two that run, as when the host has killed the script in the middle of its look at the health. */
  async function leaveBoth(
    app: string,
  ): Promise<{ project: Project; pids: readonly number[]; release: string | null }> {
    const project = await createProject(lab, app, SERVED);
    await project.write({ 'server.mjs': SERVER, 'page.html': 'one' });
    const first = appOf(await project.ask('deploy'));
    await project.write({ 'page.html': 'two' });
    const kill = 'kill -KILL "$(cut -d" " -f4 /proc/$PPID/stat)" $PPID';
    await project.configure({ health: { ...SERVED.health, exec: kill } });
    expect(codesOf(await project.ask('deploy'))).not.toEqual(['ok']);
    const second = appOf(await project.ask('status'));
    const pids = [first.pid ?? 0, second.pid ?? 0];
    expect(pids.map(isGone)).toEqual([false, false]);
    expect(await readCurrent(project)).toBe(`releases/${first.release}`);
    return { project, pids, release: first.release };
  }

  test('what was left running beside the latest run is stopped with it', async () => {
    const { project, pids } = await leaveBoth('left');
    expect(appOf(await project.ask('stop'))).toMatchObject({ state: 'stopped', changed: true });
    expect(pids.map(isGone)).toEqual([true, true]);
  });

  test('the next deploy clears up what was never switched to, and says so', async () => {
    const { project, pids, release } = await leaveBoth('mended');
    await project.configure({ health: SERVED.health });
    const told = await project.ask('deploy');
    expect(codesOf(told)).toEqual(['ok']);
    expect(told.stderr).toMatch(
      /web1: a deploy of \S+ from \S+ did not come to its end, at activate; what it left was cleared up/,
    );
    expect(appOf(told)).toMatchObject({ state: 'running', previousRelease: release });
    expect(pids.map(isGone)).toEqual([true, true]);
    expect(await readPage(project)).toBe('two');
  });
});

describe('what outlives a release', () => {
  test('is shared by all of them, and is filled by the first', async () => {
    const project = await createServed('sharing');
    await project.configure({ shared_paths: ['data', 'db/main.sqlite'] });
    await project.write({ 'db/main.sqlite': 'seed', 'db/other': 'x' });
    await project.ask('deploy');
    await onHost(`cd ${project.deployDir}/current && echo kept >data/file && echo grown >db/main.sqlite`);
    await project.write({ 'page.html': 'two' });
    expect((await project.ask('deploy')).exitCode).toBe(0);
    expect(await onHost(`cd ${project.deployDir}/current && cat data/file db/main.sqlite db/other`)).toBe(
      'kept\ngrown\nx',
    );
  });

  test('are so many releases as are to be kept, and the one to go back to', async () => {
    const project = await createServed('keeping');
    // The one before is kept however few are wanted.
    await project.configure({ keep_releases: 1 });
    for (const page of ['1', '2', '3', '4']) {
      await project.write({ 'page.html': page });
      expect((await project.ask('deploy')).exitCode).toBe(0);
    }
    const pages = await onHost(`cat ${project.deployDir}/releases/*/page.html`);
    expect(pages).toBe('34');
    expect((await project.ask('rollback')).exitCode).toBe(0);
    expect(await readPage(project)).toBe('3');
  });
});

describe('rollback', () => {
  test('starts what was healthy before, just as it ran, and then what was healthy before that', async () => {
    const project = await createServed('back');
    const ids: (string | null)[] = [];
    for (const page of ['1', '2', '3']) {
      await project.write({ 'page.html': page });
      await project.configure({ env: { PAGE: page } });
      ids.push(appOf(await project.ask('deploy')).release);
    }
    const back = await project.ask('rollback');
    expect(appOf(back)).toMatchObject({ release: ids[1], previousRelease: ids[2], changed: true, rolledBack: false });
    const { pid } = appOf(back);
    expect(await onHost(`tr '\\0' '\\n' </proc/${pid}/environ | grep ^PAGE`)).toBe('PAGE=2\n');
    expect(appOf(await project.ask('rollback')).release).toBe(ids[0]);
    const none = await project.ask('rollback');
    expect(codesOf(none)).toEqual(['E_NO_RELEASE']);
    expect(appOf(await project.ask('rollback', '--to', ids[2] ?? '')).release).toBe(ids[2]);
    expect(await readPage(project)).toBe('3');
  });

  test('never goes to a release that was not healthy, and says what there is', async () => {
    const project = await createServed('never');
    const good = appOf(await project.ask('deploy')).release;
    await project.write({ 'server.mjs': 'process.exit(1)' });
    await project.ask('deploy');
    const list = appOf(await project.ask('releases')).releases ?? [];
    expect(list.map(({ state, current }) => [state, current])).toEqual([
      ['good', true],
      ['failed', false],
    ]);
    const told = await project.ask('rollback', '--to', list[1]?.id ?? '');
    expect(told.document.outcomes[0]?.error).toMatchObject({
      code: 'E_NO_RELEASE',
      message: `nothing to go back to: release ${list[1]?.id} was never healthy; healthy ones are: ${good}`,
    });
    expect(appOf(told)).toMatchObject({ release: good, state: 'running', changed: false });
  });

  test('is told in the history, with what was deployed and by whom', async () => {
    const project = await createServed('told');
    await project.ask('deploy');
    await project.write({ 'page.html': 'two' });
    await project.ask('deploy');
    await project.ask('deploy');
    await project.ask('rollback');
    await project.write({ 'server.mjs': 'process.exit(1)' });
    await project.ask('deploy');
    const entries = (await project.ask('history')).document.outcomes[0]?.entries as {
      verb: string;
      result: string;
      by: string;
      error: string | null;
    }[];
    expect(entries.map(({ verb, result }) => `${verb} ${result}`)).toEqual([
      'deploy ok',
      'deploy ok',
      'deploy unchanged',
      'rollback ok',
      'deploy failed',
    ]);
    expect(entries.map(({ error }) => error)).toEqual([null, null, null, null, 'E_START_FAILED']);
    expect(entries.every(({ by }) => by.includes('@'))).toBe(true);
  });
});
