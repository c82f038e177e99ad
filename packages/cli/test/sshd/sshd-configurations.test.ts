import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect as dial, type Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { generateKeyPair, startTcpProxy, type TestHost, varyHost, waitFor } from '@outlast/test-fixtures';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Connection, ExecChannel } from '../../src/ssh/transport.js';
import type { TransportName } from '../../src/ssh/transports.js';
import { catchError, connect, makeLaptop, needSshd, openTransport, run, startHost } from './connection-lab.js';
import { addKeyFile, startAgent } from './identity-lab.js';

beforeEach(needSshd);

const TRANSPORTS: readonly TransportName[] = ['ssh2', 'openssh'];

async function countInLog(host: TestHost, pattern: RegExp): Promise<number> {
  return (await host.readLog()).match(pattern)?.length ?? 0;
}

describe.each(TRANSPORTS)('MaxStartups 1, over %s:', (kind) => {
  /** Takes the only place that the server has for those who have not logged in. */
  async function occupy({ port }: TestHost): Promise<Socket> {
    const socket = dial(port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    await once(socket, 'data');
    return socket;
  }

  test('six connections at once are turned away, tried again, and all let in', async () => {
    const host = await startHost({ config: ['MaxStartups 1'] });
    const names = ['web1', 'web2', 'web3', 'web4', 'web5', 'web6'];
    const transport = openTransport(await makeLaptop(names.map((alias) => varyHost(host, { alias }))), { kind });
    const stranger = await occupy(host);
    const connecting = Promise.all(names.map((name) => connect(transport, name, 20_000)));
    const isFull = async () => (await countInLog(host, /past MaxStartups/g)) >= names.length;
    await waitFor(isFull, { what: 'sshd to turn them away' });
    stranger.destroy();
    const ends = await Promise.all((await connecting).map((connection) => run(connection, 'echo in')));
    expect(ends.map(({ stdout }) => stdout)).toEqual(names.map(() => 'in\n'));
  });

  test('a place that somebody holds for good is E_THROTTLED at the deadline, after a few tries', async () => {
    const origin = await startHost({ config: ['MaxStartups 1'] });
    const proxy = await startTcpProxy(origin);
    onTestFinished(() => proxy.stop());
    const transport = openTransport(await makeLaptop([varyHost(origin, { port: proxy.port })]), { kind });
    await occupy(origin);
    const begin = performance.now();
    const error = await catchError(connect(transport, 'web1', 1_000));
    expect(performance.now() - begin).toBeLessThan(2_000);
    expect(error).toMatchObject({
      code: 'E_THROTTLED',
      message: expect.stringContaining('"Exceeded MaxStartups"'),
      details: { host: 'web1', hint: expect.stringContaining('raise MaxStartups') },
    });
    expect(proxy.accepted).toBeGreaterThan(1);
    // Four or five; chance alone never makes it as many as this.
    expect(proxy.accepted).toBeLessThan(15);
  });
});

describe('MaxAuthTries 2:', () => {
  const countFailures = (host: TestHost): Promise<number> => countInLog(host, /^Failed publickey /gm);

  /** A laptop with six keys, of which at most the last fits. */
  async function collectKeys(host: TestHost, last = generateKeyPair()) {
    const laptop = await makeLaptop([host], { clientKey: generateKeyPair() });
    const pairs = [...Array.from({ length: 5 }, () => generateKeyPair()), last];
    const files = await Promise.all(pairs.map((pair, index) => addKeyFile(laptop, `key_${index}`, pair)));
    return { laptop, files, wrong: files.slice(0, -1), last: files.slice(-1) };
  }

  /** An agent with five keys that are wrong, and a file with the one that fits. */
  async function fillAgent(host: TestHost) {
    const { laptop, wrong, last } = await collectKeys(host, host.clientKey);
    return { laptop, last, env: { ...laptop.env, SSH_AUTH_SOCK: await startAgent(laptop, wrong) } };
  }

  test.each([
    ['ssh2', 'yes'],
    ['ssh2', 'no'],
    ['openssh', 'yes'],
  ] as const)('over %s, with IdentitiesOnly %s, a named key comes before all of the agent', async (kind, only) => {
    const host = await startHost({ config: ['MaxAuthTries 2'] });
    const { laptop, last, env } = await fillAgent(host);
    const ssh = { identityFiles: last, options: [`IdentitiesOnly=${only}`] };
    const connection = await connect(openTransport(laptop, { kind, env, ssh }), 'web1');
    expect((await run(connection, 'echo in')).stdout).toBe('in\n');
    expect(await countFailures(host)).toBe(0);
  });

  test('over openssh the agent comes first, as with ssh, and the error says how to change that', async () => {
    const host = await startHost({ config: ['MaxAuthTries 2'] });
    const { laptop, last, env } = await fillAgent(host);
    const ssh = { identityFiles: last, options: ['IdentitiesOnly=no'] };
    const error = await catchError(connect(openTransport(laptop, { kind: 'openssh', env, ssh }), 'web1'));
    expect(error).toMatchObject({
      code: 'E_AUTH',
      details: { hint: expect.stringContaining('-i KEY -o IdentitiesOnly=yes') },
    });
    expect(await countFailures(host)).toBe(2);
  });

  test.each(TRANSPORTS)('over %s, six wrong keys are E_AUTH that says where the server hung up', async (kind) => {
    const host = await startHost({ config: ['MaxAuthTries 2'] });
    const { laptop, files } = await collectKeys(host);
    const transport = openTransport(laptop, { kind, ssh: { identityFiles: files } });
    const error = await catchError(connect(transport, 'web1'));
    expect(error).toMatchObject({
      code: 'E_AUTH',
      details: { host: 'web1', hint: expect.stringContaining('MaxAuthTries') },
    });
    const told = `tried: ${files[0]}, ${files[1]}; it hung up after 2 tries, saying "Too many authentication failures"`;
    expect(error.message).toContain(told);
    expect(error.message).toContain('it accepts: publickey)');
    expect(await countFailures(host)).toBe(2);
    expect(await countInLog(host, /^Connection from /gm)).toBe(1);
  });

  test('the key that was let in last is tried first, however many are named before it', async () => {
    const hostKeys = [generateKeyPair()];
    const patient = await startHost({ hostKeys });
    const { laptop, wrong, last } = await collectKeys(patient, patient.clientKey);
    const ssh = { identityFiles: [...wrong.slice(1), ...last] };
    const memoryFile = join(laptop.home, 'connections.json');
    const first = openTransport(laptop, { memoryFile, ssh });
    await connect(first, 'web1');
    await first.close();
    await patient.stop();

    const strict = await startHost({ hostKeys, port: patient.port, config: ['MaxAuthTries 2'] });
    const connection = await connect(openTransport(laptop, { memoryFile, ssh }), 'web1');
    expect((await run(connection, 'echo in')).stdout).toBe('in\n');
    expect(await countFailures(strict)).toBe(0);
    expect(await catchError(connect(openTransport(laptop, { ssh }), 'web1'))).toMatchObject({ code: 'E_AUTH' });
  });
});

describe('RekeyLimit 1M:', () => {
  /** Counts upwards in lines until it is closed. */
  async function startSlowStream(connection: Connection) {
    const channel = await start(connection, 'i=0; while :; do echo $((i += 1)); sleep 0.02; done');
    let said = '';
    channel.stdout.on('data', (chunk: Buffer) => {
      said += chunk;
    });
    const read = (): number[] => said.split('\n').slice(0, -1).map(Number);
    const awaitMore = async (): Promise<void> => {
      const { length } = read();
      await waitFor(() => read().length > length, { what: 'the slow stream to go on' });
    };
    return { channel, read, awaitMore };
  }

  /** Starts a line whose complaints nobody wants. */
  async function start(connection: Connection, line: string): Promise<ExecChannel> {
    const channel = await connection.exec({ line });
    channel.stderr.resume();
    return channel;
  }

  async function hashOutput({ stdout }: ExecChannel): Promise<string> {
    const hash = createHash('sha256');
    for await (const chunk of stdout) hash.update(chunk);
    return hash.digest('hex');
  }

  test.each([
    ['server', 'ssh2'],
    ['server', 'openssh'],
    ['client', 'openssh'],
  ] as const)('set at the %s, over %s, all bytes pass, and a slow stream beside them goes on', async (side, kind) => {
    // A key exchange that is safe from quantum computers takes ten times as long.
    const config = ['LogLevel DEBUG1', 'KexAlgorithms curve25519-sha256'];
    const host = await startHost({ config: side === 'server' ? [...config, 'RekeyLimit 1M'] : config });
    const laptop = await makeLaptop([host]);
    const options = side === 'client' ? ['RekeyLimit=1M'] : [];
    const connection = await connect(openTransport(laptop, { kind, ssh: { options } }), 'web1');
    const [output, input] = [randomBytes(32 << 20), randomBytes(8 << 20)];
    await writeFile(join(laptop.home, 'output'), output);
    const slow = await startSlowStream(connection);
    await slow.awaitMore();

    const before = slow.read().length;
    const sender = await start(connection, `cat ${laptop.home}/output`);
    const receiver = await start(connection, 'sha256sum');
    receiver.stdin.end(input);
    const [sent, received] = await Promise.all([hashOutput(sender), text(receiver.stdout)]);
    const meanwhile = slow.read().length;
    expect(sent).toBe(createHash('sha256').update(output).digest('hex'));
    expect(received).toBe(`${createHash('sha256').update(input).digest('hex')}  -\n`);
    expect(await Promise.all([sender.ended, receiver.ended])).toMatchObject([{ exitCode: 0 }, { exitCode: 0 }]);

    expect(meanwhile).toBeGreaterThan(before);
    await slow.awaitMore();
    const numbers = slow.read();
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    // The first of all key exchanges is marked as before the authentication.
    expect(await countInLog(host, /^debug1: SSH2_MSG_NEWKEYS received\r?$/gm)).toBeGreaterThanOrEqual(20);
    slow.channel.close();
  });
});
