import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  formatKnownHostName,
  generateKeyPair,
  type KeyPair,
  type Laptop,
  runOrThrow,
  type TestHost,
} from '@outlast/test-fixtures';
import { beforeEach, describe, expect, test } from 'vitest';
import { useLab } from '../program-lab.js';
import {
  buildPerson,
  catchError,
  connect,
  makeLaptop,
  needSshd,
  openTransport,
  run,
  startHost,
} from './connection-lab.js';

beforeEach(needSshd);

async function readyLaptop(hosts?: readonly TestHost[]): Promise<Laptop> {
  return makeLaptop(hosts ?? [await startHost()]);
}

/** Writes a key pair and signs it with an authority of its own; gives back where the files are. */
async function certify(folder: Laptop, pair: KeyPair, ...sign: string[]) {
  const ca = generateKeyPair();
  const [caFile, keyFile] = [join(folder.home, 'ca'), join(folder.home, 'certified')];
  await writeFile(caFile, ca.privateKey, { mode: 0o600 });
  await writeFile(`${caFile}.pub`, `${ca.publicKey}\n`);
  await writeFile(keyFile, pair.privateKey, { mode: 0o600 });
  await writeFile(`${keyFile}.pub`, `${pair.publicKey}\n`);
  await runOrThrow(['ssh-keygen', '-q', '-s', caFile, '-I', 'test', ...sign, `${keyFile}.pub`]);
  return { ca: ca.publicKey, caFile: `${caFile}.pub`, keyFile, certificate: `${keyFile}-cert.pub` };
}

async function expectOnlyOpenssh(laptop: Laptop, options: Parameters<typeof openTransport>[1], code: RegExp) {
  const connection = await connect(openTransport(laptop, { ...options, kind: 'openssh' }), 'web1');
  expect((await run(connection, 'echo in')).stdout).toBe('in\n');
  const error = await catchError(connect(openTransport(laptop, options), 'web1'));
  expect(error.code).toMatch(code);
  expect(error.details).toMatchObject({ hint: expect.stringContaining('--transport openssh') });
}

describe('what ssh2 cannot do', () => {
  test('a certificate lets the user in', async () => {
    const folder = await makeLaptop([]);
    const pair = generateKeyPair();
    const { caFile, keyFile } = await certify(folder, pair, '-n', (await startHost()).user);
    const host = await startHost({ config: [`TrustedUserCAKeys ${caFile}`, 'AuthorizedKeysFile none'] });
    await expectOnlyOpenssh(await readyLaptop([host]), { ssh: { identityFiles: [keyFile] } }, /^E_AUTH$/);
  });

  test('a certificate vouches for the host', async () => {
    const pair = generateKeyPair();
    const { ca, certificate } = await certify(await makeLaptop([]), pair, '-h', '-n', '127.0.0.1');
    const host = await startHost({ hostKeys: [pair], config: [`HostCertificate ${certificate}`] });
    const laptop = await readyLaptop([host]);
    await writeFile(laptop.knownHosts, `@cert-authority ${formatKnownHostName(host)} ${ca}\n`);
    await expectOnlyOpenssh(laptop, {}, /^E_HOST_KEY_UNKNOWN$/);
  });

  test('a key exchange that is safe from quantum computers is agreed on', async () => {
    const host = await startHost({ config: ['KexAlgorithms sntrup761x25519-sha512@openssh.com'] });
    await expectOnlyOpenssh(await readyLaptop([host]), {}, /^E_NO_COMMON_ALGORITHM$/);
  });
});

