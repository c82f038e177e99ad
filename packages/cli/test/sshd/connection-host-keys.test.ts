import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import {
  formatFingerprint,
  formatKnownHostName,
  generateKeyPair,
  type Laptop,
  runOrThrow,
  type TestHost,
} from '@outlast/test-fixtures';
import { beforeEach, describe, expect, test } from 'vitest';
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

const stranger = generateKeyPair();

async function meet(knownHosts: (host: TestHost) => string): Promise<{ host: TestHost; laptop: Laptop }> {
  const host = await startHost({ hostKeyTypes: ['ed25519', 'ecdsa'] });
  const laptop = await makeLaptop([host]);
  await writeFile(laptop.knownHosts, knownHosts(host));
  return { host, laptop };
}

/** True once a client has gone as far as to name a user. */
async function sawAuthentication(host: TestHost): Promise<boolean> {
  return /publickey|Accepted|Failed|Connection (?:closed|reset) by authenticating user/.test(await host.readLog());
}

describe('an unknown host key', () => {
  test('is refused before any authentication, with its fingerprint', async () => {
    const { host, laptop } = await meet(() => '');
    const error = await catchError(connect(openTransport(laptop), 'web1'));
    expect(error).toMatchObject({ code: 'E_HOST_KEY_UNKNOWN', details: { host: 'web1' } });
    expect(error.message).toContain(formatFingerprint(host.hostKeys[0] ?? ''));
    expect(await sawAuthentication(host)).toBe(false);
    expect(await readFile(laptop.knownHosts, 'utf8')).toBe('');
  });

  test('is added once a person has accepted it, and then known', async () => {
    const { host, laptop } = await meet(() => 'other.example ssh-ed25519 broken');
    const person = buildPerson({ confirm: true });
    const transport = openTransport(laptop, { prompter: person });
    const connections = await Promise.all(Array.from({ length: 4 }, () => connect(transport, 'web1')));
    for (const connection of connections) expect((await run(connection, 'echo in')).stdout).toBe('in\n');
    expect(person.questions).toHaveLength(1);
    expect(person.questions[0]).toContain(formatFingerprint(host.hostKeys[0] ?? ''));
    const [first, added, ...rest] = (await readFile(laptop.knownHosts, 'utf8')).split('\n');
    expect([first, rest]).toEqual(['other.example ssh-ed25519 broken', ['']]);
    expect(added).toBe(`${formatKnownHostName(host)} ${host.hostKeys[0]}`);
    await connect(openTransport(laptop), 'web1');
  });

  test('is refused when the person says no', async () => {
    const { host, laptop } = await meet(() => '');
    const transport = openTransport(laptop, { prompter: buildPerson({ confirm: false }) });
    expect(await catchError(connect(transport, 'web1'))).toMatchObject({ code: 'E_HOST_KEY_UNKNOWN' });
    expect(await sawAuthentication(host)).toBe(false);
  });

  test('is not asked about with StrictHostKeyChecking yes or BatchMode', async () => {
    const { laptop } = await meet(() => '');
    for (const option of ['StrictHostKeyChecking=yes', 'BatchMode=yes']) {
      const person = buildPerson({ confirm: true });
      const transport = openTransport(laptop, { prompter: person, ssh: { options: [option] } });
      expect(await catchError(connect(transport, 'web1'))).toMatchObject({ code: 'E_HOST_KEY_UNKNOWN' });
      expect(person.questions).toEqual([]);
    }
  });

  test('is added without a question with accept-new, hashed where the configuration says so', async () => {
    const { host, laptop } = await meet(() => '');
    await chmod(laptop.knownHosts, 0o640);
    const options = ['StrictHostKeyChecking=accept-new', 'HashKnownHosts=yes'];
    const transport = openTransport(laptop, { ssh: { options } });
    await Promise.all([connect(transport, 'web1'), connect(transport, 'web1')]);
    const lines = (await readFile(laptop.knownHosts, 'utf8')).trim().split('\n');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^\|1\|/);
    expect((await stat(laptop.knownHosts)).mode & 0o777).toBe(0o640);
    const found = await runOrThrow(['ssh-keygen', '-f', laptop.knownHosts, '-F', formatKnownHostName(host)]);
    expect(found).toContain('ssh-ed25519');
    await connect(openTransport(laptop), 'web1');
  });

  test('waits for the answer even when it takes longer than the connect timeout', async () => {
    const { laptop } = await meet(() => '');
    const person = buildPerson({});
    const transport = openTransport(laptop, {
      prompter: { ...person, confirm: () => new Promise((resolve) => setTimeout(() => resolve(true), 1_200)) },
    });
    expect((await run(await connect(transport, 'web1', 800), 'echo in')).stdout).toBe('in\n');
  });
});

