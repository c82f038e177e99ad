import { once } from 'node:events';
import { startTcpProxy, type TestHost, varyHost, waitFor } from '@outlast/test-fixtures';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { ExecEnd } from '../../src/ssh/transport.js';
import { catchError, connect, listen, makeLaptop, needSshd, openTransport, run, startHost } from './connection-lab.js';

// What both transports have to keep to stands in transport-conformance.test.ts; this is what ssh2 adds to it.
beforeEach(needSshd);

async function startProxy(origin: TestHost) {
  const proxy = await startTcpProxy(origin);
  onTestFinished(() => proxy.stop());
  return { proxy, transport: openTransport(await makeLaptop([varyHost(origin, { port: proxy.port })])) };
}

async function connectToPort(port: number, connectTimeoutMs: number) {
  const transport = openTransport(await makeLaptop([varyHost(await startHost(), { port })]));
  const begin = performance.now();
  const error = await catchError(connect(transport, 'web1', connectTimeoutMs));
  return { error, took: performance.now() - begin };
}

// Alone a channel is opened and used in one go, with a number that is foreseen; beside another it is not.
test.each(['alone', 'beside another'])(
  'a session that is cut while a channel opens %s is lost, wherever that is',
  async (how) => {
    const { proxy, transport } = await startProxy(await startHost());
    const begin = async () => {
      const connection = await connect(transport, 'web1');
      if (how === 'beside another') {
        const { stdout } = await connection.exec({ line: 'echo begun; exec sleep 60' });
        await once(stdout, 'data');
      }
      return connection;
    };
    const first = await begin();
    const { reply: begun } = proxy.traffic(1);
    await run(first, 'true');
    const { reply: whole } = proxy.traffic(1);
    for (let at = begun; at < whole; at += 16) {
      const connection = await begin();
      proxy.spoil({ reply: { end: { at, by: 'close' } } });
      const end = await run(connection, 'true').catch((error: unknown) => error);
      proxy.spoil({});
      if (end instanceof Error) expect(end).toMatchObject({ code: 'E_CONNECTION_LOST' });
      // It was opened before that, so either its end was told or nobody knows it.
      else expect([0, null]).toContain((end as ExecEnd).exitCode);
    }
  },
);

describe('a port without a usable server', () => {
  test('that falls silent behind its banner is E_CONNECT_TIMEOUT, and says what it waited for', async () => {
    const { error } = await connectToPort(await listen((socket) => socket.write('SSH-2.0-mute\r\n')), 500);
    expect(error).toMatchObject({ code: 'E_CONNECT_TIMEOUT', message: expect.stringContaining('exchanging keys') });
  });

  test('that speaks HTTP is E_NOT_SSH at once', async () => {
    const port = await listen((socket) => {
      socket.on('data', () => socket.write('HTTP/1.1 400 Bad Request\r\nConnection: keep-alive\r\n\r\n'));
    });
    const { error, took } = await connectToPort(port, 5_000);
    expect(error).toMatchObject({ code: 'E_NOT_SSH' });
    expect(took).toBeLessThan(2_000);
  });

  test('whose algorithms we do not speak is E_NO_COMMON_ALGORITHM', async () => {
    const host = await startHost({ config: ['KexAlgorithms sntrup761x25519-sha512@openssh.com'] });
    const error = await catchError(connect(openTransport(await makeLaptop([host])), 'web1'));
    expect(error).toMatchObject({ code: 'E_NO_COMMON_ALGORITHM' });
  });
});

test('a server that has no room is tried again where it resets connections instead of saying so', async () => {
  const { proxy, transport } = await startProxy(await startHost());
  for (const number of [1, 2, 3]) proxy.spoil({ reply: { end: { at: 0, by: 'reset' } } }, number);
  expect((await run(await connect(transport, 'web1'), 'echo in')).stdout).toBe('in\n');
  expect(proxy.accepted).toBe(4);
});

test('a fragmented banner behind a preamble is understood', async () => {
  const { proxy, transport } = await startProxy(await startHost());
  proxy.spoil({ reply: { preamble: 'Welcome to the machine room\r\n', fragmentBytes: 1 } });
  expect((await run(await connect(transport, 'web1'), 'echo in')).stdout).toBe('in\n');
});

test('a connection over which something arrives is not lost for want of an answer to a keepalive', async () => {
  const host = await startHost();
  const proxy = await startTcpProxy(host);
  onTestFinished(() => proxy.stop());
  proxy.spoil({ reply: { dripMs: 1 } });
  const options = ['ServerAliveInterval=1', 'ServerAliveCountMax=1'];
  const transport = openTransport(await makeLaptop([varyHost(host, { port: proxy.port })]), { ssh: { options } });
  const connection = await connect(transport, 'web1', 30_000);
  // A thousand bytes a second: the answer waits behind all that sshd has written at once.
  const { ended } = await connection.exec({ line: 'exec head -c 2000000 /dev/zero' });
  const { reply: before } = proxy.traffic(1);
  const isOver = ended.then(() => 'lost');
  const hasMuch = waitFor(() => proxy.traffic(1).reply > before + 4_000, { what: 'more than two keepalives of bytes' });
  expect(await Promise.race([isOver, hasMuch.then(() => 'alive')])).toBe('alive');
});
