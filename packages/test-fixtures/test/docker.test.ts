import {
  asUser,
  attachComposeHosts,
  type ComposeHosts,
  canStartDocker,
  createLaptop,
  DEBIAN_USERS,
  type DockerEngine,
  ensureDocker,
  formatFingerprint,
  isListening,
  type Laptop,
  runOrThrow,
  runProgram,
  startComposeHosts,
  startTcpProxy,
  varyHost,
} from '@outlast/test-fixtures';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

let engine: DockerEngine;
let compose: ComposeHosts;
let laptop: Laptop;
const missing = await canStartDocker();

beforeAll(async () => {
  if (missing !== undefined) return;
  engine = await ensureDocker();
  compose = await startComposeHosts();
  const { debian, busybox } = compose.hosts;
  const others = [...DEBIAN_USERS.map((user) => asUser(debian, user)), asUser(busybox, 'root')];
  laptop = await createLaptop([...Object.values(compose.hosts), ...others]);
}, 1_200_000);

afterAll(async () => {
  await laptop?.remove();
  await compose?.stop();
  // An engine that was there before, or that others use too, is left alone; one that only we used is gone.
  const hasEnded = (await engine?.stop()) ?? false;
  const { exitCode } = await runProgram(['docker', 'version']);
  expect(exitCode === 0).toBe(missing === undefined && !hasEnded);
});

beforeEach((context) => {
  if (missing !== undefined) context.skip(missing);
});

const ssh = (...args: string[]) => laptop.run(['ssh', '-F', laptop.sshConfig, ...args]);

