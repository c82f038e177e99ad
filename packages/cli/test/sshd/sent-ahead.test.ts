import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, connect as dial } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  generateKeyPair,
  type KeyPair,
  type Oddity,
  startEmbeddedHost,
  startTcpProxy,
  type TestHost,
  varyHost,
  waitFor,
} from '@outlast/test-fixtures';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { lookInside } from '../../src/ssh/ssh2/inner.js';
import { loadSsh2 } from '../../src/ssh/ssh2/load-ssh2.js';
import {
  catchError,
  connect,
  connectAndRun,
  makeLaptop,
  needSshd,
  openTransport,
  run,
  startHost,
} from './connection-lab.js';

beforeEach(needSshd);

type Client = Parameters<typeof lookInside>[0];

const ROUND_TRIP_MS = 100;

/** A laptop that remembers what it meets, and what it does with one host. */
interface Acquaintance {
  readonly home: string;
  readonly memoryFile: string;
  /** Connects and runs a line, in a run of its own. */
  meet(line?: string, input?: string): ReturnType<typeof connectAndRun>;
  /** What is remembered of the host. */
  recall(): Promise<Record<string, unknown> | undefined>;
}

async function makeAcquaintance(host: TestHost, keys: readonly KeyPair[] = []): Promise<Acquaintance> {
  const { home, ...laptop } = await makeLaptop([host]);
  const memoryFile = join(home, 'connections.json');
  const identityFiles = keys.map((_, index) => join(home, `key_${index}`));
  await Promise.all(keys.map((pair, index) => writeFile(identityFiles[index] ?? '', pair.privateKey, { mode: 0o600 })));
  return {
    home,
    memoryFile,
    async meet(line = 'true', input = '') {
      const transport = openTransport({ home, ...laptop }, { memoryFile, ssh: { identityFiles } });
      try {
        return await connectAndRun(transport, 'web1', { line, input });
      } finally {
        await transport.close();
      }
    },
    async recall() {
      const { hosts } = JSON.parse(await readFile(memoryFile, 'utf8'));
      return hosts[`${host.user}@[${host.address}]:${host.port}`];
    },
  };
}

/** An sshd, and what lets other keys in. */
async function startWithKeys(
  ...config: string[]
): Promise<{ host: TestHost; letIn(...keys: KeyPair[]): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'outlast-keys-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'authorized_keys');
  const host = await startHost({ config: [`AuthorizedKeysFile ${file}`, ...config] });
  const letIn = (...keys: KeyPair[]) => writeFile(file, keys.map(({ publicKey }) => `${publicKey}\n`).join(''));
  await letIn(host.clientKey);
  return { host, letIn };
}

/** What is remembered of a host that has hung up on all that was sent ahead. */
const doubtEverything = (memory: string): string =>
  memory
    .replace('"program"', '"authentication"')
    .replace(/"doubts":0,"doubted":0/, `"doubts":2,"doubted":${Date.now()}`);

const countConnections = (log: string): number => log.match(/^Connection from /gm)?.length ?? 0;

/** A port before a host at which one can see who says what when. */
interface Wiretap {
  readonly port: number;
  /** What the server had said before the client said more than 4,000 bytes at once. */
  bytesBeforeFlight(): number;
}

