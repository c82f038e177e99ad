import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  createLaptop,
  findProcessesOf,
  generateKeyPair,
  type Laptop,
  startEmbeddedHost,
  startTcpProxy,
  type TestHost,
  varyHost,
  waitFor,
} from '@outlast/test-fixtures';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let host: TestHost;

beforeAll(async () => {
  host = await startEmbeddedHost();
});

afterAll(async () => {
  await host.stop();
});

interface Answer {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: string | null;
}

/** Connects as a careful client does: with the key, and with the host key checked. */
async function connectTo(target: TestHost, key = target.clientKey): Promise<ssh2.Client> {
  const client = new ssh2.Client();
  // A connection may fail several times over; the first failure is what `ready` is rejected with.
  client.on('error', () => undefined);
  const ready = once(client, 'ready');
  client.connect({
    host: target.address,
    port: target.port,
    username: target.user,
    privateKey: key.privateKey,
    hostVerifier: (presented: Buffer) => target.hostKeys.some((line) => line.includes(presented.toString('base64'))),
  });
  await ready;
  return client;
}

function openChannel(client: ssh2.Client, line: string): Promise<ssh2.ClientChannel> {
  return new Promise((resolve, reject) => {
    client.exec(line, (error, channel) => (error ? reject(error) : resolve(channel)));
  });
}

async function execOn(target: TestHost, line: string, input = ''): Promise<Answer> {
  const client = await connectTo(target);
  const channel = await openChannel(client, line);
  const answer = { stdout: '', stderr: '', code: null as number | null, signal: null as string | null };
  channel.on('data', (chunk: Buffer) => {
    answer.stdout += chunk;
  });
  channel.stderr.on('data', (chunk: Buffer) => {
    answer.stderr += chunk;
  });
  channel.on('exit', (code: number | null, signal?: string) => {
    answer.code = code;
    answer.signal = signal ?? null;
  });
  channel.end(input);
  await once(channel, 'close');
  client.end();
  return answer;
}

describe('an exec on the embedded host', () => {
  test('runs in the home of the host as its user, with stdin, stdout and stderr', async () => {
    const answer = await execOn(host, 'pwd; id -un; cat; echo oops >&2', 'from stdin');
    const { stdout: home } = await host.run('pwd');
    expect(answer).toEqual({ stdout: `${home}${host.user}\nfrom stdin`, stderr: 'oops\n', code: 0, signal: null });
  });

  test('sees no XDG_STATE_HOME, so that state goes below its home', async () => {
    const { stdout } = await execOn(host, 'env | grep ^XDG_; printf %s "$HOME/.local/state/outlast"');
    expect(stdout).toBe(host.stateDir);
  });

  test('passes exit codes on', async () => {
    expect(await execOn(host, 'exit 7')).toMatchObject({ code: 7, signal: null });
  });

  test('passes the signal on that ended it', async () => {
    expect(await execOn(host, 'kill -s KILL $$')).toMatchObject({ code: null, signal: 'SIGKILL' });
  });

  test('carries a megabyte without a loss', async () => {
    const input = 'x'.repeat(1024 * 1024);
    expect((await execOn(host, 'cat', input)).stdout).toBe(input);
  });

  test('ends only when nobody holds its stdout any more', async () => {
    expect((await execOn(host, '(sleep 0.3; echo late) & echo early')).stdout).toBe('early\nlate\n');
  });
});

describe('what was started on the embedded host', () => {
  test('lives on when its client is gone, and its writes fail then', async () => {
    const client = await connectTo(host);
    const line = 'trap "" PIPE; echo $$; until [ -e go ]; do sleep 0.05; done; echo more || echo failed >verdict';
    const channel = await openChannel(client, line);
    const [pid] = await once(channel, 'data');
    client.destroy();
    await waitFor(async () => (await host.readLog()).trimEnd().endsWith('connection closed'), {
      what: 'the host to notice',
    });
    await host.run('touch go');
    const verdict = await waitFor(async () => (await host.run('cat verdict')).stdout, { what: 'the verdict' });
    expect(verdict).toBe('failed\n');
    expect(Number(String(pid))).toBeGreaterThan(1);
  });

  test('ends with the host, however far it has detached itself, and its folder goes', async () => {
    const own = await startEmbeddedHost({ alias: 'own' });
    const { stdout: home } = await own.run('pwd');
    const folder = dirname(home.trim());
    await execOn(own, 'setsid sh -c "cd /; exec sleep 1000" </dev/null >/dev/null 2>&1 &');
    expect(findProcessesOf(folder)).toHaveLength(1);
    await own.stop();
    expect(findProcessesOf(folder)).toEqual([]);
    expect(existsSync(folder)).toBe(false);
  });
});

