import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  formatFingerprint,
  formatKnownHostName,
  generateKeyPair,
  type Laptop,
  runOrThrow,
  startTcpProxy,
  type TestHost,
  varyHost,
} from '@outlast/test-fixtures';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Transport } from '../../src/ssh/transport.js';
import type { TransportName } from '../../src/ssh/transports.js';
import {
  buildPerson,
  catchError,
  collect,
  connect,
  listen,
  makeLaptop,
  needSshd,
  openTransport,
  run,
  startHost,
} from './connection-lab.js';

beforeEach(needSshd);

const CUT = { exitCode: null, signal: null };

describe.each<TransportName>(['ssh2', 'openssh'])('%s', (kind) => {
  const open = (laptop: Laptop, options: Parameters<typeof openTransport>[1] = {}) =>
    openTransport(laptop, { ...options, kind });

  async function connectTo(host: TestHost, options: Parameters<typeof openTransport>[1] = {}) {
    return connect(open(await makeLaptop([host]), options), 'web1');
  }

  describe('a channel', () => {
    test('passes every byte on, both ways, and tells the exit code', async () => {
      const connection = await connectTo(await startHost());
      const bytes = Buffer.from(Array.from({ length: 1024 }, (_, index) => index % 256));
      const channel = await connection.exec({ line: 'cat; echo oops >&2; exit 7' });
      channel.stdin.end(bytes);
      const chunks: Buffer[] = [];
      channel.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
      let stderr = '';
      channel.stderr.on('data', (chunk: Buffer) => {
        stderr += chunk;
      });
      expect(await channel.ended).toEqual({ exitCode: 7, signal: null });
      expect([Buffer.concat(chunks).equals(bytes), stderr]).toEqual([true, 'oops\n']);
    });

    test.each([0, 1, 127, 255])('ends with %i as the program does', async (code) => {
      const connection = await connectTo(await startHost());
      expect(await run(connection, `exit ${code}`)).toEqual({ exitCode: code, signal: null, stdout: '', stderr: '' });
    });

    test.each(['KILL', 'TERM', 'HUP'])('ends with the signal %s as the program does', async (signal) => {
      const connection = await connectTo(await startHost());
      expect(await run(connection, `kill -${signal} $$`)).toMatchObject({ exitCode: null, signal });
    });

    test('has no terminal, no agent and no display', async () => {
      const connection = await connectTo(await startHost());
      const line = 'test -t 0 || echo no tty; echo "agent=$SSH_AUTH_SOCK tty=$SSH_TTY display=$DISPLAY"';
      expect((await run(connection, line)).stdout).toBe('no tty\nagent= tty= display=\n');
    });

    test('carries more than any buffer holds, both ways', async () => {
      const connection = await connectTo(await startHost());
      const input = 'x'.repeat(8 << 20);
      expect((await run(connection, 'cat', input)).stdout).toBe(input);
    });

    test('makes the program wait for a reader that is slow, and loses nothing', async () => {
      const connection = await connectTo(await startHost());
      const other = await connection.exec({ line: 'head -c 12000000 /dev/zero; echo end >&2' });
      let stderr = '';
      other.stderr.on('data', (chunk: Buffer) => {
        stderr += chunk;
      });
      // What nobody reads stops; what is read goes on, though it was begun later.
      expect((await run(connection, 'head -c 12000000 /dev/zero')).stdout).toHaveLength(12_000_000);
      expect(stderr).toBe('');
      const hash = createHash('sha256');
      for await (const chunk of other.stdout) hash.update(chunk);
      expect(hash.digest('hex')).toBe(createHash('sha256').update(Buffer.alloc(12_000_000)).digest('hex'));
      expect([await other.ended, stderr]).toEqual([{ exitCode: 0, signal: null }, 'end\n']);
    });

    test('lives beside many others', async () => {
      const connection = await connectTo(await startHost({ config: ['MaxSessions 40'] }));
      const lines = Array.from({ length: 30 }, (_, index) => run(connection, `cat; exit ${index}`, `${index}`));
      const ends = (await Promise.all(lines)).map(({ stdout, exitCode }) => [stdout, exitCode]);
      expect(ends).toEqual(Array.from({ length: 30 }, (_, index) => [`${index}`, index]));
    });

    test('waits for its turn where the server allows one at a time', async () => {
      const connection = await connectTo(await startHost({ config: ['MaxSessions 1'] }));
      const lines = Array.from({ length: 12 }, (_, index) => run(connection, `echo ${index}`));
      const outputs = (await Promise.all(lines)).map(({ stdout }) => stdout.trim());
      expect(outputs).toEqual(Array.from({ length: 12 }, (_, index) => String(index)));
      expect((await run(connection, 'echo again')).stdout).toBe('again\n');
    });

    test('is refused with E_NO_SHELL where the server allows none', async () => {
      const connection = await connectTo(await startHost({ config: ['MaxSessions 0'] }));
      expect(await catchError(connection.exec({ line: 'true' }))).toMatchObject({ code: 'E_NO_SHELL' });
    });

    test('is let go on request, and the connection stays', async () => {
      const connection = await connectTo(await startHost());
      const channel = await connection.exec({ line: 'exec sleep 60' });
      channel.close();
      expect(await collect(channel)).toEqual({ ...CUT, stdout: '', stderr: '' });
      expect((await run(connection, 'echo next')).stdout).toBe('next\n');
      await connection.close();
      expect(await connection.closed).toBeUndefined();
    });
  });

  describe('a lost connection', () => {
    test.each(['cut', 'freeze'] as const)('(%s) leaves the end unknown and takes no more', async (how) => {
      const origin = await startHost();
      const proxy = await startTcpProxy(origin);
      onTestFinished(() => proxy.stop());
      const options = ['ServerAliveInterval=1', 'ServerAliveCountMax=1'];
      const connection = await connectTo(varyHost(origin, { port: proxy.port }), { ssh: { options } });
      const channel = await connection.exec({ line: 'echo begun; sleep 60' });
      await new Promise((resolve) => channel.stdout.once('data', resolve));
      proxy[how]();
      expect(await channel.ended).toEqual(CUT);
      expect(await connection.closed).toMatchObject({ code: 'E_CONNECTION_LOST' });
      expect(await catchError(connection.exec({ line: 'true' }))).toMatchObject({ code: 'E_CONNECTION_LOST' });
      const written = await new Promise((resolve) => channel.stdin.write('lost', resolve));
      expect(written).toMatchObject({ code: 'E_CONNECTION_LOST' });
    });
  });

  describe('a host key', () => {
    async function meet(knownHosts: (host: TestHost) => string) {
      const host = await startHost();
      const laptop = await makeLaptop([host]);
      await writeFile(laptop.knownHosts, knownHosts(host));
      // A client that has gone as far as to name a user.
      const sawAuthentication = async () => /publickey|Accepted|Failed|authenticating user/.test(await host.readLog());
      return { host, laptop, fingerprint: formatFingerprint(host.hostKeys[0] ?? ''), sawAuthentication };
    }
    const stranger = generateKeyPair().publicKey;

    test('that is unknown is refused before any authentication, with its fingerprint', async () => {
      const { laptop, fingerprint, sawAuthentication } = await meet(() => '');
      const error = await catchError(connect(open(laptop), 'web1'));
      expect(error).toMatchObject({ code: 'E_HOST_KEY_UNKNOWN', details: { host: 'web1' } });
      expect(error.message).toContain(fingerprint);
      expect([await readFile(laptop.knownHosts, 'utf8'), await sawAuthentication()]).toEqual(['', false]);
    });

    test('that is unknown is added once a person has accepted it, and asked about once', async () => {
      const { host, laptop, fingerprint } = await meet(() => '');
      const person = buildPerson({ confirm: true });
      const transport = open(laptop, { prompter: person });
      const connections = await Promise.all([1, 2, 3].map(() => connect(transport, 'web1')));
      for (const connection of connections) expect((await run(connection, 'echo in')).stdout).toBe('in\n');
      expect(person.questions).toEqual([expect.stringContaining(fingerprint)]);
      expect(person.questions[0]).toContain('web1');
      const filed = (await readFile(laptop.knownHosts, 'utf8')).trimEnd().split('\n');
      // Each ssh files it by itself.
      if (kind === 'ssh2') expect(filed).toHaveLength(1);
      expect(new Set(filed)).toEqual(new Set([`${formatKnownHostName(host)} ${host.hostKeys[0]}`]));
      await connect(open(laptop), 'web1');
    });

    test('that is unknown is refused when the person says no', async () => {
      const { laptop, sawAuthentication } = await meet(() => '');
      const transport = open(laptop, { prompter: buildPerson({ confirm: false }) });
      expect(await catchError(connect(transport, 'web1'))).toMatchObject({ code: 'E_HOST_KEY_UNKNOWN' });
      expect([await readFile(laptop.knownHosts, 'utf8'), await sawAuthentication()]).toEqual(['', false]);
    });

    test.each(['accept-new', 'no'])('that is unknown is added with StrictHostKeyChecking %s', async (strict) => {
      const { host, laptop } = await meet(() => '');
      await connect(open(laptop, { ssh: { options: [`StrictHostKeyChecking=${strict}`] } }), 'web1');
      expect(await readFile(laptop.knownHosts, 'utf8')).toBe(`${formatKnownHostName(host)} ${host.hostKeys[0]}\n`);
      await connect(open(laptop), 'web1');
    });

    test.each(['ask', 'accept-new', 'no'])(
      'that has changed is refused with StrictHostKeyChecking %s',
      async (strict) => {
        const { host, laptop, fingerprint, sawAuthentication } = await meet(
          (one) => `# mine\n${formatKnownHostName(one)} ${stranger}\n`,
        );
        const options = [`StrictHostKeyChecking=${strict}`];
        const person = buildPerson({ confirm: true });
        const error = await catchError(connect(open(laptop, { prompter: person, ssh: { options } }), 'web1'));
        expect(error).toMatchObject({ code: 'E_HOST_KEY_CHANGED' });
        expect(error.message).toContain(fingerprint);
        expect(error.message).toContain(`${laptop.knownHosts}:2`);
        // ssh does not say what the other key is.
        if (kind === 'ssh2') expect(error.message).toContain(formatFingerprint(stranger));
        expect(error.details).toMatchObject({ hint: expect.stringContaining(`-R '${formatKnownHostName(host)}'`) });
        expect([person.questions, await sawAuthentication()]).toEqual([[], false]);
      },
    );

    test('that is revoked is refused', async () => {
      const { laptop, sawAuthentication } = await meet(
        (host) => `${formatKnownHostName(host)} ${host.hostKeys[0]}\n@revoked * ${host.hostKeys[0]}\n`,
      );
      expect(await catchError(connect(open(laptop), 'web1'))).toMatchObject({ code: 'E_HOST_KEY_REVOKED' });
      expect(await sawAuthentication()).toBe(false);
    });

    test('that RevokedHostKeys lists is refused, known or not', async () => {
      const { host, laptop } = await meet((one) => `${formatKnownHostName(one)} ${one.hostKeys[0]}\n`);
      const revoked = join(laptop.home, 'revoked');
      await writeFile(revoked, `${host.hostKeys[0]}\n`);
      const refuse = (...more: string[]) =>
        catchError(connect(open(laptop, { ssh: { options: [`RevokedHostKeys=${revoked}`, ...more] } }), 'web1'));
      expect(await refuse()).toMatchObject({ code: 'E_HOST_KEY_REVOKED' });
      expect(await refuse('UserKnownHostsFile=none')).toMatchObject({ code: 'E_HOST_KEY_REVOKED' });
    });

    test('is not trusted where the list of revoked keys cannot be read, and the file is named', async () => {
      const { laptop } = await meet((one) => `${formatKnownHostName(one)} ${one.hostKeys[0]}\n`);
      const missing = join(laptop.home, 'no-such-list');
      const transport = open(laptop, { ssh: { options: [`RevokedHostKeys=${missing}`] } });
      const error = await catchError(connect(transport, 'web1'));
      expect(error).toMatchObject({ code: 'E_CONFIG', message: expect.stringContaining(missing) });
    });

    test('that is unknown is put on file by the line that is printed, whatever leads to the host', async () => {
      const stray = generateKeyPair();
      const hop = await startHost({ alias: 'hop', clientKey: stray });
      const host = await startHost();
      const laptop = await makeLaptop([hop, host], { clientKey: stray });
      const folder = join(laptop.home, "my 'files'");
      await mkdir(folder);
      const keyFile = join(folder, 'key');
      await writeFile(keyFile, host.clientKey.privateKey, { mode: 0o600 });
      const options = [`UserKnownHostsFile="${join(folder, 'known hosts')}"`, 'StrictHostKeyChecking=yes'];
      const ssh = { identityFiles: [keyFile], options, jump: 'hop' };
      const { details } = await catchError(connect(open(laptop, { ssh }), 'web1'));
      const line = /, then connect once with: ssh (.*)$/.exec((details as { hint: string }).hint)?.[1];
      // In place of a person who says yes.
      const byHand = `ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new ${line} echo in`;
      const { stdout, stderr } = await laptop.run(['/bin/sh', '-c', byHand]);
      expect(stdout, stderr).toBe('in\n');
      expect((await run(await connect(open(laptop, { ssh }), 'web1'), 'echo in')).stdout).toBe('in\n');
    });
  });

  test('a key file of the target lets us in, once it is there', async () => {
    const host = await startHost();
    const laptop = await makeLaptop([host], { clientKey: generateKeyPair() });
    const keyFile = join(laptop.home, 'own key');
    const target = { name: 'web1', destination: 'web1', identityFiles: [keyFile] };
    const reach = () => open(laptop).connect(target, { connectTimeoutMs: 5_000 });
    expect((await catchError(reach())).code).toBe('E_AUTH');
    await writeFile(keyFile, host.clientKey.privateKey, { mode: 0o600 });
    const connection = await reach();
    onTestFinished(() => connection.close());
    expect((await run(connection, 'echo in')).stdout).toBe('in\n');
  });

  describe('an encrypted key', () => {
    const NAMES = ['web1', 'web2', 'web3'];

    /** Three hosts that let in one key, whose passphrase a person types as told. */
    async function meetFleet(answers: Parameters<typeof buildPerson>[0]) {
      const host = await startHost();
      const laptop = await makeLaptop(NAMES.map((alias) => varyHost(host, { alias })));
      const keyFile = join(laptop.home, '.ssh', 'id_test');
      await runOrThrow(['ssh-keygen', '-q', '-p', '-P', '', '-N', 'open sesame', '-f', keyFile]);
      await rm(`${keyFile}.pub`);
      const person = buildPerson(answers);
      return { transport: open(laptop, { prompter: person }), person, keyFile };
    }

    async function reach(transport: Transport, name: string): Promise<string> {
      return (await run(await connect(transport, name, 20_000), 'echo in')).stdout;
    }

    test('is unlocked by one question for all hosts', async () => {
      const { transport, person, keyFile } = await meetFleet({ secret: 'open sesame' });
      expect(await Promise.all(NAMES.map((name) => reach(transport, name)))).toEqual(['in\n', 'in\n', 'in\n']);
      expect(await reach(transport, 'web1')).toBe('in\n');
      expect(person.questions).toEqual([`Passphrase of ${keyFile}: `]);
    });

    test('is asked about again where that was not it, then all hosts are reached', async () => {
      const { transport, person, keyFile } = await meetFleet({ secrets: ['wrong'], secret: 'open sesame' });
      expect(await Promise.all(NAMES.map((name) => reach(transport, name)))).toEqual(['in\n', 'in\n', 'in\n']);
      expect(person.questions).toEqual([`Passphrase of ${keyFile}: `, `Passphrase of ${keyFile} (that was not it): `]);
    });

    test.each([
      ['gives up', undefined, 1],
      ['does not know it', 'wrong', 3],
    ])('of which a person %s is left out for all hosts', async (_what, secret, times) => {
      const { transport, person } = await meetFleet({ secret });
      for (const name of NAMES) expect(await catchError(reach(transport, name))).toMatchObject({ code: 'E_AUTH' });
      expect(person.questions).toHaveLength(times);
    });
  });

  describe('an attempt', () => {
    async function tryPort(serve: Parameters<typeof listen>[0], connectTimeoutMs: number) {
      const host = varyHost(await startHost(), { port: await listen(serve) });
      // Ours wins over what ssh is configured to.
      const transport = open(await makeLaptop([host]), { ssh: { options: ['ConnectTimeout=1'] } });
      const begin = performance.now();
      const error = await catchError(connect(transport, 'web1', connectTimeoutMs));
      return { error, took: performance.now() - begin };
    }

    test('with a wrong key is E_AUTH and names what was tried', async () => {
      const laptop = await makeLaptop([await startHost()], { clientKey: generateKeyPair() });
      const error = await catchError(connect(open(laptop), 'web1'));
      expect(error).toMatchObject({ code: 'E_AUTH', details: { host: 'web1' } });
      expect(error.message).toContain(`tried: ${laptop.home}/.ssh/id_test`);
      expect(error.message).toContain('it accepts: publickey');
      const hint = expect.stringContaining(`try it by hand: ssh -F ${laptop.sshConfig} web1`);
      expect(error.details).toMatchObject({ hint });
    });

    test('at a port that refuses is E_CONNECT_REFUSED', async () => {
      const host = await startHost();
      const laptop = await makeLaptop([host]);
      await host.stop();
      expect(await catchError(connect(open(laptop), 'web1'))).toMatchObject({
        code: 'E_CONNECT_REFUSED',
        details: { host: 'web1' },
      });
    });

    test('at a name without an address is E_RESOLVE', async () => {
      const host = varyHost(await startHost(), { address: 'no-such-host.invalid' });
      expect(await catchError(connect(open(await makeLaptop([host])), 'web1'))).toMatchObject({ code: 'E_RESOLVE' });
    });

    test('at a mute port is E_CONNECT_TIMEOUT at the deadline, and says what it waited for', async () => {
      const { error, took } = await tryPort(() => undefined, 1_500);
      expect(error).toMatchObject({ code: 'E_CONNECT_TIMEOUT', message: expect.stringContaining('banner') });
      expect(took).toBeGreaterThan(1_490);
      expect(took).toBeLessThan(2_500);
    });

    test('at a port that greets as another protocol is E_NOT_SSH at the deadline', async () => {
      const { error } = await tryPort((socket) => socket.write('220 mail.example.com ESMTP\r\n'), 1_500);
      expect(error).toMatchObject({ code: 'E_NOT_SSH', message: expect.stringContaining('ESMTP') });
    });

    test('at a port that closes behind its banner is E_CONNECT_CLOSED, and not made again', async () => {
      let connections = 0;
      const { error } = await tryPort((socket) => {
        connections++;
        socket.end('SSH-2.0-gone\r\n');
      }, 5_000);
      expect(error).toMatchObject({ code: 'E_CONNECT_CLOSED' });
      expect(connections).toBe(1);
    });

    test('at a server that is full is made again until the deadline', async () => {
      let connections = 0;
      const { error } = await tryPort((socket) => {
        connections++;
        socket.end('Exceeded MaxStartups\r\n');
      }, 2_500);
      expect(error).toMatchObject({ code: 'E_THROTTLED', message: expect.stringContaining('Exceeded MaxStartups') });
      expect(connections).toBeGreaterThan(1);
    });

    test('that is aborted gives up at once', async () => {
      const host = varyHost(await startHost(), { port: await listen(() => undefined) });
      const transport = open(await makeLaptop([host]));
      const controller = new AbortController();
      const target = { name: 'web1', destination: 'web1' };
      const connecting = transport.connect(target, { connectTimeoutMs: 20_000, signal: controller.signal });
      setImmediate(() => controller.abort());
      const begin = performance.now();
      expect(await catchError(connecting)).toMatchObject({ code: 'E_CONNECT_CLOSED' });
      expect(performance.now() - begin).toBeLessThan(1_000);
    });
  });

  describe('through', () => {
    test('a jump host the host behind it is reached, and both keys are checked', async () => {
      const hop = await startHost({ alias: 'hop' });
      const host = await startHost({ alias: 'web1', jump: 'hop' });
      const laptop = await makeLaptop([hop, host]);
      const transport = open(laptop);
      const connections = await Promise.all([1, 2, 3].map(() => connect(transport, 'web1')));
      for (const connection of connections) expect((await run(connection, 'echo in')).stdout).toBe('in\n');
      // One connection serves them all.
      expect((await hop.readLog()).match(/Accepted publickey/g)).toHaveLength(1);
      const known = await readFile(laptop.knownHosts, 'utf8');
      await writeFile(
        laptop.knownHosts,
        known
          .split('\n')
          .filter((line) => !line.includes(`:${hop.port}`))
          .join('\n'),
      );
      expect(await catchError(connect(open(laptop), 'web1'))).toMatchObject({
        code: 'E_HOST_KEY_UNKNOWN',
        details: { via: 'hop' },
      });
    });

    test('a jump host that finds nobody there, E_CONNECT_REFUSED names it', async () => {
      const hop = await startHost({ alias: 'hop' });
      const host = await startHost({ alias: 'web1', jump: 'hop' });
      const laptop = await makeLaptop([hop, host]);
      await host.stop();
      expect(await catchError(connect(open(laptop), 'web1'))).toMatchObject({
        code: 'E_CONNECT_REFUSED',
        details: { via: 'hop' },
      });
    });

    test('a jump host whose key has changed nobody goes, even with StrictHostKeyChecking no', async () => {
      const hop = await startHost({ alias: 'hop' });
      const laptop = await makeLaptop([hop, await startHost({ alias: 'web1', jump: 'hop' })]);
      const known = await readFile(laptop.knownHosts, 'utf8');
      const changed = known.replace(hop.hostKeys[0] ?? '', generateKeyPair().publicKey);
      await writeFile(laptop.knownHosts, changed);
      await writeFile(laptop.sshConfig, `StrictHostKeyChecking no\n${await readFile(laptop.sshConfig, 'utf8')}`);
      expect(await catchError(connect(open(laptop), 'web1'))).toMatchObject({
        code: 'E_HOST_KEY_CHANGED',
        details: { via: 'hop' },
      });
    });

    test('a ProxyCommand the host is reached', async () => {
      const host = await startHost();
      const pass = `const s = require("net").connect(${host.port}, "127.0.0.1"); process.stdin.pipe(s).pipe(process.stdout)`;
      const options = [`ProxyCommand=${process.execPath} -e '${pass}'`];
      expect((await run(await connectTo(host, { ssh: { options } }), 'echo in')).stdout).toBe('in\n');
    });

    test('a ProxyCommand that fails, E_PROXY_COMMAND has its last words', async () => {
      const options = ['ProxyCommand=sh -c "echo no route for you >&2; exit 7"'];
      const error = await catchError(connectTo(await startHost(), { ssh: { options } }));
      expect(error).toMatchObject({ code: 'E_PROXY_COMMAND', message: expect.stringContaining('no route for you') });
    });
  });
});
