import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { waitFor } from '@outlast/test-fixtures';
import { expect, test } from 'vitest';
import { createProject, IDLE, SERVED, SERVER } from '../../deploy-project.js';
import { appOf, codesOf, useLab } from '../../program-lab.js';

const lab = useLab(['web1']);

const CANARY = 'canary-0815-of-deploys';

test('a secret is in no argv of any program on either side, wherever it is from', async ({ skip }) => {
  const version = spawnSync('strace', ['-V', '-e', 'execve']);
  if (version.error !== undefined) return skip('no strace, which sees every argv: apt-get install strace');
  const project = await createProject(lab, 'traced', {
    ...IDLE,
    secrets: [
      { name: 'FILED', file: 'key' },
      { name: 'TOLD', command: 'cat key' },
      { name: 'PIPED', stdin: true },
      'PASSED',
    ],
    env_file: '.env',
    setup: 'echo "$FILED$TOLD$PIPED$PASSED$DOTTED" | wc -c >length',
    run: 'test -n "$FILED$TOLD$PIPED$PASSED$DOTTED" && exec sleep 1000',
    port: 'auto',
    health: { exec: 'echo "$TOLD" | grep -q .', steady: '0ms' },
  });
  await project.write({ '../key': CANARY, '../.env': `DOTTED=${CANARY}`, file: 'x' });
  const { argvOf, home, run } = lab.laptop;
  const trace = (side: string) => [
    'strace',
    '-f',
    '-qq',
    '-s',
    '1000000',
    '-e',
    'trace=execve',
    '-o',
    join(home, side),
  ];
  const server = readFileSync(join(dirname(dirname(lab.host().stateDir)), 'pid'), 'utf8').trim();
  const onHost = spawn('strace', [...trace('host').slice(1), '-p', server], { stdio: 'ignore' });
  const ended = once(onHost, 'close');
  const isTraced = () => !readFileSync(`/proc/${server}/status`, 'utf8').includes('TracerPid:\t0\n');
  await waitFor(isTraced, { what: 'strace to see the server' });
  const words = [
    ['deploy', '--settle', '100ms'],
    ['stop'],
    ['start'],
    ['restart'],
    ['rollback'],
    ['inspect'],
    ['history'],
  ];
  for (const [verb = '', ...flags] of words) {
    const config = ['--config', join(project.folder, 'outlast.yaml')];
    const argv = [...trace(`laptop.${verb}`), ...argvOf([verb, project.app, ...flags, ...config])];
    const told = await run(argv, { input: CANARY, env: { PASSED: CANARY } });
    expect([verb, told.exitCode, told.stderr.includes(CANARY)]).toEqual([verb, verb === 'rollback' ? 1 : 0, false]);
  }
  onHost.kill('SIGTERM');
  await ended;
  expect(readFileSync(join(project.source, '..', 'key'), 'utf8')).toBe(CANARY);
  for (const side of ['host', ...words.map(([verb]) => `laptop.${verb}`)]) {
    const seen = readFileSync(join(home, side), 'utf8').split('\n');
    // What is looked at is all there is: the app itself, and the program that was begun.
    expect(seen.some((line) => line.includes(side === 'host' ? '"sleep", "1000"]' : 'outlast.js'))).toBe(true);
    expect(seen.filter((line) => line.includes(CANARY))).toEqual([]);
  }
});

test('a secret is in no log, record that others can read, printout or error, and reaches setup, app and probe', async () => {
  const project = await createProject(lab, 'secretive', {
    secrets: [
      { name: 'FILED', file: 'key' },
      { name: 'TOLD', command: 'cat key' },
    ],
    env_file: '.env',
    setup: 'test "$FILED$TOLD$DOTTED" = "$(cat expected)" && echo "setup has $TOLD and $DOTTED"',
    run: ['/bin/sh', '-c', 'test "$TOLD" = "$(cat expected_one)" && exec sleep 1000'],
    health: { exec: 'test "$FILED" = "$(cat expected_one)" || { echo "not $FILED"; exit 1; }', steady: '0ms' },
  });
  // In the release they stand in two pieces, so that only what we do with them is found.
  const halves = 'a=canary-0815; b=-of-deploys';
  await project.write({
    '../key': `${CANARY}\n`,
    '../.env': `DOTTED=${CANARY}`,
    'make.sh': `${halves}; printf %s "$a$b" >expected_one; printf %s "$a$b$a$b$a$b" >expected`,
  });
  await project.configure({
    setup: '. ./make.sh; test "$FILED$TOLD$DOTTED" = "$(cat expected)" && echo "setup has $TOLD and $DOTTED"',
  });
  const told = await project.ask('deploy');
  expect(codesOf(told), told.stderr).toEqual(['ok']);
  const printed = [
    told.stdout,
    told.stderr,
    (await project.ask('inspect')).stdout,
    (await project.ask('history')).stdout,
  ];
  await project.configure({ health: { exec: 'echo "not $FILED"; exit 1', within: '200ms' } });
  const sick = await project.ask('deploy', '--force');
  expect(codesOf(sick)).toEqual(['E_UNHEALTHY']);
  printed.push(sick.stdout);
  const config = ['--config', join(project.folder, 'outlast.yaml')];
  printed.push((await lab.run(['deploy', 'secretive', '--print-script', ...config])).stdout);
  expect(printed.filter((text) => text.includes(CANARY))).toEqual([]);
  const { stdout } = await lab
    .host()
    .run(
      'cd "$XDG_STATE_HOME/outlast" && grep -rl canary-0815-of . | sort && find . -type f -perm /077 | grep -v releases/',
    );
  const files = stdout.split('\n').filter(Boolean);
  // What starts it again has to hold them; nobody else can read that.
  expect(files.filter((file) => !/\.launch$|\.secrets$|\/releases\/[^/]+\/expected/.test(file))).toEqual([]);
});

