import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyPair, type KeyPair, type Laptop, runOrThrow } from '@outlast/test-fixtures';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import {
  buildPerson,
  catchError,
  connect,
  makeLaptop,
  NOBODY,
  needSshd,
  openTransport,
  run,
  startHost,
} from './connection-lab.js';
import { addKeyFile, startAgent } from './identity-lab.js';

beforeEach(needSshd);

async function encrypt(path: string, passphrase: string, ...format: string[]): Promise<void> {
  await runOrThrow(['ssh-keygen', '-q', '-p', '-P', '', '-N', passphrase, ...format, '-f', path]);
}

async function readyLaptop() {
  const host = await startHost();
  const laptop = await makeLaptop([host]);
  return { host, laptop, keyFile: join(laptop.home, '.ssh', 'id_test') };
}

test('a wrong key is refused, and the error names what was tried', async () => {
  const host = await startHost();
  const laptop = await makeLaptop([host], { clientKey: generateKeyPair() });
  const error = await catchError(connect(openTransport(laptop), 'web1'));
  expect(error).toMatchObject({ code: 'E_AUTH', details: { host: 'web1' } });
  expect(error.message).toContain(`tried: ${laptop.home}/.ssh/id_test`);
  expect(error.message).toContain('it accepts: publickey');
});

test('a key named with -i that is not there is named in the error', async () => {
  const { laptop } = await readyLaptop();
  await rm(join(laptop.home, '.ssh', 'id_test'));
  await rm(join(laptop.home, '.ssh', 'id_test.pub'));
  const transport = openTransport(laptop, { ssh: { identityFiles: ['/no/such/key'] } });
  const error = await catchError(connect(transport, 'web1'));
  expect(error).toMatchObject({ code: 'E_AUTH' });
  expect(error.message).toContain('/no/such/key: not found');
});

test.each(['rsa', 'ecdsa', 'ed25519'] as const)('a plain %s key lets us in', async (type) => {
  const clientKey = generateKeyPair(type);
  const laptop = await makeLaptop([await startHost({ clientKey })]);
  expect((await run(await connect(openTransport(laptop), 'web1'), 'echo in')).stdout).toBe('in\n');
});

test('a PEM key lets us in', async () => {
  const clientKey = generateKeyPair('rsa');
  const laptop = await makeLaptop([await startHost({ clientKey })]);
  const file = join(laptop.home, '.ssh', 'id_test');
  await runOrThrow(['ssh-keygen', '-q', '-p', '-P', '', '-N', '', '-m', 'PEM', '-f', file]);
  expect(await readFile(file, 'utf8')).toContain('BEGIN RSA PRIVATE KEY');
  expect((await run(await connect(openTransport(laptop), 'web1'), 'echo in')).stdout).toBe('in\n');
});

test('a key that others can read is not used', async () => {
  const { laptop, keyFile } = await readyLaptop();
  await runOrThrow(['chmod', '644', keyFile]);
  const error = await catchError(connect(openTransport(laptop), 'web1'));
  expect(error).toMatchObject({ code: 'E_AUTH' });
  expect(error.message).toContain(`chmod 600 ${keyFile}`);
});

describe('an encrypted key', () => {
  test('is skipped with a note off a terminal', async () => {
    const { laptop, keyFile } = await readyLaptop();
    await encrypt(keyFile, 'open sesame');
    const error = await catchError(connect(openTransport(laptop), 'web1'));
    expect(error).toMatchObject({ code: 'E_AUTH' });
    expect(error.message).toContain(`skipped ${keyFile}: encrypted and no terminal`);
    expect(error.details).toMatchObject({ hint: expect.stringContaining('ssh-add') });
  });

  test.each([[[]], [['-m', 'PEM']]])('is unlocked once for all connections (ssh-keygen %j)', async (format) => {
    const clientKey = generateKeyPair('rsa');
    const laptop = await makeLaptop([await startHost({ clientKey })]);
    const keyFile = join(laptop.home, '.ssh', 'id_test');
    await rm(`${keyFile}.pub`);
    await encrypt(keyFile, 'open sesame', ...format);
    const person = buildPerson({ secret: 'open sesame' });
    const transport = openTransport(laptop, { prompter: person });
    const connections = await Promise.all([connect(transport, 'web1'), connect(transport, 'web1')]);
    for (const connection of connections) expect((await run(connection, 'echo in')).stdout).toBe('in\n');
    expect(person.questions).toEqual([`Passphrase of ${keyFile}: `]);
  });

  test('is asked for three times, then the next key is tried', async () => {
    const host = await startHost();
    const laptop = await makeLaptop([host]);
    const locked = await addKeyFile(laptop, 'locked', host.clientKey);
    await encrypt(locked, 'open sesame');
    const person = buildPerson({ secret: 'wrong' });
    const transport = openTransport(laptop, { prompter: person, ssh: { identityFiles: [locked] } });
    expect((await run(await connect(transport, 'web1'), 'echo in')).stdout).toBe('in\n');
    expect(person.questions).toHaveLength(3);
  });
});

