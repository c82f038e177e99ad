import { readFile, writeFile } from 'node:fs/promises';
import { createServer, connect as dial, type Socket } from 'node:net';
import { join } from 'node:path';
import {
  generateKeyPair,
  isGone,
  type Laptop,
  startTcpProxy,
  type TestHost,
  varyHost,
  waitFor,
} from '@outlast/test-fixtures';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { TransportName } from '../../src/ssh/transports.js';
import { catchError, connect, listen, makeLaptop, needSshd, openTransport, run, startHost } from './connection-lab.js';

beforeEach(needSshd);

async function countConnections(host: TestHost): Promise<number> {
  return (await host.readLog()).match(/Accepted publickey/g)?.length ?? 0;
}

async function removeKnownHost(laptop: Laptop, host: TestHost): Promise<void> {
  const lines = (await readFile(laptop.knownHosts, 'utf8')).split('\n');
  await writeFile(laptop.knownHosts, lines.filter((line) => !line.includes(`:${host.port} `)).join('\n'));
}

describe('a jump host', () => {
  async function chain() {
    const hop = await startHost({ alias: 'hop' });
    const inner = await startHost({ alias: 'inner', jump: 'hop' });
    return { hop, inner, laptop: await makeLaptop([hop, inner]) };
  }

  test('of the configuration leads to the host, one connection for all that go through it', async () => {
    const { hop, inner, laptop } = await chain();
    const transport = openTransport(laptop);
    const connections = await Promise.all([connect(transport, 'inner'), connect(transport, 'inner')]);
    for (const connection of connections) {
      const { stdout } = await run(connection, 'echo "$SSH_CONNECTION"');
      expect(stdout).toContain(` ${inner.port}`);
    }
    expect([await countConnections(hop), await countConnections(inner)]).toEqual([1, 2]);
    await transport.close();
    await waitFor(async () => (await hop.readLog()).includes('Disconnected from user'), {
      what: 'the hop to be let go',
    });
  });

  test('that is unknown is refused, and named', async () => {
    const { hop, inner, laptop } = await chain();
    await removeKnownHost(laptop, hop);
    const error = await catchError(connect(openTransport(laptop), 'inner'));
    const hint = expect.stringMatching(`, then connect once with: ssh -F ${laptop.sshConfig} hop$`);
    expect(error).toMatchObject({ code: 'E_HOST_KEY_UNKNOWN', details: { host: 'inner', via: 'hop', hint } });
    expect(await countConnections(hop)).toBe(0);
    expect(await inner.readLog()).not.toContain('Connection from');
  });

  test('does not vouch for the host behind it', async () => {
    const { inner, laptop } = await chain();
    await removeKnownHost(laptop, inner);
    const error = await catchError(connect(openTransport(laptop), 'inner'));
    expect(error).toMatchObject({ code: 'E_HOST_KEY_UNKNOWN', details: { host: 'inner' } });
    expect(error.details).not.toHaveProperty('via');
    expect(await countConnections(inner)).toBe(0);
  });

  test('that does not reach the host is named', async () => {
    const { inner, laptop } = await chain();
    await inner.stop();
    const error = await catchError(connect(openTransport(laptop), 'inner'));
    expect(error).toMatchObject({ code: 'E_CONNECT_REFUSED', details: { host: 'inner', via: 'hop' } });
  });

  test('that forwards nothing is named', async () => {
    const hop = await startHost({ alias: 'hop', config: ['AllowTcpForwarding no'] });
    const inner = await startHost({ alias: 'inner', jump: 'hop' });
    const error = await catchError(connect(openTransport(await makeLaptop([hop, inner])), 'inner'));
    expect(error).toMatchObject({ code: 'E_CONNECT_REFUSED', details: { via: 'hop' } });
    expect(error.message).toContain('lets nobody on');
  });

  test('that refuses our key is named, with the way to it and nothing that is set for the host behind it', async () => {
    const first = await startHost({ alias: 'first' });
    const hop = await startHost({ alias: 'hop', clientKey: generateKeyPair() });
    const inner = await startHost({ alias: 'inner' });
    const laptop = await makeLaptop([first, hop, inner], { clientKey: inner.clientKey });
    const via = `${hop.user}@hop`;
    const ssh = { jump: `first,${via}`, identityFiles: [laptop.knownHosts], options: ['Compression=yes'] };
    const error = await catchError(connect(openTransport(laptop, { ssh }), 'inner'));
    const hint = expect.stringMatching(`; try it by hand: ssh -F ${laptop.sshConfig} -l ${hop.user} -J first hop$`);
    expect(error).toMatchObject({ code: 'E_AUTH', details: { host: 'inner', via, hint } });
  });

  test('is one connection, with its user or without', async () => {
    const hop = await startHost({ alias: 'hop' });
    const one = await startHost({ alias: 'one', jump: 'hop' });
    const two = varyHost(one, { alias: 'two', jump: `${hop.user}@hop` });
    const transport = openTransport(await makeLaptop([hop, one, two]));
    await Promise.all([connect(transport, 'one'), connect(transport, 'two')]);
    expect(await countConnections(hop)).toBe(1);
  });

  test('that dies takes its connections along, and the next one builds a new hop', async () => {
    const { hop, laptop } = await chain();
    const transport = openTransport(laptop);
    const connection = await connect(transport, 'inner');
    const channel = await connection.exec({ line: 'sleep 60' });
    await hop.run('pkill -TERM -P $(cat $(dirname $XDG_STATE_HOME)/pid)');
    expect(await channel.ended).toEqual({ exitCode: null, signal: null });
    expect(await connection.closed).toMatchObject({ code: 'E_CONNECTION_LOST' });
    expect((await run(await connect(transport, 'inner'), 'echo in')).stdout).toBe('in\n');
  });

  test('that froze is noticed by the keepalive of the host behind it', async () => {
    const { hop, inner } = await chain();
    const proxy = await startTcpProxy(hop);
    onTestFinished(() => proxy.stop());
    const laptop = await makeLaptop([varyHost(hop, { port: proxy.port }), inner]);
    // Flags hold for the host, not for its hop, which has the usual 45 s.
    const options = ['ServerAliveInterval=1', 'ServerAliveCountMax=1'];
    const connection = await connect(openTransport(laptop, { ssh: { options } }), 'inner');
    const channel = await connection.exec({ line: 'sleep 60' });
    proxy.freeze();
    expect(await channel.ended).toEqual({ exitCode: null, signal: null });
    expect(await connection.closed).toMatchObject({ code: 'E_CONNECTION_LOST' });
  });

  test('that leads back to itself is an error of the configuration', async () => {
    const hop = await startHost({ alias: 'hop', jump: 'hop' });
    const error = await catchError(connect(openTransport(await makeLaptop([hop])), 'hop'));
    expect(error).toMatchObject({ code: 'E_CONFIG' });
    expect(await hop.readLog()).not.toContain('Connection from');
  });
});