test('what an app says before it ends is told without its secrets, and be one the beginning of another', async () => {
  const project = await createProject(lab, 'telling', {
    secrets: ['SHORT', 'LONG'].map((name) => ({ name, file: name })),
    run: 'echo "with $SHORT and $LONG"; exit 3',
  });
  await project.write({ '../SHORT': 'canary-', '../LONG': `${CANARY}-long`, file: 'x' });
  const told = await project.ask('deploy', '--settle', '20s');
  expect(told.document.outcomes[0]?.error).toMatchObject({ exitCode: 3, lastLines: ['with ******** and ********'] });
  const started = await project.ask('start');
  expect(started.document.outcomes[0]?.error?.lastLines ?? []).not.toContain(CANARY);
  expect(started.stdout).not.toContain('canary-');
});

test('a page that is no good is quoted without secrets, and a probe that hangs is told as such', async () => {
  const project = await createProject(lab, 'quoting', {
    ...SERVED,
    secrets: [{ name: 'KEY', file: 'key' }],
    health: { ...SERVED.health, http: '/missing', within: '500ms' },
  });
  const page = 'process.env.KEY + " is wrong\\r\\n"';
  await project.write({ '../key': CANARY, 'page.html': '', 'server.mjs': SERVER.replace('end(page)', `end(${page})`) });
  const told = await project.ask('deploy');
  expect(told.document.outcomes[0]?.error?.message).toBe('it is not healthy: /missing answers 404: ******** is wrong');
  await project.configure({ health: { exec: 'exec sleep 1000', within: '1s' } });
  const hanging = await project.ask('deploy');
  expect(hanging.document.outcomes[0]?.error?.message).toBe('it is not healthy: the exec probe did not end within 1 s');
});

test('a release is gone back to without its secrets at hand', async () => {
  const project = await createProject(lab, 'returning', {
    env_file: '.env',
    secrets: [{ name: 'KEY', file: 'key' }],
    run: ['sleep', '1000'],
  });
  await project.write({ '../key': 'one', '../.env': 'OTHER=two', file: 'x' });
  const first = appOf(await project.ask('deploy'));
  await project.write({ file: 'y' });
  await project.ask('deploy');
  await project.write({ '../key': null, '../.env': null });
  const back = appOf(await project.ask('rollback'));
  expect(back).toMatchObject({ changed: true, release: first.release });
  const { stdout } = await lab.host().run(`tr '\\0' '\\n' </proc/${back.pid}/environ | grep ^KEY=`);
  expect(stdout).toBe('KEY=one\n');
});

test('a secret that is changed makes a restart of the same release', async () => {
  const project = await createProject(lab, 'changing', {
    secrets: [{ name: 'KEY', file: 'key' }],
    run: ['sleep', '1000'],
    health: { exec: 'true', steady: '0ms' },
  });
  await project.write({ '../key': 'one', file: 'x' });
  const first = appOf(await project.ask('deploy'));
  expect(appOf(await project.ask('deploy'))).toMatchObject({ changed: false, pid: first.pid });
  await project.write({ '../key': 'two' });
  const second = appOf(await project.ask('deploy'));
  expect(second).toMatchObject({ changed: true, release: first.release });
  const { stdout } = await lab.host().run(`tr '\\0' '\\n' </proc/${second.pid}/environ | grep ^KEY=`);
  expect(stdout).toBe('KEY=two\n');
});

test('what runs is told without the secrets that it has, though others or none are at hand now', async () => {
  const project = await createProject(lab, 'rotated', { ...IDLE, env_file: 'env' });
  // Healthy as it is deployed, and gone wrong when it is started again.
  const run = ['sh', '-c', 'echo "key is $KEY"; test ! -e ../../broken && exec sleep 1000'];
  await project.configure({ run, health: { exec: 'true', steady: '0ms' } });
  const write = (key: string) => project.write({ file: key.slice(7), '../env': `KEY=${key}` });
  await write('canary-first-4711');
  await project.ask('deploy');
  await write('canary-second-4712');
  expect(codesOf(await project.ask('deploy'))).toEqual(['ok']);
  await lab.host().run(`touch ${project.deployDir}/broken`);
  await write('canary-third-4713');
  const told = [
    await project.ask('rollback', '--settle', '5s'),
    await lab.ask(['restart', project.app, '-H', 'web1', '--settle', '5s']),
  ];
  for (const { document, stdout } of told) {
    expect(document.outcomes[0]?.error?.lastLines?.[0]).toBe('key is ********');
    expect(stdout).not.toContain('canary');
  }
});