async function startWiretap(host: TestHost): Promise<Wiretap> {
  let said = 0;
  let before = 0;
  const server = createServer((near) => {
    const far = dial(host.port, '127.0.0.1').setNoDelay();
    said = 0;
    near.setNoDelay().on('data', (chunk: Buffer) => {
      if (chunk.length > 4_000) before = said;
    });
    far.on('data', (chunk: Buffer) => {
      said += chunk.length;
    });
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) socket.on('error', () => near.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { port, bytesBeforeFlight: () => before };
}

/** An sshd behind a wiretap, behind a proxy that can cut. */
async function startTappedHost() {
  const origin = await startHost();
  const wiretap = await startWiretap(origin);
  const proxy = await startTcpProxy({ address: '127.0.0.1', port: wiretap.port });
  onTestFinished(() => proxy.stop());
  return { origin, wiretap, proxy };
}

describe('a host that was met before', () => {
  test('is remembered with its server and the key that it has let in', async () => {
    const { meet, recall } = await makeAcquaintance(await startHost());
    await meet();
    expect(await recall()).toMatchObject({
      server: expect.stringMatching(/^OpenSSH_/),
      ahead: 'program',
      identity: expect.stringMatching(/^SHA256:/),
      doubts: 0,
    });
  });

  test('takes a program and all of its input together with the key', async () => {
    const { meet } = await makeAcquaintance(await startHost());
    await meet();
    const input = 'x'.repeat(300_000);
    expect(await meet('wc -c; exit 3', input)).toMatchObject({ stdout: '300000\n', exitCode: 3 });
    expect(await meet('wc -c', 'x'.repeat(5_000_000))).toMatchObject({ stdout: '5000000\n', exitCode: 0 });
  });

  test('costs fewer round trips than one that was not, and that one fewer than one that takes nothing ahead', async () => {
    const origin = await startHost();
    const proxy = await startTcpProxy(origin);
    onTestFinished(() => proxy.stop());
    proxy.spoil({ request: { delayMs: ROUND_TRIP_MS / 2 }, reply: { delayMs: ROUND_TRIP_MS / 2 } });
    const { meet, memoryFile } = await makeAcquaintance(varyHost(origin, { port: proxy.port }));
    const measure = async (memory: string | undefined): Promise<number> => {
      const times: number[] = [];
      // What else the machine does takes time, and never saves any.
      for (let run = 0; run < 3; run++) {
        if (memory === undefined) await rm(memoryFile, { force: true });
        else await writeFile(memoryFile, memory);
        const began = performance.now();
        expect(await meet('cat', 'input')).toMatchObject({ stdout: 'input', exitCode: 0 });
        times.push(performance.now() - began);
      }
      return Math.min(...times) / ROUND_TRIP_MS;
    };
    const fresh = await measure(undefined);
    const memory = await readFile(memoryFile, 'utf8');
    const [known, plain] = [await measure(memory), await measure(doubtEverything(memory))];
    // Half a round trip is left for what the machine does.
    expect(fresh - known).toBeGreaterThan(0.5);
    expect(plain - fresh).toBeGreaterThan(0.5);
  });

  test('and no longer lets us in runs nothing, and gives a clean E_AUTH', async () => {
    const { host, letIn } = await startWithKeys();
    const { meet, home } = await makeAcquaintance(host);
    const trace = join(home, 'trace');
    await meet(`echo before >>${trace}`);
    await letIn();
    const error = await catchError(meet(`echo after >>${trace}`));
    expect(error).toMatchObject({ code: 'E_AUTH', details: { host: 'web1' } });
    expect(error.message).toMatch(/tried: \S*id_test; it accepts: publickey/);
    expect(await readFile(trace, 'utf8')).toBe('before\n');
  });

  test('and hangs up at the first refused key, without a word of the authentication, gives E_AUTH over one connection', async () => {
    const { host, letIn } = await startWithKeys('MaxAuthTries 1');
    const { meet, home } = await makeAcquaintance(host);
    const trace = join(home, 'trace');
    await meet();
    await letIn();
    const before = countConnections(await host.readLog());
    const error = await catchError(meet(`echo after >>${trace}`));
    expect(error).toMatchObject({
      code: 'E_AUTH',
      details: { host: 'web1', login: expect.stringMatching(/id_test$/) },
    });
    expect(countConnections(await host.readLog())).toBe(before + 1);
    expect(existsSync(trace)).toBe(false);
  });

  test('and now wants another key gets it over the same connection, and runs the program once', async () => {
    const { host, letIn } = await startWithKeys();
    const other = generateKeyPair('ed25519');
    const { meet, recall, home } = await makeAcquaintance(host, [other]);
    const trace = join(home, 'trace');
    await meet();
    const first = await recall();
    await letIn(other);
    const before = countConnections(await host.readLog());
    expect(await meet(`echo once >>${trace}; cat`, 'input')).toMatchObject({ stdout: 'input', exitCode: 0 });
    expect(await readFile(trace, 'utf8')).toBe('once\n');
    expect(countConnections(await host.readLog())).toBe(before + 1);
    expect(await recall()).toMatchObject({
      ahead: 'program',
      identity: expect.not.stringContaining(String(first?.identity)),
    });
  });

  test('whose memory is damaged is met anew', async () => {
    const { meet, recall, memoryFile } = await makeAcquaintance(await startHost());
    for (const text of ['', '{', '[]', '{"hosts":{"x":1}}', '{"hosts":{"x":null}}', '{"hosts":null}']) {
      await writeFile(memoryFile, text);
      expect(await meet('echo in')).toMatchObject({ stdout: 'in\n' });
    }
    await rm(memoryFile);
    await meet();
    expect(await recall()).toMatchObject({ ahead: 'program' });
  });

  test('loses the link before it has answered: whatever was sent may have run, and nobody says otherwise', async () => {
    const { origin, wiretap, proxy } = await startTappedHost();
    const { meet, recall, home } = await makeAcquaintance(varyHost(origin, { port: proxy.port }));
    const trace = join(home, 'trace');
    await meet();
    await meet('cat >/dev/null', 'x'.repeat(5_000));
    // The next word of the server is about the authentication.
    proxy.afterReply(wiretap.bytesBeforeFlight() + 1, () => proxy.cut());
    const end = await meet(`echo ran >>${trace}; sleep 0.2`);
    expect(end).toMatchObject({ exitCode: null, signal: null, stdout: '' });
    expect(end.cause).toMatchObject({ details: { host: 'web1' } });
    await waitFor(async () => (await readFile(trace, 'utf8').catch(() => '')) === 'ran\n', { what: 'what was sent' });
    expect(await recall()).toMatchObject({ doubts: 1 });
    await meet();
    expect(await recall()).toMatchObject({ doubts: 0 });
  });
});

describe('a host that lets us in', () => {
  const meetOdd = async (oddity: Oddity) => {
    const host = await startEmbeddedHost({ alias: 'web1', software: 'OpenSSH_9.2p1', oddity });
    onTestFinished(() => host.stop());
    return { host, ...(await makeAcquaintance(host)) };
  };

  test('and hangs up on the program that came with the key is doubted, and soon sent none', async () => {
    const { meet, recall } = await meetOdd('hangs up on haste');
    expect(await meet('echo in')).toMatchObject({ stdout: 'in\n', exitCode: 0 });
    for (const doubts of [1, 2]) {
      expect(await meet('echo in')).toMatchObject({ stdout: '', exitCode: null });
      expect(await recall()).toMatchObject({ doubts });
    }
    expect(await meet('echo in')).toMatchObject({ stdout: 'in\n', exitCode: 0 });
  });

  test('and numbers its channels otherwise runs the program once, over the same connection, and is sent none ahead any more', async () => {
    const { host, home, meet, recall } = await meetOdd('counts from one');
    const trace = join(home, 'trace');
    await meet();
    const line = `echo once >>${trace}; cat; exit 3`;
    expect(await meet(line, 'input')).toMatchObject({ stdout: 'input', exitCode: 3 });
    expect(await readFile(trace, 'utf8')).toBe('once\n');
    expect((await host.readLog()).match(/authentication publickey.*yes$/gm)).toHaveLength(2);
    const remembered = await recall();
    expect(remembered).toMatchObject({ doubts: 2 });
    expect(await meet('echo in')).toMatchObject({ stdout: 'in\n', exitCode: 0 });
    expect(await recall()).toEqual(remembered);
  });
});

describe('an ssh2 whose inside is not known', () => {
  beforeEach(async () => {
    const { Client } = await loadSsh2();
    const original = Client.prototype.connect;
    vi.spyOn(Client.prototype, 'connect').mockImplementation(function connectChanged(this: Client, config) {
      original.call(this, config);
      Object.assign((this as unknown as { _protocol: object })._protocol, { ping: undefined });
      expect(lookInside(this)).toBeUndefined();
      return this;
    });
  });
  afterEach(() => void vi.restoreAllMocks());

  test('takes the plain way to a host, met before or not', async () => {
    const { meet } = await makeAcquaintance(await startHost());
    for (const _time of ['first', 'second']) {
      expect(await meet('wc -c; exit 3', 'x'.repeat(300_000))).toMatchObject({ stdout: '300000\n', exitCode: 3 });
    }
  });

  test('runs one program after the other over one connection', async () => {
    const transport = openTransport(await makeLaptop([await startHost()]));
    const connection = await connect(transport, 'web1');
    for (const word of ['one', 'two']) {
      expect(await run(connection, 'cat', word)).toMatchObject({ stdout: word, exitCode: 0 });
    }
  });

  test('signs for no RSA key, since that might be with SHA-1', async () => {
    const host = await startHost({
      clientKey: generateKeyPair('rsa'),
      config: ['PubkeyAcceptedAlgorithms ssh-rsa', 'RequiredRSASize 1024'],
    });
    const { meet } = await makeAcquaintance(host);
    const error = await catchError(meet());
    expect(error).toMatchObject({ code: 'E_AUTH', details: { host: 'web1' } });
    expect(error.message).toMatch(/tried: nothing; skipped \S*id_test: this ssh2 may sign with SHA-1 for RSA keys/);
    expect(await host.readLog()).not.toMatch(/pkalg ssh-rsa/);
  });
});

describe('a host that was never met', () => {
  const startSpoiltHost = async () => {
    const { origin, wiretap, proxy } = await startTappedHost();
    const host = varyHost(origin, { port: proxy.port });
    const scout = await makeAcquaintance(host);
    await scout.meet();
    await scout.meet('cat >/dev/null', 'x'.repeat(5_000));
    const cutNext = () => proxy.afterReply(wiretap.bytesBeforeFlight() + 1, () => proxy.cut());
    return { proxy, cutNext, ...(await makeAcquaintance(host)) };
  };

  test('and hangs up on what is sent ahead is reached the plain way, and soon sent nothing ahead', async () => {
    const { proxy, cutNext, meet, recall } = await startSpoiltHost();
    for (const doubts of [1, 2]) {
      const before = proxy.accepted;
      cutNext();
      expect(await meet('echo in')).toMatchObject({ stdout: 'in\n', exitCode: 0 });
      expect(proxy.accepted).toBe(before + 2);
      expect(await recall()).toMatchObject({ ahead: 'authentication', doubts });
    }
    const before = proxy.accepted;
    expect(await meet('echo again')).toMatchObject({ stdout: 'again\n', exitCode: 0 });
    expect(proxy.accepted).toBe(before + 1);
    expect(await recall()).toMatchObject({ ahead: 'authentication', doubts: 2 });
  });

  test('and loses one link is soon sent a program all the same', async () => {
    const { cutNext, meet, recall } = await startSpoiltHost();
    cutNext();
    await meet();
    await meet();
    expect(await recall()).toMatchObject({ ahead: 'program', doubts: 0 });
  });
});