describe('the embedded host lets in', () => {
  test('nobody with another key', async () => {
    await expect(connectTo(host, generateKeyPair())).rejects.toThrow(/authentication/i);
  });

  test('nobody under another name', async () => {
    await expect(connectTo(varyHost(host, { user: 'mallory' }))).rejects.toThrow(/authentication/i);
  });
});

test('the embedded host forwards to loopback ports and to nothing else', async () => {
  const client = await connectTo(host);
  const forward = (address: string) =>
    new Promise<ssh2.ClientChannel>((resolve, reject) => {
      client.forwardOut('127.0.0.1', 0, address, host.port, (error, channel) =>
        error ? reject(error) : resolve(channel),
      );
    });
  const channel = await forward('127.0.0.1');
  const [greeting] = await once(channel, 'data');
  expect(String(greeting)).toMatch(/^SSH-2\.0-/);
  await expect(forward('192.0.2.1')).rejects.toThrow(/open failure/i);
  client.end();
});

describe('a proxy in front of the embedded host', () => {
  test('loses the connection when it is cut, and forwards the next one', async () => {
    const proxy = await startTcpProxy(host);
    const seen = varyHost(host, { port: proxy.port });
    const client = await connectTo(seen);
    const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
    proxy.cut();
    await closed;
    expect((await execOn(seen, 'echo again')).stdout).toBe('again\n');
    expect(proxy.accepted).toBe(2);
    await proxy.stop();
  });

  test('holds everything back while it is frozen', async () => {
    const proxy = await startTcpProxy(host);
    const client = await connectTo(varyHost(host, { port: proxy.port }));
    const channel = await openChannel(client, 'cat');
    let received = '';
    channel.on('data', (chunk: Buffer) => {
      received += chunk;
    });
    proxy.freeze();
    channel.write('held');
    const direct = await execOn(host, 'echo the host itself is fine');
    expect([direct.code, received]).toEqual([0, '']);
    proxy.thaw();
    await waitFor(() => received === 'held', { what: 'the held bytes' });
    client.end();
    await proxy.stop();
  });
});

describe('a laptop', () => {
  let laptop: Laptop;

  beforeAll(async () => {
    const echo = 'process.stdout.write(JSON.stringify({ args: process.argv.slice(1), env: process.env }))';
    laptop = await createLaptop([host], { program: [process.execPath, '-e', echo, '--'] });
  });

  afterAll(async () => {
    await laptop.remove();
  });

  test('puts -F right behind the verb, so that an argv of the user stays untouched', async () => {
    const { stdout } = await laptop.outlast(['start', 'web', '-H', 'embedded', '--', 'app', '-F']);
    const seen = JSON.parse(stdout).args;
    expect(seen).toEqual(['start', '-F', laptop.sshConfig, 'web', '-H', 'embedded', '--', 'app', '-F']);
    expect(JSON.parse((await laptop.outlast(['--version'])).stdout).args).toEqual(['--version']);
  });

  test('keeps everything inside its home and passes nothing of ours on', async () => {
    const { env } = JSON.parse((await laptop.outlast(['status'])).stdout);
    for (const name of ['HOME', 'XDG_CONFIG_HOME', 'XDG_STATE_HOME', 'XDG_CACHE_HOME', 'XDG_DATA_HOME']) {
      expect(env[name]).toMatch(laptop.home);
    }
    expect(Object.keys(env).filter((name) => /^(SSH_|VITEST|NO_COLOR|FORCE_COLOR|CI$)/.test(name))).toEqual([]);
  });

  test('ends what still runs there when it is removed', async () => {
    const own = await createLaptop([host]);
    const child = own.spawn(['sleep', '1000'], { stdio: 'ignore' });
    const ended = once(child, 'exit');
    await own.remove();
    expect(await ended).toEqual([null, 'SIGKILL']);
    expect(existsSync(own.home)).toBe(false);
  });
});

test('keys made without OpenSSH are sound, every one of them', () => {
  for (let count = 0; count < 600; count += 1) {
    const pair = generateKeyPair();
    expect(Buffer.from(pair.publicKey.split(' ')[1] ?? '', 'base64')).toHaveLength(51);
  }
});
