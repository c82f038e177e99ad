import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { appOf, useLab } from '../program-lab.js';

const lab = useLab(['web1', 'web2']);
let project = '';

const CONFIG = `
hosts:
  web1: { tags: [eu], env: { REGION: eu } }
  web2: { env: { REGION: us } }
groups:
  web: [web1, web2]
apps:
  reporter:
    hosts: [web]
    run: echo "$REGION $COLOUR $TOKEN in $PWD"; exec sleep 600
    cwd: /tmp
    env: { COLOUR: blue }
    env_file: .env
    stop: { signal: INT, grace: 1s }
  listed:
    hosts: [web2]
    run: [sleep, "600"]
  homeless:
    run: [sleep, "600"]
`;

beforeAll(async () => {
  project = join(lab.laptop.home, 'project');
  await mkdir(join(project, 'deep', 'down'), { recursive: true });
  await writeFile(join(project, 'outlast.yaml'), CONFIG);
  await writeFile(join(project, '.env'), 'TOKEN="hush hush"\n');
});

const ask = (...args: string[]) => lab.ask(args, { cwd: join(project, 'deep', 'down') });

describe('outlast.yaml, found upwards', () => {
  test('says where an app runs, what it runs, where, and with which environment', async () => {
    const told = await ask('start', 'reporter');
    expect(told.exitCode, told.stderr).toBe(0);
    expect(told.document.outcomes.map(({ host }) => host)).toEqual(['web1', 'web2']);
    const logs = await ask('logs', 'reporter');
    expect(logs.document.outcomes).toMatchObject([
      { host: 'web1', lines: [{ line: 'eu blue hush hush in /tmp' }] },
      { host: 'web2', lines: [{ line: 'us blue hush hush in /tmp' }] },
    ]);
  });

  test('is found to run already when it is started again', async () => {
    const again = await ask('start', 'reporter');
    expect(again.document.outcomes.map(({ apps }) => apps?.[0]?.changed)).toEqual([false, false]);
  });

  test('is won over by flags', async () => {
    const told = await ask('restart', 'reporter', '-H', 'web1', '--env', 'COLOUR=red', '--settle', '200ms');
    expect(told.exitCode, told.stderr).toBe(0);
    const logs = await ask('logs', 'reporter', '-n', '1', '-H', 'web1');
    expect(logs.document.outcomes).toMatchObject([{ lines: [{ line: 'eu red hush hush in /tmp' }] }]);
  });

  test('says how an app is stopped', async () => {
    const inspected = appOf(await ask('inspect', 'reporter'));
    expect(inspected.spec?.stop).toEqual({ signal: 'INT', graceMs: 1_000 });
    const told = await ask('stop', 'reporter');
    expect(told.document.outcomes.map(({ apps }) => apps?.[0]?.state)).toEqual(['stopped', 'stopped']);
    expect(appOf(told)).toMatchObject({ signal: 'INT', how: 'term' });
  });

  test.each([
    ['an app', ['status', 'listed'], ['web2']],
    ['a group', ['status', '-g', 'web'], ['web1', 'web2']],
    ['a tag', ['status', '-g', 'tag:eu'], ['web1']],
    ['all', ['status', '-a'], ['web1', 'web2']],
    ['all apps, when none is named', ['status'], ['web1', 'web2']],
    ['all without some', ['status', '-a', '-x', 'web1'], ['web2']],
    ['a group and a host', ['status', '-H', 'web2', '-g', 'tag:eu'], ['web2', 'web1']],
  ])('gives the hosts of %s', async (_what, args, hosts) => {
    const told = await ask(...args);
    expect(told.document.outcomes.map(({ host }) => host).sort()).toEqual([...hosts].sort());
    expect(told.document.outcomes.every(({ ok }) => ok)).toBe(true);
  });

  test('is exit 2 when it says nothing about where an app runs', async () => {
    const told = await ask('start', 'homeless');
    expect(told.exitCode).toBe(2);
    expect(told.stderr).toMatch(/-H/);
  });

  test('is not needed: another one can be named', async () => {
    await writeFile(join(project, 'other.yaml'), 'hosts:\n  web2:\n');
    const told = await lab.ask(['status', '-a', '--config', join(project, 'other.yaml')]);
    expect(told.document.outcomes.map(({ host }) => host)).toEqual(['web2']);
  });
});

test('a secret that the configuration names has to be set', async () => {
  const folder = join(lab.laptop.home, 'needy');
  await mkdir(folder);
  const yaml =
    'hosts:\n  web1:\napps:\n  needy:\n    hosts: [web1]\n    run: echo "$API_KEY"; exec sleep 600\n    secrets: [API_KEY]\n';
  await writeFile(join(folder, 'outlast.yaml'), yaml);
  const without = await lab.run(['start', 'needy'], { cwd: folder });
  expect(without.exitCode).toBe(2);
  expect(without.stderr).toMatch(/API_KEY/);
  const withIt = await lab.ask(['start', 'needy', '--settle', '200ms'], { cwd: folder, env: { API_KEY: 'k1' } });
  expect(withIt.exitCode, withIt.stderr).toBe(0);
  expect((await lab.run(['logs', 'needy'], { cwd: folder })).stdout).toBe('k1\n');
});