describe('questions', () => {
  async function lockKey(laptop: Laptop): Promise<void> {
    const file = join(laptop.home, '.ssh', 'id_test');
    await runOrThrow(['ssh-keygen', '-q', '-p', '-P', '', '-N', 'open sesame', '-f', file]);
    await rm(`${file}.pub`);
  }

  test('for a password are put to the person, with the name of the host', async () => {
    const host = await startHost({ config: ['PasswordAuthentication yes', 'AuthenticationMethods password'] });
    const laptop = await readyLaptop([host]);
    const person = buildPerson({ secret: undefined });
    const asking = connect(openTransport(laptop, { kind: 'openssh', prompter: person }), 'web1');
    expect(await catchError(asking)).toMatchObject({ code: 'E_AUTH' });
    expect(person.questions).toEqual([expect.stringMatching(/^web1: .*password/)]);
  });

  test('for a key that a ProxyCommand needs as well are one', async () => {
    const host = await startHost();
    const laptop = await readyLaptop([host]);
    await lockKey(laptop);
    const person = buildPerson({ secret: 'open sesame' });
    const options = [`ProxyCommand=ssh -F ${laptop.sshConfig} -o ProxyCommand=none -W %h:%p web1`];
    const transport = openTransport(laptop, { kind: 'openssh', prompter: person, ssh: { options } });
    for (let count = 1; count <= 2; count++) {
      expect((await run(await connect(transport, 'web1'), 'echo in')).stdout).toBe('in\n');
    }
    expect(person.questions).toHaveLength(1);
  });

  test('may take longer than the connect timeout', async () => {
    const laptop = await readyLaptop();
    await lockKey(laptop);
    const begin = performance.now();
    const secret = () => new Promise<string>((resolve) => setTimeout(() => resolve('open sesame'), 3_000));
    const prompter = { ...buildPerson({}), secret };
    const connection = await connect(openTransport(laptop, { kind: 'openssh', prompter }), 'web1', 2_500);
    expect((await run(connection, 'echo in')).stdout).toBe('in\n');
    expect(performance.now() - begin).toBeGreaterThan(2_500);
  });

  test('that nobody answers end in E_AUTH, and off a terminal there are none', async () => {
    const laptop = await readyLaptop([await startHost({ config: ['PasswordAuthentication yes'] })]);
    await lockKey(laptop);
    const person = buildPerson({ secret: undefined });
    const asking = connect(openTransport(laptop, { kind: 'openssh', prompter: person }), 'web1');
    expect(await catchError(asking)).toMatchObject({ code: 'E_AUTH' });
    expect(person.questions).toHaveLength(1);
    expect(await catchError(connect(openTransport(laptop, { kind: 'openssh' }), 'web1'))).toMatchObject({
      code: 'E_AUTH',
    });
  });
});

test('what the user has configured for terminals, forwardings and sharing does not get in the way', async () => {
  const host = await startHost();
  const laptop = await readyLaptop([host]);
  const own = [
    `ControlPath ${laptop.home}/mine`,
    'ControlMaster auto',
    'ControlPersist yes',
    'ForkAfterAuthentication yes',
    'RequestTTY force',
    'RemoteCommand echo mine; sleep 60',
    'PermitLocalCommand yes',
    `LocalCommand touch ${laptop.home}/touched`,
    'ForwardAgent yes',
    `LocalForward ${laptop.home}/forward 127.0.0.1:1`,
    'LogLevel QUIET',
    'StdinNull yes',
    'ConnectTimeout 1',
    'SessionType default',
    'VisualHostKey yes',
  ];
  await writeFile(laptop.sshConfig, `${own.join('\n')}\n${await readFile(laptop.sshConfig, 'utf8')}`);
  const connection = await connect(openTransport(laptop, { kind: 'openssh' }), 'web1');
  const { stdout, exitCode } = await run(connection, 'test -t 0 || echo no tty; echo "agent=$SSH_AUTH_SOCK"; exit 9');
  expect([stdout, exitCode]).toEqual(['no tty\nagent=\n', 9]);
  await connection.close();
  const files = await runOrThrow(['ls', laptop.home]);
  expect(files).not.toMatch(/mine|touched|forward/);
});

describe('the choice of the transport', () => {
  // Only one of them gets in.
  const lab = useLab(['web1', 'web2'], { sshd: { config: ['KexAlgorithms sntrup761x25519-sha512@openssh.com'] } });
  const configure = async (text: string) => writeFile(join(lab.laptop.home, 'outlast.yaml'), text);
  const reach = async (...flags: string[]) => {
    const { document } = await lab.ask(['exec', '-a', ...flags, '--', 'true'], { cwd: lab.laptop.home });
    return document.outcomes.map(({ ok, error }) => error?.code ?? ok);
  };

  test('is made by the configuration, for all hosts or for one', async () => {
    await configure('hosts: { web1: , web2: }\n');
    expect(await reach()).toEqual(['E_NO_COMMON_ALGORITHM', 'E_NO_COMMON_ALGORITHM']);
    await configure('transport: openssh\nhosts: { web1: , web2: { transport: ssh2 } }\n');
    expect(await reach()).toEqual([true, 'E_NO_COMMON_ALGORITHM']);
    await configure('hosts: { web1: , web2: { transport: openssh } }\n');
    expect(await reach()).toEqual(['E_NO_COMMON_ALGORITHM', true]);
  });

  test('is made by the flag, whatever the configuration says', async () => {
    await configure('transport: ssh2\nhosts: { web1: { transport: ssh2 }, web2: }\n');
    expect(await reach('--transport', 'openssh')).toEqual([true, true]);
    const { exitCode, stderr } = await lab.run(['exec', '-H', 'web1', '--transport', 'telnet', '--', 'true']);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('ssh2, openssh')]);
  });

  test('does not change what verbs do', async () => {
    const flags = ['-H', 'web1', '--transport', 'openssh'];
    const started = await lab.ask(['start', 'app', ...flags, '--settle', '100ms', '--', 'sleep', '600']);
    expect(started.exitCode, started.stderr).toBe(0);
    expect((await lab.ask(['status', 'app', ...flags])).document.outcomes[0]?.apps?.[0]?.state).toBe('running');
    const stopped = await lab.ask(['stop', 'app', ...flags]);
    expect(stopped.document.outcomes[0]?.apps?.[0]).toMatchObject({ state: 'stopped', how: 'term' });
    expect((await lab.run(['exec', ...flags, '--', 'sh', '-c', 'exit 255'])).exitCode).toBe(255);
    const killed = await lab.ask(['exec', ...flags, '--', 'sh', '-c', 'kill -9 $$']);
    expect(killed.document.outcomes).toMatchObject([{ ok: false, exitCode: null, signal: 'KILL' }]);
  });
});