describe('an agent', () => {
  async function agentLaptop(others: number) {
    const { host, laptop, keyFile } = await readyLaptop();
    const files = await Promise.all(
      Array.from({ length: others }, (_, index) => addKeyFile(laptop, `other_${index}`, generateKeyPair())),
    );
    const socket = await startAgent(laptop, [...files, keyFile]);
    await rm(keyFile);
    await rm(`${keyFile}.pub`);
    return { host, laptop, env: { ...laptop.env, SSH_AUTH_SOCK: socket }, keyFile, pair: host.clientKey };
  }

  test('signs for us', async () => {
    const { laptop, env } = await agentLaptop(1);
    const transport = openTransport(laptop, { env, ssh: { options: ['IdentitiesOnly=no'] } });
    expect((await run(await connect(transport, 'web1'), 'echo in')).stdout).toBe('in\n');
  });

  test('signs for an RSA key with SHA-2', async () => {
    const clientKey = generateKeyPair('rsa');
    const laptop = await makeLaptop([await startHost({ clientKey })]);
    const socket = await startAgent(laptop, [join(laptop.home, '.ssh', 'id_test')]);
    const transport = openTransport(laptop, { env: { ...laptop.env, SSH_AUTH_SOCK: socket } });
    expect((await run(await connect(transport, 'web1'), 'echo in')).stdout).toBe('in\n');
  });

  test('is asked only for the keys that IdentitiesOnly leaves', async () => {
    const { laptop, env, keyFile, pair } = await agentLaptop(7);
    const transport = openTransport(laptop, { env });
    const error = await catchError(connect(transport, 'web1'));
    expect(error.message).toContain('tried: nothing');
    await writeFile(`${keyFile}.pub`, `${pair.publicKey} mine\n`);
    expect((await run(await connect(openTransport(laptop, { env }), 'web1'), 'echo in')).stdout).toBe('in\n');
  });

  test('with more keys than a server takes is told apart from one that is refused', async () => {
    const { host, laptop, env } = await agentLaptop(7);
    const transport = openTransport(laptop, { env, ssh: { options: ['IdentitiesOnly=no'] } });
    const error = await catchError(connect(transport, 'web1'));
    expect(error).toMatchObject({ code: 'E_AUTH' });
    expect(error.message).toContain('tried: agent (5 keys)');
    expect(error.details).toMatchObject({ hint: 'name the key that fits with -i KEY -o IdentitiesOnly=yes' });
    expect(error.message).toContain('3 more');
    expect(await host.readLog()).not.toContain('Too many authentication failures');
  });

  test.each([
    ['-i', 'id_ed25519', (path: string) => ({ identityFiles: [path], options: [] })],
    ['IdentityFile', 'id_rsa', (path: string) => ({ options: [`IdentityFile=${path}`] })],
  ])('with as many keys as a server takes comes after %s with the name %s', async (_word, name, buildOptions) => {
    const { laptop, env, pair } = await agentLaptop(5);
    const named = await addKeyFile(laptop, name, pair);
    const given = buildOptions(named);
    const ssh = { ...given, options: ['IdentitiesOnly=no', ...given.options] };
    // The agent does not hold the one that fits.
    await runOrThrow(['ssh-add', '-q', '-d', named], { env: { ...process.env, ...env } });
    expect((await run(await connect(openTransport(laptop, { env, ssh }), 'web1'), 'echo in')).stdout).toBe('in\n');
  });

  test('whose key was the first of two factors gives no further keys', async () => {
    const config = ['KbdInteractiveAuthentication yes', 'AuthenticationMethods publickey,keyboard-interactive'];
    const laptop = await makeLaptop([await startHost({ config })]);
    const keyFile = join(laptop.home, '.ssh', 'id_test');
    const socket = await startAgent(laptop, [keyFile, await addKeyFile(laptop, 'other', generateKeyPair())]);
    const env = { ...laptop.env, SSH_AUTH_SOCK: socket };
    const error = await catchError(
      connect(openTransport(laptop, { env, ssh: { options: ['IdentitiesOnly=no'] } }), 'web1'),
    );
    expect(error).toMatchObject({ code: 'E_AUTH' });
    expect(error.message).toContain(`(tried: ${keyFile} (agent); it accepts: keyboard-interactive)`);
    expect(error.details).toMatchObject({ hint: expect.stringContaining('wants one more: answer it on a terminal;') });
  });

  test('that is gone is named in the error', async () => {
    const { laptop, keyFile } = await readyLaptop();
    await rm(keyFile);
    const transport = openTransport(laptop, { env: { ...laptop.env, SSH_AUTH_SOCK: '/no/such/agent' } });
    expect((await catchError(connect(transport, 'web1'))).message).toContain('agent: cannot be reached');
  });
});