describe('every dockerized host', () => {
  const names = ['debian', 'debian2', 'debian3', 'busybox', 'inner'] as const;

  test.each(names)('%s lets the laptop in by its alias, with a host key that is known', async (name) => {
    const answer = await ssh('-v', name, 'echo $USER; pwd');
    const { stdout } = await compose.hosts[name].run('echo "$(id -un)"; pwd');
    expect(answer.stdout).toBe(stdout);
    const presented = /Server host key: \S+ (SHA256:\S+)/.exec(answer.stderr.slice(answer.stderr.lastIndexOf('kex:')));
    expect(compose.facts[name].hostKeys.map(formatFingerprint)).toContain(presented?.[1]);
    expect(await compose.hosts[name].readLog()).toMatch(/[Pp]ub.*key/);
  });

  test('has host keys of its own', () => {
    const keys = names.flatMap((name) => compose.facts[name].hostKeys);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test('can be looked at from another process by its facts', async () => {
    const attached = attachComposeHosts(JSON.parse(JSON.stringify(compose.facts)));
    expect((await attached.busybox.run('echo $HOME')).stdout).toBe('/home/ash\n');
  });

  test.each(names)('%s collects the orphans of its users', async (name) => {
    const orphan = '(sh -c "exec sleep 0.1" </dev/null >/dev/null 2>&1 &); sleep 0.4';
    await ssh(name, `sh -c '${orphan}'`);
    const { stdout } = await compose.hosts[name].run('cat /proc/[0-9]*/stat 2>/dev/null');
    expect(stdout.split('\n').filter((line) => line.includes('(sleep) Z'))).toEqual([]);
  });
});

test.each(DEBIAN_USERS)('the Debian host has a user whose login shell is %s', async (user) => {
  // A shell may become the last program of its line; `true` keeps it alive as the parent.
  const answer = await ssh(asUser(compose.hosts.debian, user).alias, "/bin/sh -c 'cat /proc/$PPID/comm; pwd'; true");
  expect(answer).toMatchObject({ stdout: `${user}\n/home/${user}\n`, stderr: '', exitCode: 0 });
});

describe('the BusyBox host', () => {
  test('runs ash from BusyBox as login shell', async () => {
    expect((await ssh('busybox', 'readlink /proc/$$/exe; echo $0')).stdout).toBe('/bin/busybox\nash\n');
  });

  test('has nothing but BusyBox and dropbear, wherever one looks', async () => {
    const list = 'find / -xdev -type f -perm -100 ! -path "/proc/*" ! -path "/sys/*" ! -name "*.so*"';
    const { stdout } = await compose.hosts.busybox.run(`${list} 2>/dev/null | sort`);
    const docker = ['/sbin/docker-init', '/.dockerenv'];
    const found = stdout
      .trim()
      .split('\n')
      .filter((path) => !docker.includes(path));
    expect(found).toEqual(['/bin/busybox', '/entrypoint', '/usr/sbin/dropbear', '/usr/sbin/dropbearkey']);
  });

  test('has the tools that a POSIX script needs, as applets', async () => {
    const tools = ['awk', 'od', 'tr', 'ps', 'ln', 'mkdir', 'cat', 'sleep', 'setsid', 'tail', 'dd', 'date', 'mv'];
    const { stdout } = await ssh('busybox', `for t in ${tools.join(' ')}; do readlink -f $(which $t); done`);
    expect(new Set(stdout.trim().split('\n'))).toEqual(new Set(['/bin/busybox']));
    expect(stdout.trim().split('\n')).toHaveLength(tools.length);
  });

  test('has a root that can be logged in to', async () => {
    expect((await ssh('busybox-root', 'id -u')).stdout).toBe('0\n');
  });
});

describe('the systemd host', () => {
  beforeEach((context) => {
    const reason = compose?.hosts.systemd.missing;
    if (reason !== undefined) context.skip(reason);
  });

  test('has systemd as its first process, with nothing failed, and one session for each login', async () => {
    expect((await ssh('systemd', 'cat /proc/1/comm; systemctl is-system-running --wait')).stdout).toBe(
      'systemd\nrunning\n',
    );
    const { stdout } = await ssh('systemd', 'cat /proc/self/cgroup');
    expect(stdout).toMatch(/^0::\/user\.slice\/user-1000\.slice\/session-\d+\.scope$/m);
    expect(await compose.hosts.systemd.readLog()).toContain('Accepted publickey for bash');
  });

  test('has no cgroup of this machine within its reach', async () => {
    const { access } = compose.hosts.systemd;
    if (access.kind !== 'container') throw new Error('it is a container');
    const { stdout } = await compose.hosts.systemd.run(
      'ls -d /sys/fs/cgroup/*.slice /sys/fs/cgroup/docker 2>/dev/null',
    );
    expect(stdout).toBe('/sys/fs/cgroup/system.slice\n/sys/fs/cgroup/user.slice\n');
  });
});

describe('the inner host', () => {
  test('is reached through the first, by its name there', async () => {
    const before = (await compose.hosts.debian.readLog()).split('Accepted publickey').length;
    expect((await ssh('inner', 'hostname')).exitCode).toBe(0);
    expect((await compose.hosts.debian.readLog()).split('Accepted publickey').length).toBe(before + 1);
  });

  test('has no other way in: no published port, a network of its own without a gateway, no name here', async () => {
    const { access } = compose.hosts.inner;
    if (access.kind !== 'container') throw new Error('it is a container');
    expect((await runOrThrow(['docker', 'port', access.container])).trim()).toBe('');
    const inspect = ['docker', 'inspect', '--format', '{{json .NetworkSettings.Networks}}', access.container];
    const networks: Record<string, { Gateway: string; NetworkID: string }> = JSON.parse(await runOrThrow(inspect));
    const ids = Object.values(networks).map((network) => network.NetworkID);
    expect(ids).toHaveLength(1);
    const internal = ['docker', 'network', 'inspect', '--format', '{{.Internal}}', ids[0] ?? ''];
    expect((await runOrThrow(internal)).trim()).toBe('true');
    const direct = await createLaptop([{ ...compose.facts.debian, alias: 'direct', address: 'inner', port: 22 }]);
    const answer = await direct.run(['ssh', '-F', direct.sshConfig, 'direct', 'true']);
    expect(answer.exitCode).toBe(255);
    expect(answer.stderr).toContain('Could not resolve hostname');
    await direct.remove();
  });
});

test('a proxy in front of a container cuts its connections', async () => {
  const proxy = await startTcpProxy(compose.hosts.debian);
  const seen = varyHost(compose.hosts.debian, { alias: 'cut', port: proxy.port });
  const own = await createLaptop([{ ...seen, address: '127.0.0.1' }]);
  const argv = ['ssh', '-F', own.sshConfig, '-o', 'BatchMode=yes', 'cut', 'echo ready; sleep 30'];
  const child = own.spawn(argv, { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  await new Promise((resolve) => child.stdout?.once('data', resolve));
  proxy.cut();
  expect(await ended).toBe(255);
  await own.remove();
  await proxy.stop();
});

test('a second bring-up stands beside the first within seconds and takes only itself down', async () => {
  const begin = performance.now();
  const second = await startComposeHosts();
  expect(performance.now() - begin).toBeLessThan(30_000);
  const { port } = second.hosts.debian;
  expect(port).not.toBe(compose.hosts.debian.port);
  await second.stop();
  expect(await isListening(port)).toBe(false);
  const gone = second.hosts.debian.access;
  if (gone.kind !== 'container') throw new Error('it is a container');
  expect((await runProgram(['docker', 'inspect', gone.container])).exitCode).not.toBe(0);
  expect((await compose.hosts.debian.run('echo still here')).stdout).toBe('still here\n');
});

test('hosts of a killed test run are taken down by the next one', async () => {
  const script = `
    import { startComposeHosts } from '@outlast/test-fixtures';
    const { facts } = await startComposeHosts();
    console.log(facts.debian.access.container);
    process.kill(process.pid, 'SIGKILL');`;
  const argv = [process.execPath, '--input-type=module', '-e', script];
  const killed = await runProgram(argv, { cwd: import.meta.dirname });
  expect(killed).toMatchObject({ signal: 'SIGKILL', stderr: '' });
  const inspect = ['docker', 'inspect', killed.stdout.trim()];
  expect((await runProgram(inspect)).exitCode).toBe(0);
  const next = await startComposeHosts();
  expect((await runProgram(inspect)).exitCode).not.toBe(0);
  await next.stop();
});

test('a machine without an engine, or without Docker, is told what to do', async () => {
  const script = `
    import { canStartDocker } from '@outlast/test-fixtures';
    console.log(await canStartDocker());`;
  const argv = [process.execPath, '--input-type=module', '-e', script];
  const options = { cwd: import.meta.dirname };
  const far = { ...process.env, DOCKER_HOST: 'unix:///nonexistent/docker.sock' };
  expect((await runProgram(argv, { ...options, env: far })).stdout).toMatch(
    /^no Docker engine answers \(.*nonexistent.*\); start one, or run the tests as root where dockerd is installed\n$/,
  );
  expect((await runProgram(argv, { ...options, env: { PATH: '/nonexistent' } })).stdout).toBe(
    'no docker program on this machine; on Debian and Ubuntu: apt-get install docker.io docker-compose\n',
  );
});
