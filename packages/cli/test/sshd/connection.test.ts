import type { Socket } from 'node:net';
import { startTcpProxy, varyHost, waitFor } from '@outlast/test-fixtures';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import {
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

async function connectToPort(port: number, connectTimeoutMs: number) {
  const host = varyHost(await startHost(), { port });
  const transport = openTransport(await makeLaptop([host]));
  const begin = performance.now();
  const error = await catchError(connect(transport, 'web1', connectTimeoutMs));
  return { error, took: performance.now() - begin };
}

describe('a session', () => {
  test('runs a line, passes its input and tells its exit code', async () => {
    const host = await startHost();
    const connection = await connect(openTransport(await makeLaptop([host])), 'web1');
    expect(await run(connection, 'cat; exit 3', 'some\0bytes')).toMatchObject({
      stdout: 'some\0bytes',
      exitCode: 3,
      signal: null,
    });
    const channel = await connection.exec({ line: 'echo oops >&2; kill -KILL $$' });
    expect(await collect(channel)).toMatchObject({ stderr: 'oops\n', exitCode: null, signal: 'KILL' });
  });

  test('gives the login user no terminal and no agent', async () => {
    const connection = await connect(openTransport(await makeLaptop([await startHost()])), 'web1');
    const { stdout } = await run(connection, 'test -t 0 || echo no tty; echo "agent=$SSH_AUTH_SOCK tty=$SSH_TTY"');
    expect(stdout).toBe('no tty\nagent= tty=\n');
  });

  test('carries more input and output than any buffer holds', async () => {
    const connection = await connect(openTransport(await makeLaptop([await startHost()])), 'web1');
    const input = 'x'.repeat(8 << 20);
    expect((await run(connection, 'cat', input)).stdout).toBe(input);
  });

  test('queues channels where the server allows one at a time', async () => {
    const host = await startHost({ config: ['MaxSessions 1'] });
    const connection = await connect(openTransport(await makeLaptop([host])), 'web1');
    const lines = Array.from({ length: 12 }, (_, index) => run(connection, `echo ${index}`));
    const outputs = (await Promise.all(lines)).map(({ stdout }) => stdout.trim());
    expect(outputs).toEqual(Array.from({ length: 12 }, (_, index) => String(index)));
    expect((await run(connection, 'echo again')).stdout).toBe('again\n');
  });

  test('says so where the server opens no session at all', async () => {
    const host = await startHost({ config: ['MaxSessions 0'] });
    const connection = await connect(openTransport(await makeLaptop([host])), 'web1');
    expect(await catchError(connection.exec({ line: 'true' }))).toMatchObject({ code: 'E_NO_SHELL' });
  });

  test('that is cut leaves the end of its channels unknown and refuses further ones', async () => {
    const origin = await startHost();
    const proxy = await startTcpProxy(origin);
    onTestFinished(() => proxy.stop());
    const laptop = await makeLaptop([varyHost(origin, { port: proxy.port })]);
    const connection = await connect(openTransport(laptop), 'web1');
    const channel = await connection.exec({ line: 'echo begun; sleep 60' });
    await new Promise((resolve) => channel.stdout.once('data', resolve));
    proxy.cut();
    expect(await channel.ended).toEqual({ exitCode: null, signal: null });
    expect(await connection.closed).toMatchObject({ code: 'E_CONNECTION_LOST' });
    expect(await catchError(connection.exec({ line: 'true' }))).toMatchObject({ code: 'E_CONNECTION_LOST' });
    const written = await new Promise((resolve) => channel.stdin.write('lost', resolve));
    expect(written).toMatchObject({ code: 'E_CONNECTION_LOST' });
  });

  test('that is cut while a channel opens is lost, wherever that is', async () => {
    const origin = await startHost();
    const proxy = await startTcpProxy(origin);
    onTestFinished(() => proxy.stop());
    const transport = openTransport(await makeLaptop([varyHost(origin, { port: proxy.port })]));
    const first = await connect(transport, 'web1');
    const { reply: authenticated } = proxy.traffic(1);
    await run(first, 'true');
    const { reply: whole } = proxy.traffic(1);
    for (let at = authenticated; at < whole; at += 16) {
      proxy.spoil({ reply: { end: { at, by: 'close' } } });
      const connection = await connect(transport, 'web1');
      const end = await run(connection, 'true').catch((error: unknown) => error);
      if (end instanceof Error) expect(end).toMatchObject({ code: 'E_CONNECTION_LOST' });
    }
  });

  test('that froze is noticed by its keepalive', async () => {
    const origin = await startHost();
    const proxy = await startTcpProxy(origin);
    onTestFinished(() => proxy.stop());
    const laptop = await makeLaptop([varyHost(origin, { port: proxy.port })]);
    const options = ['ServerAliveInterval=1', 'ServerAliveCountMax=1'];
    const connection = await connect(openTransport(laptop, { ssh: { options } }), 'web1');
    const channel = await connection.exec({ line: 'sleep 60' });
    proxy.freeze();
    expect(await channel.ended).toEqual({ exitCode: null, signal: null });
    expect(await connection.closed).toMatchObject({ code: 'E_CONNECTION_LOST' });
  });

  test('lets its channel go on request', async () => {
    const host = await startHost();
    const connection = await connect(openTransport(await makeLaptop([host])), 'web1');
    const channel = await connection.exec({ line: 'exec sleep 60' });
    channel.close();
    expect(await collect(channel)).toEqual({ exitCode: null, signal: null, stdout: '', stderr: '' });
    await connection.close();
    expect(await connection.closed).toBeUndefined();
  });
});

describe('a port without a usable server', () => {
  test('that refuses is E_CONNECT_REFUSED', async () => {
    const host = await startHost();
    const laptop = await makeLaptop([host]);
    await host.stop();
    const error = await catchError(connect(openTransport(laptop), 'web1'));
    expect(error).toMatchObject({ code: 'E_CONNECT_REFUSED', details: { host: 'web1' } });
  });

  test('that never answers is E_CONNECT_TIMEOUT at the deadline', async () => {
    const { error, took } = await connectToPort(await listen(() => undefined), 700);
    expect(error).toMatchObject({ code: 'E_CONNECT_TIMEOUT' });
    expect(took).toBeGreaterThan(690);
    expect(took).toBeLessThan(1_700);
  });

  test('that drips its banner is E_CONNECT_TIMEOUT at the deadline', async () => {
    const port = await listen((socket) => {
      const bytes = [...'SSH-2.0-OpenSSH_9.9 and a very long comment behind it that never comes to its end'];
      const timer = setInterval(() => socket.write(bytes.shift() ?? '.'), 50);
      socket.on('close', () => clearInterval(timer));
    });
    const { error, took } = await connectToPort(port, 700);
    expect(error).toMatchObject({ code: 'E_CONNECT_TIMEOUT' });
    expect(took).toBeLessThan(1_700);
  });

  test('that falls silent behind its banner is E_CONNECT_TIMEOUT at the deadline', async () => {
    const { error } = await connectToPort(await listen((socket) => socket.write('SSH-2.0-mute\r\n')), 700);
    expect(error).toMatchObject({ code: 'E_CONNECT_TIMEOUT' });
    expect(error.message).toContain('exchanging keys');
  });

  test('that closes behind its banner is E_CONNECT_CLOSED, and not tried again', async () => {
    let connections = 0;
    const port = await listen((socket) => {
      connections++;
      socket.end('SSH-2.0-gone\r\n');
    });
    expect((await connectToPort(port, 2_000)).error).toMatchObject({ code: 'E_CONNECT_CLOSED' });
    expect(connections).toBe(1);
  });

  test('that speaks HTTP is E_NOT_SSH at once', async () => {
    const port = await listen((socket) => {
      socket.on('data', () => socket.write('HTTP/1.1 400 Bad Request\r\nConnection: keep-alive\r\n\r\n'));
    });
    const { error, took } = await connectToPort(port, 5_000);
    expect(error).toMatchObject({ code: 'E_NOT_SSH' });
    expect(took).toBeLessThan(2_000);
  });

  test('that greets as another protocol is E_NOT_SSH at the deadline', async () => {
    const port = await listen((socket) => socket.write('220 mail.example.com ESMTP\r\n'));
    const { error } = await connectToPort(port, 500);
    expect(error).toMatchObject({ code: 'E_NOT_SSH' });
    expect(error.message).toContain('ESMTP');
  });

  test('whose algorithms we do not speak is E_NO_COMMON_ALGORITHM', async () => {
    const host = await startHost({ config: ['KexAlgorithms sntrup761x25519-sha512@openssh.com'] });
    const error = await catchError(connect(openTransport(await makeLaptop([host])), 'web1'));
    expect(error).toMatchObject({ code: 'E_NO_COMMON_ALGORITHM' });
  });

  test('behind a name without an address is E_RESOLVE', async () => {
    const host = varyHost(await startHost(), { address: 'no-such-host.invalid' });
    const error = await catchError(connect(openTransport(await makeLaptop([host])), 'web1'));
    expect(error).toMatchObject({ code: 'E_RESOLVE' });
  });
});

describe('a throttled server', () => {
  test('is tried again until it has room', async () => {
    const host = await startHost({ config: ['PerSourceMaxStartups 1'] });
    const laptop = await makeLaptop([host]);
    const holder = await listenerOf(host.port);
    const connecting = connect(openTransport(laptop), 'web1', 10_000);
    await waitFor(async () => (await host.readLog()).includes('MaxStartups'), { what: 'sshd to throttle us' });
    holder.destroy();
    expect((await run(await connecting, 'echo in')).stdout).toBe('in\n');
  });

  test('is tried again where it resets connections instead of saying so', async () => {
    const host = await startHost();
    const proxy = await startTcpProxy(host);
    onTestFinished(() => proxy.stop());
    for (const number of [1, 2, 3]) proxy.spoil({ reply: { end: { at: 0, by: 'reset' } } }, number);
    const transport = openTransport(await makeLaptop([varyHost(host, { port: proxy.port })]));
    expect((await run(await connect(transport, 'web1'), 'echo in')).stdout).toBe('in\n');
    expect(proxy.accepted).toBe(4);
  });

  test('that never has room is E_THROTTLED at the deadline', async () => {
    const host = await startHost({ config: ['PerSourceMaxStartups 1'] });
    const laptop = await makeLaptop([host]);
    await listenerOf(host.port);
    const error = await catchError(connect(openTransport(laptop), 'web1', 1_000));
    expect(error).toMatchObject({ code: 'E_THROTTLED' });
    expect((await host.readLog()).match(/past (?:PerSource)?MaxStartups/g)?.length ?? 0).toBeGreaterThan(0);
  });

  /** Takes one of the server's places for unauthenticated connections. */
  async function listenerOf(port: number): Promise<Socket> {
    const { connect: dial } = await import('node:net');
    const socket = dial(port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    await new Promise((resolve) => socket.once('data', resolve));
    return socket;
  }
});

test('a fragmented banner behind a preamble is understood', async () => {
  const origin = await startHost();
  const proxy = await startTcpProxy(origin);
  onTestFinished(() => proxy.stop());
  proxy.spoil({ reply: { preamble: 'Welcome to the machine room\r\n', fragmentBytes: 1 } });
  const transport = openTransport(await makeLaptop([varyHost(origin, { port: proxy.port })]));
  expect((await run(await connect(transport, 'web1'), 'echo in')).stdout).toBe('in\n');
});