test('a security key is E_NEEDS_OPENSSH when there is no other', async () => {
  const { laptop, keyFile } = await readyLaptop();
  const type = 'sk-ssh-ed25519@openssh.com';
  const fields = [Buffer.from(type), Buffer.alloc(32, 7), Buffer.from('ssh:')];
  const blob = Buffer.concat(fields.flatMap((field) => [Buffer.from([0, 0, 0, field.length]), field]));
  await rm(keyFile);
  await writeFile(`${keyFile}.pub`, `${type} ${blob.toString('base64')} yubikey\n`);
  const error = await catchError(connect(openTransport(laptop), 'web1'));
  expect(error).toMatchObject({ code: 'E_NEEDS_OPENSSH' });
  expect(error.message).toContain('a security key');
});

test('a server that wants a second factor gets no further keys, and off a terminal E_AUTH', async () => {
  const config = ['KbdInteractiveAuthentication yes', 'AuthenticationMethods publickey,keyboard-interactive'];
  const host = await startHost({ config, clientKey: generateKeyPair() });
  const laptop = await makeLaptop([host]);
  const others = await Promise.all([1, 2].map((name) => addKeyFile(laptop, `other_${name}`, generateKeyPair())));
  const config2 = await readFile(laptop.sshConfig, 'utf8');
  await writeFile(laptop.sshConfig, config2 + others.map((path) => `  IdentityFile ${path}\n`).join(''));
  const error = await catchError(connect(openTransport(laptop, { prompter: NOBODY }), 'web1'));
  expect(error).toMatchObject({ code: 'E_AUTH' });
  expect(error.message).toContain(`tried: ${laptop.home}/.ssh/id_test;`);
  expect(error.message).toContain('it accepts: keyboard-interactive');
});