describe('init', () => {
  test('writes a configuration that the other verbs accept, and never over another', async () => {
    const folder = join(lab.laptop.home, 'fresh');
    await mkdir(folder);
    const init = (...flags: string[]) => lab.laptop.run([...lab.laptop.argvOf([]), 'init', ...flags], { cwd: folder });
    expect(await init('-H', 'web[1-2]')).toMatchObject({ exitCode: 0, stdout: '' });
    const text = await readFile(join(folder, 'outlast.yaml'), 'utf8');
    expect(text).toMatch(/^#/m);
    const told = await lab.ask(['hosts', '-a'], { cwd: folder });
    expect(told.document.outcomes.map(({ host }) => host)).toEqual(['web1', 'web2']);
    await writeFile(join(folder, 'outlast.yaml'), '# mine\n');
    const second = await init();
    expect(second.exitCode).toBe(2);
    expect(second.stderr).toMatch(/--force/);
    expect(await readFile(join(folder, 'outlast.yaml'), 'utf8')).toBe('# mine\n');
    expect((await init('--force')).exitCode).toBe(0);
  });
});

describe('hosts', () => {
  test('shows where each host leads, without asking it', async () => {
    const before = (await lab.host().readLog()).length;
    const told = await lab.ask(['hosts', '-H', 'web1', '-H', 'other@10.1.2.3:2222']);
    const { address, port, user } = lab.host();
    expect(told.document.outcomes).toMatchObject([
      { host: 'web1', ok: true, address, port, user },
      { host: 'other@10.1.2.3:2222', ok: true, address: '10.1.2.3', port: 2222, user: 'other' },
    ]);
    expect((await lab.host().readLog()).length).toBe(before);
    const { stdout } = await lab.run(['hosts', '-H', 'web1']);
    expect(stdout).toMatch(new RegExp(`^web1 +127\\.0\\.0\\.1 +${port} +${user}`, 'm'));
  });

  test('shows which transport is chosen for each, in the table where one is not the default', async () => {
    const folder = join(lab.laptop.home, 'transports');
    await mkdir(folder);
    await writeFile(join(folder, 'outlast.yaml'), 'hosts: { web1: , web2: { transport: openssh } }\n');
    const show = async (...flags: string[]) => {
      const { document } = await lab.ask(['hosts', '-a', ...flags], { cwd: folder });
      return document.outcomes.map(({ transport, notHonoured }) => [transport, notHonoured]);
    };
    const rekey = ['-o', 'RekeyLimit=1G', '-o', 'ForwardAgent=yes', '-o', 'GSSAPIAuthentication=no'];
    expect(await show(...rekey)).toEqual([
      ['ssh2', ['RekeyLimit', 'ForwardAgent']],
      ['openssh', ['ForwardAgent']],
    ]);
    expect((await show('--transport', 'ssh2')).map(([transport]) => transport)).toEqual(['ssh2', 'ssh2']);
    const { stdout } = await lab.run(['hosts', '-a'], { cwd: folder });
    expect(stdout).toMatch(/^HOST .* JUMP +TRANSPORT +FROM\nweb1 .* ssh2 +outlast\.yaml:1\nweb2 .* openssh +outlast/);
    expect((await lab.run(['hosts', '-H', 'web1'])).stdout).not.toMatch(/TRANSPORT|ssh2/);
  });
});

describe('completion', () => {
  const program = () => lab.laptop.argvOf([]);

  test.each(['bash', 'zsh', 'fish'])('for %s can be read by that shell', async (name) => {
    const { stdout, exitCode } = await lab.laptop.run([...program(), 'completion', name]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/restart/);
    if ((await lab.laptop.run(['/bin/sh', '-c', `command -v ${name}`])).exitCode !== 0) return;
    const path = join(lab.laptop.home, `completion.${name}`);
    await writeFile(path, stdout);
    expect(await lab.laptop.run([name, '-n', path])).toMatchObject({ exitCode: 0, stderr: '' });
  });

  test('offers the configured names', async () => {
    const list = (flag: string) => lab.laptop.run([...program(), 'completion', flag], { cwd: project });
    // Behind them come the aliases that whoever runs the tests has in an ssh configuration.
    expect((await list('--list-hosts')).stdout).toMatch(/^web1\nweb2\n/);
    expect((await list('--list-groups')).stdout).toBe('web\n');
    expect((await list('--list-apps')).stdout).toBe('reporter\nlisted\nhomeless\n');
  });

  test('for another shell is refused', async () => {
    const result = await lab.laptop.run([...program(), 'completion', 'powershell']);
    expect(result.exitCode).toBe(2);
    expect(result.stderr).toMatch(/bash/);
  });
});