describe.each<TransportName>(['ssh2', 'openssh'])('over %s a jump host', (kind) => {
  const MS = 1_500;
  const NAMES = ['one', 'two', 'three'];

  /** Hosts behind a jump host that treats each connection as told. */
  async function hideBehind(serve: (socket: Socket, origin: TestHost) => void) {
    const origin = await startHost();
    const hop = varyHost(origin, { alias: 'hop', port: await listen((socket) => serve(socket, origin)) });
    const hosts = NAMES.map((alias) => varyHost(origin, { alias, jump: 'hop' }));
    return { hop, transport: openTransport(await makeLaptop([hop, ...hosts]), { kind }) };
  }

  test.each([
    ['that stays mute', 'E_CONNECT_TIMEOUT', 'gave up waiting for the banner', () => undefined],
    ['that is full', 'E_THROTTLED', 'Exceeded MaxStartups', (socket: Socket) => socket.end('Exceeded MaxStartups\r\n')],
    ['that is a mail server', 'E_NOT_SSH', 'ESMTP', (socket: Socket) => socket.write('220 mail ESMTP\r\n')],
  ])('%s is told to all that wait for it, in time', async (_what, code, words, serve) => {
    const { hop, transport } = await hideBehind((socket) => void serve(socket));
    const begin = performance.now();
    const errors = await Promise.all(NAMES.map((name) => catchError(connect(transport, name, MS))));
    expect(performance.now() - begin).toBeLessThan(MS + 2_000);
    for (const [index, error] of errors.entries()) {
      expect(error).toMatchObject({ code, details: { host: NAMES[index], via: 'hop' } });
      expect(error.message).toContain(words);
      expect(error.message).toContain(`127.0.0.1 port ${hop.port}`);
    }
  });

  test('is told through the one before it', async () => {
    const first = await startHost({ alias: 'first' });
    const hop = varyHost(first, { alias: 'hop', port: await listen(() => undefined) });
    const host = varyHost(first, { alias: 'web1' });
    const transport = openTransport(await makeLaptop([first, hop, host]), { kind, ssh: { jump: 'first,hop' } });
    const error = await catchError(connect(transport, 'web1', 2_000));
    expect(error).toMatchObject({ code: 'E_CONNECT_TIMEOUT', details: { host: 'web1', via: 'hop' } });
    expect(error.message).toMatch(new RegExp(`to the jump host .*port ${hop.port}.* waiting for the banner`));
  });

  test('goes on for who has more time, whoever gives up', async () => {
    let connections = 0;
    const { transport } = await hideBehind((socket, origin) => {
      connections++;
      setTimeout(() => socket.pipe(dial(origin.port, '127.0.0.1')).pipe(socket), 1_000);
    });
    const [error, connection] = await Promise.all([
      catchError(connect(transport, 'one', 700)),
      connect(transport, 'two', 10_000),
    ]);
    expect(error).toMatchObject({ code: 'E_CONNECT_TIMEOUT', details: { host: 'one', via: 'hop' } });
    expect((await run(connection, 'echo in')).stdout).toBe('in\n');
    expect(connections).toBe(1);
  });

  test('is let go when nobody waits any more, and dialled anew for who comes then', async () => {
    const open = new Set<Socket>();
    let connections = 0;
    const { transport } = await hideBehind((socket) => {
      connections++;
      open.add(socket.resume().on('close', () => open.delete(socket)));
    });
    await catchError(connect(transport, 'one', 700));
    const next = catchError(connect(transport, 'two', 700));
    await waitFor(() => connections === 2 && open.size === 1, { what: 'the first one to be let go' });
    expect(await next).toMatchObject({ code: 'E_CONNECT_TIMEOUT' });
  });

  test('that is waited for does not keep an abort from being one', async () => {
    const { transport } = await hideBehind(() => undefined);
    const controller = new AbortController();
    const target = { name: 'one', destination: 'one' };
    const connecting = transport.connect(target, { connectTimeoutMs: 20_000, signal: controller.signal });
    setTimeout(() => controller.abort(), 500);
    const error = await catchError(connecting);
    expect(error).toMatchObject({ code: 'E_CONNECT_CLOSED', message: expect.stringContaining('gave up') });
  });
});