describe('a host that wants two keys', () => {
  /** A host that knows two keys, and the files of both beside those of others. */
  async function readyTwoKeys() {
    const pairs = [generateKeyPair(), generateKeyPair('rsa')];
    const folder = await mkdtemp(join(tmpdir(), 'outlast-keys-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const authorized = join(folder, 'authorized_keys');
    await writeFile(authorized, pairs.map(({ publicKey }) => `${publicKey}\n`).join(''));
    const config = [`AuthorizedKeysFile ${authorized}`, 'AuthenticationMethods publickey,publickey'];
    const laptop = await makeLaptop([await startHost({ config })], { clientKey: generateKeyPair() });
    const files = await Promise.all(
      [pairs[0], generateKeyPair(), pairs[1]].map((pair, at) => addKeyFile(laptop, `key_${at}`, pair as KeyPair)),
    );
    return { laptop, files };
  }

  test.each([0, 2])('gets them from the agent, and file %i', async (at) => {
    const { laptop, files } = await readyTwoKeys();
    const socket = await startAgent(laptop, files);
    const env = { ...laptop.env, SSH_AUTH_SOCK: socket };
    const ssh = { identityFiles: files.slice(at, at + 1), options: ['IdentitiesOnly=no'] };
    expect((await run(await connect(openTransport(laptop, { env, ssh }), 'web1'), 'echo in')).stdout).toBe('in\n');
  });

  test('gets them from encrypted files', async () => {
    const { laptop, files } = await readyTwoKeys();
    for (const file of files) await encrypt(file, 'open sesame');
    const person = buildPerson({ secret: 'open sesame' });
    const transport = openTransport(laptop, { prompter: person, ssh: { identityFiles: files } });
    expect((await run(await connect(transport, 'web1'), 'echo in')).stdout).toBe('in\n');
    expect(person.questions).toHaveLength(2);
  });

  test('gets them from plain files, and neither is remembered as enough', async () => {
    const { laptop, files } = await readyTwoKeys();
    const memoryFile = join(laptop.home, 'connections.json');
    const transport = openTransport(laptop, { memoryFile, ssh: { identityFiles: files } });
    expect((await run(await connect(transport, 'web1'), 'echo in')).stdout).toBe('in\n');
    await transport.close();
    const { hosts } = JSON.parse(await readFile(memoryFile, 'utf8'));
    expect(Object.values(hosts)).toEqual([expect.objectContaining({ identity: '', ahead: 'authentication' })]);
  });

  test('and gets one asks for the other', async () => {
    const { laptop, files } = await readyTwoKeys();
    const env = { ...laptop.env, SSH_AUTH_SOCK: await startAgent(laptop, files.slice(0, 2)) };
    const error = await catchError(
      connect(openTransport(laptop, { env, ssh: { options: ['IdentitiesOnly=no'] } }), 'web1'),
    );
    expect(error.message).toContain('agent (2 keys); it accepts: publickey)');
    expect(error.details).toMatchObject({ hint: expect.stringContaining('wants one more: name another key with -i;') });
  });
});

test.each(['file', 'agent'])(
  'a host that takes what only OpenSSH has says so, with the remedy (%s)',
  async (holder) => {
    const host = await startHost({ config: ['GSSAPIAuthentication yes'] });
    const laptop = await makeLaptop([host], { clientKey: generateKeyPair() });
    const others = [join(laptop.home, '.ssh', 'id_test'), await addKeyFile(laptop, 'other', generateKeyPair())];
    // With two keys in the agent nothing is sent ahead.
    const agent = holder === 'agent' ? { SSH_AUTH_SOCK: await startAgent(laptop, others) } : {};
    const env = { ...laptop.env, ...agent };
    const transport = openTransport(laptop, { env, ssh: { options: ['IdentitiesOnly=no'] } });
    const error = await catchError(connect(transport, 'web1'));
    expect(error).toMatchObject({ code: 'E_AUTH' });
    expect((error.details as { hint: string }).hint).toContain(
      ', or take --transport openssh for gssapi-keyex and gssapi-with-mic; try it',
    );
  },
);

describe('what a host says to whoever logs in', () => {
  async function startNoticeHost(config: string[] = []) {
    const folder = await mkdtemp(join(tmpdir(), 'outlast-banner-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, 'banner'), 'Authorized use only.\n\u001b[1mDown until noon\n');
    return startHost({ config: [`Banner ${folder}/banner`, ...config] });
  }
  const said = 'saying "Authorized use only. [1mDown until noon"';

  test('is in the error of who is not let in', async () => {
    const laptop = await makeLaptop([await startNoticeHost()], { clientKey: generateKeyPair() });
    const error = await catchError(connect(openTransport(laptop), 'web1'));
    expect(error).toMatchObject({
      code: 'E_AUTH',
      message: expect.stringContaining(`it accepts: publickey), ${said}`),
    });
  });

  test('is in the error of who is hung up on', async () => {
    const config = ['LoginGraceTime 1', 'PasswordAuthentication yes', 'AuthenticationMethods password'];
    const host = await startNoticeHost([...config, 'PermitRootLogin yes']);
    const prompter = { ...buildPerson({}), secret: () => new Promise<never>(() => undefined) };
    const transport = openTransport(await makeLaptop([host]), { prompter });
    const error = await catchError(connect(transport, 'web1'));
    expect(error).toMatchObject({
      code: 'E_CONNECT_CLOSED',
      message: expect.stringMatching(/closed the connection during authentication.*, saying "Authorized use only/),
    });
  });

  test('is kept from who is let in', async () => {
    const warnings: string[] = [];
    const laptop = await makeLaptop([await startNoticeHost()]);
    const transport = openTransport(laptop, { warn: (message) => warnings.push(message) });
    expect((await run(await connect(transport, 'web1'), 'echo in')).stdout).toBe('in\n');
    expect(warnings).toEqual([]);
  });
});

test('a person who gives up the password is not asked again', async () => {
  const host = await startHost({ config: ['PasswordAuthentication yes', 'AuthenticationMethods password'] });
  const laptop = await makeLaptop([host], { clientKey: generateKeyPair() });
  const person = buildPerson({ secret: undefined });
  expect(await catchError(connect(openTransport(laptop, { prompter: person }), 'web1'))).toMatchObject({
    code: 'E_AUTH',
  });
  expect(person.questions).toEqual([`Password of ${host.user} at web1: `]);
});

test('a wrong password after a key that was taken is told as the second factor', async () => {
  const config = ['PasswordAuthentication yes', 'PermitRootLogin yes', 'AuthenticationMethods publickey,password'];
  const laptop = await makeLaptop([await startHost({ config })]);
  const ssh = { options: ['NumberOfPasswordPrompts=1'] };
  const prompter = buildPerson({ secret: 'wrong' });
  const error = await catchError(connect(openTransport(laptop, { prompter, ssh }), 'web1', 20_000));
  expect(error.message).toMatch(/tried: \S*id_test, password; it accepts: password\)$/);
  expect(error.details).toMatchObject({ hint: expect.stringMatching(/^the host took the first .* one more; try it/) });
});

test('a person may try a password as often as the configuration says', async () => {
  const host = await startHost({ config: ['PasswordAuthentication yes', 'PermitRootLogin yes'] });
  const laptop = await makeLaptop([host], { clientKey: generateKeyPair() });
  const person = buildPerson({ secret: 'wrong' });
  const transport = openTransport(laptop, { prompter: person, ssh: { options: ['NumberOfPasswordPrompts=2'] } });
  expect(await catchError(connect(transport, 'web1', 20_000))).toMatchObject({ code: 'E_AUTH' });
  expect(person.questions).toHaveLength(2);
});

test('a server that refuses without asking anything is not tried again', async () => {
  const config = ['UsePAM no', 'KbdInteractiveAuthentication yes', 'AuthenticationMethods keyboard-interactive'];
  const laptop = await makeLaptop([await startHost({ config })]);
  const person = buildPerson({ secret: 'wrong' });
  const error = await catchError(connect(openTransport(laptop, { prompter: person }), 'web1'));
  expect(error.message).toMatch(/tried: \S*id_test, keyboard-interactive; it accepts: keyboard-interactive\)$/);
  expect(person.questions).toEqual([]);
});

describe('what the ssh configuration says of methods', () => {
  const connectWith = async (options: string[], laptop: Laptop) =>
    catchError(connect(openTransport(laptop, { ssh: { options } }), 'web1'));

  test('PreferredAuthentications leaves keys out', async () => {
    const { laptop } = await readyLaptop();
    const error = await connectWith(['PreferredAuthentications=password'], laptop);
    expect(error).toMatchObject({ code: 'E_AUTH' });
    expect(error.message).toContain('tried: nothing; it accepts: publickey');
  });

  test('PreferredAuthentications puts a password before the keys', async () => {
    const host = await startHost({ config: ['PasswordAuthentication yes', 'PermitRootLogin yes'] });
    const person = buildPerson({ secret: undefined });
    const options = ['PreferredAuthentications=password,publickey'];
    const transport = openTransport(await makeLaptop([host]), { prompter: person, ssh: { options } });
    await catchError(connect(transport, 'web1'));
    expect(person.questions).toEqual([`Password of ${host.user} at web1: `]);
  });

  test('PubkeyAcceptedAlgorithms leaves keys out, and the error says so', async () => {
    const { laptop } = await readyLaptop();
    const error = await connectWith(['PubkeyAcceptedAlgorithms=rsa-sha2-512'], laptop);
    expect(error).toMatchObject({ code: 'E_AUTH' });
    expect(error.message).toContain('ssh-ed25519 is not among PubkeyAcceptedAlgorithms');
  });

  test.each(['rsa-sha2-256', 'rsa-sha2-512'])(
    'an RSA key signs with %s where nothing else is allowed',
    async (name) => {
      const host = await startHost({ clientKey: generateKeyPair('rsa'), config: [`PubkeyAcceptedAlgorithms ${name}`] });
      const laptop = await makeLaptop([host]);
      const socket = await startAgent(laptop, [join(laptop.home, '.ssh', 'id_test')]);
      for (const env of [laptop.env, { ...laptop.env, SSH_AUTH_SOCK: socket }]) {
        const ssh = { options: [`PubkeyAcceptedAlgorithms=${name}`] };
        expect((await run(await connect(openTransport(laptop, { env, ssh }), 'web1'), 'echo in')).stdout).toBe('in\n');
      }
    },
  );

  test('an RSA key that is asked about first is asked about with nothing else', async () => {
    const clientKey = generateKeyPair('rsa');
    const host = await startHost({ clientKey, config: ['LogLevel DEBUG3'] });
    const laptop = await makeLaptop([host]);
    const others = [await addKeyFile(laptop, 'other', generateKeyPair('rsa')), join(laptop.home, '.ssh', 'id_test')];
    const env = { ...laptop.env, SSH_AUTH_SOCK: await startAgent(laptop, others) };
    const ssh = { options: ['IdentitiesOnly=no', 'IdentityFile=none', 'PubkeyAcceptedAlgorithms=rsa-sha2-512'] };
    expect((await run(await connect(openTransport(laptop, { env, ssh }), 'web1'), 'echo in')).stdout).toBe('in\n');
    const log = await host.readLog();
    expect(log).toMatch(/pkalg rsa-sha2-512/);
    expect(log).not.toMatch(/pkalg (?:rsa-sha2-256|ssh-rsa)/);
  });
});