describe('a changed host key', () => {
  test.each(['ask', 'accept-new', 'no'])('is refused with StrictHostKeyChecking %s, person or not', async (strict) => {
    const { host, laptop } = await meet((one) => `# mine\n${formatKnownHostName(one)} ${stranger.publicKey}\n`);
    const person = buildPerson({ confirm: true });
    const options = [`StrictHostKeyChecking=${strict}`];
    const error = await catchError(connect(openTransport(laptop, { prompter: person, ssh: { options } }), 'web1'));
    expect(error).toMatchObject({ code: 'E_HOST_KEY_CHANGED' });
    for (const part of [stranger.publicKey, host.hostKeys[0] ?? ''].map(formatFingerprint)) {
      expect(error.message).toContain(part);
    }
    expect(error.message).toContain(`${laptop.knownHosts}:2`);
    expect(error.details).toMatchObject({ hint: expect.stringContaining(`-R '${formatKnownHostName(host)}'`) });
    expect([person.questions, await sawAuthentication(host)]).toEqual([[], false]);
  });
});

test('a revoked host key is refused', async () => {
  const { host, laptop } = await meet(
    (one) => `${formatKnownHostName(one)} ${one.hostKeys[0]}\n@revoked * ${one.hostKeys[0]}\n`,
  );
  const error = await catchError(connect(openTransport(laptop), 'web1'));
  expect(error).toMatchObject({ code: 'E_HOST_KEY_REVOKED' });
  expect(await sawAuthentication(host)).toBe(false);
});

test('the key type that is on file is the one that is asked for', async () => {
  const { laptop } = await meet((host) => `${formatKnownHostName(host)} ${host.hostKeys[1]}\n`);
  expect((await run(await connect(openTransport(laptop), 'web1'), 'echo in')).stdout).toBe('in\n');
});

test('an alias stands in for name and port', async () => {
  const { laptop } = await meet((host) => `the-machine ${host.hostKeys[0]}\n`);
  const transport = openTransport(laptop, { ssh: { options: ['HostKeyAlias=The-Machine'] } });
  expect((await run(await connect(transport, 'web1'), 'echo in')).stdout).toBe('in\n');
});

describe('as ssh itself decides', () => {
  const cases: [string, (host: TestHost) => string][] = [
    ['no entry', () => ''],
    ['its key', (host) => `${formatKnownHostName(host)} ${host.hostKeys[0]}`],
    ['another key, then its key', (host) => both(host, stranger.publicKey, host.hostKeys[0])],
    ['only a key of another type', (host) => `${formatKnownHostName(host)} ${generateKeyPair('rsa').publicKey}`],
    ['its key without a port', (host) => `${host.address} ${host.hostKeys[0]}`],
    ['another key without a port', (host) => `${host.address} ${stranger.publicKey}`],
    ['a wildcard', (host) => `[127.0.0.?]:* ${host.hostKeys[0]}`],
    ['a negated wildcard', (host) => `[127.0.0.*]:*,!${formatKnownHostName(host)} ${host.hostKeys[0]}`],
    ['revoked without a port', (host) => `@revoked ${host.address} ${host.hostKeys[0]}`],
    ['revoked for another host', (host) => `@revoked other ${host.hostKeys[0]}\n${both(host, host.hostKeys[0])}`],
    ['a certificate authority', (host) => `@cert-authority * ${host.hostKeys[0]}`],
    ['a damaged line before it', (host) => `${host.address} ssh-rsa AAAA!\n${both(host, host.hostKeys[0])}`],
    ['a type that is not the key’s', (host) => both(host, host.hostKeys[0]?.replace('ssh-ed25519', 'ssh-rsa'))],
    ['options and tabs', (host) => `${formatKnownHostName(host)}\t${host.hostKeys[0]}\tcomment here`],
  ];
  function both(host: TestHost, ...keys: (string | undefined)[]): string {
    return keys.map((key) => `${formatKnownHostName(host)} ${key}`).join('\n');
  }

  test.each(cases)('%s', async (_name, knownHosts) => {
    const { laptop } = await meet((host) => `${knownHosts(host)}\n`);
    const ssh = await laptop.run(['ssh', '-F', laptop.sshConfig, '-o', 'BatchMode=yes', 'web1', 'true']);
    const ours = await connect(openTransport(laptop), 'web1').then(
      () => 0,
      () => 255,
    );
    expect(ours).toBe(ssh.exitCode);
  });
});