test('-J goes through several hosts in their order', async () => {
  const hosts = await Promise.all(['one', 'two', 'three'].map((alias) => startHost({ alias })));
  const laptop = await makeLaptop(hosts);
  const connection = await connect(openTransport(laptop, { ssh: { jump: 'one,two' } }), 'three');
  expect((await run(connection, 'echo in')).stdout).toBe('in\n');
  expect(await Promise.all(hosts.map(countConnections))).toEqual([1, 1, 1]);
  for (const [index, host] of hosts.slice(1).entries()) {
    const ports = [...(await host.readLog()).matchAll(/Connection from 127\.0\.0\.1 port (\d+)/g)];
    expect(ports, `connections of hop ${index}`).toHaveLength(1);
  }
});

describe('a ProxyCommand', () => {
  // Passes bytes on with nothing but Node, which every machine that runs these tests has.
  async function proxyLaptop(script: string) {
    const host = await startHost();
    const laptop = await makeLaptop([host]);
    const path = join(laptop.home, 'proxy.mjs');
    await writeFile(path, script);
    return { host, laptop, line: `${process.execPath} ${path} %h %p` };
  }
  const LEAVE_PID = `import { writeFileSync } from 'node:fs';
    writeFileSync(new URL('proxy.pid', import.meta.url), String(process.pid));`;
  const PASS_ON = `import { connect } from 'node:net';
    const [host, port] = process.argv.slice(2);
    const socket = connect(Number(port), host);
    process.stdin.pipe(socket).pipe(process.stdout);`;

  test('carries the connection, and ends with it', async () => {
    const { laptop, line } = await proxyLaptop(`${LEAVE_PID}\n${PASS_ON}`);
    const connection = await connect(openTransport(laptop, { ssh: { options: [`ProxyCommand=${line}`] } }), 'web1');
    const big = 'x'.repeat(1 << 20);
    expect((await run(connection, 'cat', big)).stdout).toBe(big);
    await connection.close();
    await waitForProxyEnd(laptop);
  });

  /** Waits until the process that left its pid in the laptop's home is gone. */
  async function waitForProxyEnd(laptop: Laptop): Promise<void> {
    const pid = Number(await readFile(join(laptop.home, 'proxy.pid'), 'utf8'));
    await waitFor(() => isGone(pid), { what: 'the ProxyCommand to end' });
  }

  test('that fails is E_PROXY_COMMAND with its last words, and not tried again', async () => {
    const { laptop, line } = await proxyLaptop(`import { appendFileSync } from 'node:fs';
      appendFileSync(new URL('runs', import.meta.url), 'run ');
      console.error('no route for you');
      process.exit(7);`);
    const transport = openTransport(laptop, { ssh: { options: [`ProxyCommand=${line}`] } });
    const error = await catchError(connect(transport, 'web1'));
    expect(error).toMatchObject({ code: 'E_PROXY_COMMAND' });
    expect(error.message).toContain('exit code 7, saying "no route for you"');
    expect(await readFile(join(laptop.home, 'runs'), 'utf8')).toBe('run ');
  });

  test('that stays mute is E_CONNECT_TIMEOUT, and ended', async () => {
    const { laptop, line } = await proxyLaptop(`${LEAVE_PID}\nsetInterval(() => undefined, 1_000);`);
    const transport = openTransport(laptop, { ssh: { options: [`ProxyCommand=${line}`] } });
    expect(await catchError(connect(transport, 'web1', 600))).toMatchObject({ code: 'E_CONNECT_TIMEOUT' });
    await waitForProxyEnd(laptop);
  });

  test('never gets a name that the shell could read as more than a word', async () => {
    const { laptop, line } = await proxyLaptop(PASS_ON);
    const options = [`ProxyCommand=${line}`, 'HostName=127.0.0.1|id'];
    const error = await catchError(connect(openTransport(laptop, { ssh: { options } }), 'web1'));
    expect(error.code).toMatch(/^E_CONFIG$|^E_USAGE$/);
  });
});

test('a black hole behind a jump host ends at the deadline', async () => {
  const hop = await startHost({ alias: 'hop' });
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  const laptop = await makeLaptop([hop]);
  const transport = openTransport(laptop, { ssh: { jump: 'hop' } });
  const target = { name: 'dark', destination: '127.0.0.1', port };
  const begin = performance.now();
  expect(await catchError(transport.connect(target, { connectTimeoutMs: 900 }))).toMatchObject({
    code: 'E_CONNECT_TIMEOUT',
  });
  expect(performance.now() - begin).toBeLessThan(1_900);
});
