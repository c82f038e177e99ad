import type { ChildProcess } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { findFreePort, startProcessSshd, startTcpProxy, varyHost, waitFor } from '@outlast/test-fixtures';
import { describe, expect, onTestFinished, test } from 'vitest';
import { addLaptop, useLab } from '../program-lab.js';

const lab = useLab(['web1', 'web2']);
const NAMED_PORT = String(await findFreePort());

/** Serves the path that is asked for, echoes what comes over an upgraded connection, and says on its standard output when it is there. */
const SERVER = `
const { createServer } = require('node:http');
const server = createServer((request, response) => response.end('at ' + request.url + ' of ' + process.env.NAME));
server.on('upgrade', (request, socket, head) => { socket.write('HTTP/1.1 101 Switching Protocols\\r\\n\\r\\n'); socket.write(head); socket.pipe(socket); });
server.listen(Number(process.env.PORT || 0), '127.0.0.1', () => console.log('ready'));
`;

async function startServer(app: string, hosts: string, ...env: readonly string[]): Promise<void> {
  const flags = ['start', app, '-H', hosts, '--env', `NAME=${app}`, ...env.flatMap((each) => ['--env', each])];
  const told = await lab.run([...flags, '--', process.execPath, '-e', SERVER]);
  expect(told.exitCode, told.stderr).toBe(0);
}

interface Told {
  readonly host: string;
  readonly app: string;
  readonly url: string;
  readonly localPort: number;
  readonly remotePort: number;
}

interface Forwarding {
  readonly tunnels: readonly Told[];
  readonly said: () => string;
  readonly out: () => string;
  readonly exit: Promise<number | null>;
  /** Ctrl-C; resolves to the exit code. */
  end(): Promise<number | null>;
}

/** Forwards until the test is over, once so many tunnels are up. */
async function forward(args: readonly string[], count = 1, laptop = lab.laptop): Promise<Forwarding> {
  const client: ChildProcess = laptop.spawnOutlast(['forward', '--json', ...args]);
  const exit = new Promise<number | null>((resolve) => client.once('close', resolve));
  let [stdout, stderr] = ['', ''];
  client.stdout?.on('data', (chunk) => {
    stdout += chunk;
  });
  client.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  onTestFinished(async () => {
    client.kill('SIGKILL');
    await exit;
  });
  const isUp = () => stdout.split('\n').length > count;
  await waitFor(isUp, { what: 'the tunnels to be up', evidence: async () => stdout + stderr });
  const tunnels = stdout
    .trim()
    .split('\n')
    .map((line): Told => JSON.parse(line));
  return {
    tunnels,
    said: () => stderr,
    out: () => stdout,
    exit,
    end: () => {
      client.kill('SIGINT');
      return exit;
    },
  };
}

const get = async (url = '') => (await fetch(url)).text();