describe.each(['ssh2', 'openssh'] as const)('the words of others do not decide what went wrong over %s', (kind) => {
  const refuse = async (laptop: Laptop, proxy?: string) => {
    const options = proxy === undefined ? [] : [`ProxyCommand=${proxy}`];
    return catchError(connect(openTransport(laptop, { kind, ssh: { options } }), 'web1', 2_500));
  };

  test('where an ssh as ProxyCommand is refused by the bastion', async () => {
    const laptop = await readyLaptop([await startHost()]);
    const proxy = (...flags: string[]) => ['ssh', '-F', laptop.sshConfig, ...flags, '-o BatchMode=yes -W %h:%p web1'];
    for (const [flags, words] of [
      [['-l', 'nobody-of-that-name'], 'Permission denied'],
      [['-o', 'UserKnownHostsFile=/dev/null'], 'Host key verification failed'],
      [['-p', '1'], 'Connection refused'],
    ] as const) {
      expect(await refuse(laptop, proxy('-o', 'ProxyCommand=none', ...flags).join(' '))).toMatchObject({
        code: 'E_PROXY_COMMAND',
        message: expect.stringContaining(words),
      });
    }
  });

  test('where the banner of the host speaks like ssh', async () => {
    const banner = join((await makeLaptop([])).home, 'banner');
    // The library takes no packet of more than 35,000 bytes.
    const lines = kind === 'openssh' ? 2_000 : 500;
    await writeFile(banner, 'ssh: connect to host x port 22: Connection reset by peer\n'.repeat(lines));
    const host = await startHost({ config: [`Banner ${banner}`] });
    const laptop = await makeLaptop([host], { clientKey: generateKeyPair() });
    const error = await refuse(laptop);
    expect([error.code, (await host.readLog()).match(/Connection from/g)]).toEqual(['E_AUTH', ['Connection from']]);
  });
});

test('a ProxyCommand that leaves something behind does not hold us up', async () => {
  const laptop = await readyLaptop();
  const line = 'sh -c "setsid sleep 5 >/dev/null & echo no route for you >&2; exit 7"';
  const begin = performance.now();
  const transport = openTransport(laptop, { kind: 'openssh', ssh: { options: [`ProxyCommand=${line}`] } });
  expect(await catchError(connect(transport, 'web1'))).toMatchObject({ code: 'E_PROXY_COMMAND' });
  expect(performance.now() - begin).toBeLessThan(3_000);
});

test('a TMPDIR that is too long for a socket does no harm', async () => {
  const laptop = await readyLaptop();
  const TMPDIR = join(laptop.home, 'a-very-long-name'.repeat(8));
  await runOrThrow(['mkdir', TMPDIR]);
  const transport = openTransport(laptop, { kind: 'openssh', env: { ...laptop.env, TMPDIR } });
  expect((await run(await connect(transport, 'web1'), 'echo in')).stdout).toBe('in\n');
});

test('without an ssh on PATH it says what to do', async () => {
  const laptop = await readyLaptop();
  const { sshConfig: _sshConfig, ...rest } = laptop;
  const transport = openTransport(
    { ...rest, sshConfig: 'none' },
    {
      kind: 'openssh',
      env: { ...laptop.env, PATH: laptop.home },
    },
  );
  const error = await catchError(
    transport.connect({ name: 'h', destination: '127.0.0.1' }, { connectTimeoutMs: 5_000 }),
  );
  expect(error).toMatchObject({
    code: 'E_NEEDS_OPENSSH',
    message: 'there is no ssh program on PATH',
    details: { hint: expect.stringContaining('--transport') },
  });
});