describe('forward', () => {
  test('brings the port here for any number of connections, until Ctrl-C, which is its end', async () => {
    await startServer('many', 'web1');
    const { tunnels, end } = await forward(['many', '-H', 'web1']);
    const [{ url = '', host = '', app = '', localPort = 0 } = {}] = tunnels;
    expect([host, app, url]).toEqual(['web1', 'many', `http://127.0.0.1:${localPort}/`]);
    const paths = Array.from({ length: 30 }, (_, index) => `page/${index}`);
    const pages = await Promise.all(paths.map((path) => get(url + path)));
    expect(pages).toEqual(paths.map((path) => `at /${path} of many`));
    expect(await end()).toBe(0);
    await expect(get(url)).rejects.toThrow();
  });

  test('has a port for each host', async () => {
    await startServer('each', 'web1,web2');
    const { tunnels } = await forward(['each', '-H', 'web1,web2'], 2);
    expect(new Set(tunnels.map(({ localPort }) => localPort)).size).toBe(2);
    for (const { url } of tunnels) expect(await get(url)).toBe('at / of each');
  });

  test.each(['ssh2', 'openssh'])('over %s carries an upgraded connection both ways, and its end', async (transport) => {
    await startServer(`upgraded-${transport}`, 'web1');
    const { tunnels } = await forward([`upgraded-${transport}`, '-H', 'web1', '--transport', transport]);
    const socket = connect(tunnels[0]?.localPort ?? 0, '127.0.0.1');
    const answer = buffer(socket);
    const sent = Buffer.alloc(3_000_000, 'x');
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    socket.end(sent);
    const received = await answer;
    expect(received.subarray(received.indexOf('\r\n\r\n') + 4).equals(sent)).toBe(true);
  });

  test.each([
    ['of the app', 'lasting', []],
    ['that is named', 'lasting-too', ['--port', NAMED_PORT]],
  ])(
    'of a port %s survives a lost connection: who comes meanwhile is served when it is back',
    async (_what, app, named) => {
      await startServer(app, 'web1', ...(named.length > 0 ? [`PORT=${NAMED_PORT}`] : []));
      const proxy = await startTcpProxy(lab.host());
      onTestFinished(() => proxy.stop());
      const laptop = await addLaptop([varyHost(lab.host(), { port: proxy.port })]);
      const { tunnels, said, end } = await forward([app, '-H', 'web1', ...named], 1, laptop);
      expect(await get(tunnels[0]?.url)).toBe(`at / of ${app}`);
      proxy.cut();
      await waitFor(() => said().includes('trying again until it is back'), { what: 'the loss to be told' });
      expect(await get(tunnels[0]?.url)).toBe(`at / of ${app}`);
      // Once, and not as often as there is time for.
      expect(said().match(/web1: the connection is back\./g)).toHaveLength(1);
      expect(await end()).toBe(0);
    },
  );

  test('ends, and says why, when the host lets nobody in any more', async () => {
    const host = await startProcessSshd({ alias: 'closing' });
    onTestFinished(() => host.stop());
    const proxy = await startTcpProxy(host);
    onTestFinished(() => proxy.stop());
    const laptop = await addLaptop([varyHost(host, { port: proxy.port })]);
    const argv = ['start', 'served', '-H', 'closing', '--', process.execPath, '-e', SERVER];
    expect((await laptop.outlast(argv)).exitCode).toBe(0);
    const { said, out, exit } = await forward(['served', '-H', 'closing'], 1, laptop);
    await rm(join(dirname(dirname(host.stateDir)), 'authorized_keys'));
    proxy.cut();
    expect(await exit).toBe(1);
    expect(said()).toContain('trying again until it is back');
    expect([said(), out()].join('')).toContain('E_AUTH');
  });

  test('follows the app to another port', async () => {
    await startServer('moving', 'web1');
    const { tunnels } = await forward(['moving', '-H', 'web1']);
    expect(await get(tunnels[0]?.url)).toBe('at / of moving');
    await lab.run(['restart', 'moving', '-H', 'web1']);
    expect(await get(tunnels[0]?.url)).toBe('at / of moving');
  });

  test('takes the port that is asked for here, and says when somebody else has it', async () => {
    await startServer('named', 'web1');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const taken = await lab.run(['forward', 'named', '-H', 'web1', '--local-port', String(port)]);
    expect([taken.exitCode, taken.stdout]).toEqual([1, '']);
    expect(taken.stderr).toMatch(/E_LOCAL_PORT +port \d+ of this laptop cannot be listened on: .*EADDRINUSE/);
    await new Promise((resolve) => server.close(resolve));
    const { tunnels } = await forward(['named', '-H', 'web1', '--local-port', String(port)]);
    expect(tunnels[0]?.localPort).toBe(port);
  });

  test('says what stands in the way: no app, no port, a host that forwards nothing', async () => {
    const codeOf = async (...args: string[]) => {
      const { exitCode, stderr } = await lab.run(['forward', ...args]);
      expect(exitCode).toBe(1);
      return /E_[A-Z_]+/.exec(stderr)?.[0];
    };
    expect(await codeOf('nobody', '-H', 'web1')).toBe('E_NOT_RUNNING');
    await lab.run(['start', 'mute', '-H', 'web1', '--', 'sleep', '1000']);
    expect(await codeOf('mute', '-H', 'web1')).toBe('E_NO_PORT');
    const closed = await startProcessSshd({ alias: 'closed', config: ['AllowTcpForwarding no'] });
    onTestFinished(() => closed.stop());
    const laptop = await addLaptop([closed]);
    const { stderr } = await laptop.outlast(['forward', 'any', '-H', 'closed', '--port', '80']);
    expect(stderr).toContain('the host lets nobody on to 127.0.0.1 port 80');
    expect(stderr).toContain('AllowTcpForwarding');
  });
});

describe('open', () => {
  test('opens the address in the browser of the person, once it is up', async () => {
    await startServer('shown', 'web1');
    const client = lab.laptop.spawnOutlast(['open', 'shown', '-H', 'web1', '--path', '/start?x=1'], {
      env: { ...lab.laptop.env, BROWSER: `${process.execPath} -e fetch(process.argv[1])` },
    });
    onTestFinished(() => {
      client.kill('SIGKILL');
    });
    let stdout = '';
    client.stdout?.on('data', (chunk) => {
      stdout += chunk;
    });
    const stderr = client.stderr === null ? Promise.resolve('') : text(client.stderr);
    await waitFor(() => stdout.includes('/start?x=1'), { what: 'the address' });
    client.kill('SIGINT');
    expect(await new Promise((resolve) => client.once('close', resolve))).toBe(0);
    expect(await stderr).toBe('');
  });

  test('without one prints the address', async () => {
    const laptop = await addLaptop([lab.host()], { env: { BROWSER: '/nowhere/browser' } });
    await startServer('printed', 'web1');
    const client = laptop.spawnOutlast(['open', 'printed', '-H', 'web1']);
    onTestFinished(() => {
      client.kill('SIGKILL');
    });
    let stderr = '';
    client.stderr?.on('data', (chunk) => {
      stderr += chunk;
    });
    const said = () => stderr.includes('No browser could be opened (no /nowhere/browser): open http://127.0.0.1:');
    await waitFor(said, { what: 'the note', evidence: async () => stderr });
  });
});
