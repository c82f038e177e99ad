import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import {
  findFreePort,
  formatKnownHostName,
  generateKeyPair,
  type Laptop,
  startTcpProxy,
  type TestHost,
  varyHost,
} from '@outlast/test-fixtures';
import { describe, expect, onTestFinished, test } from 'vitest';
import { addLaptop, ask, shell, type Told, useLab } from '../program-lab.js';
import { HOLES } from './black-holes.js';
import { listen } from './connection-lab.js';
import { measureConversation } from './conversation.js';

// The key exchange that ssh prefers takes it 0.1 s of processor time.
const lab = useLab(['web1'], { sshd: { config: ['KexAlgorithms curve25519-sha256'] } });

const CONNECT_MS = 7_000;
const TOTAL_MS = 9_000;
const GRACE_MS = 2_000;
const DEADLINES = ['--connect-timeout', `${CONNECT_MS}ms`, '--timeout', `${TOTAL_MS}ms`];

/** A host on which something is wrong, and the codes of which one has to be told. */
interface Faulty {
  readonly host: TestHost;
  readonly told: string;
}

describe('half of the fleet is faulty, each host in a way of its own', () => {
  test('the other half is done, each host is told apart, and nothing takes longer than the slowest deadline', async () => {
    await lab.run([
      'start',
      'app',
      '-H',
      'web1',
      '--settle',
      '0ms',
      ...shell(`exec sleep 600 # ${'x'.repeat(20_000)}`),
    ]);
    const faulty = [...(await openHoles()), ...(await spoilAddresses()), ...(await openStrangers())];
    const laptop = await addLaptop([lab.host()]);
    await spoilKnownHosts(laptop, [lab.host(), ...faulty.map(({ host }) => host)]);
    // One block for all that are healthy, and none for the others, so that ssh is not asked about each of them.
    await writeFile(laptop.sshConfig, `Host web*\n  HostName 127.0.0.1\n  Port ${lab.host().port}\n`);
    const names = faulty.flatMap(({ host }, index) => [laptop.destination(host), `web${index + 1}`]);
    const argv = ['status', '-H', names.join(','), '-l', lab.host().user, ...laptop.sshFlags(lab.host()), ...DEADLINES];
    const begin = performance.now();
    const told = await ask(laptop, argv);
    expect(performance.now() - begin).toBeLessThan(TOTAL_MS + GRACE_MS);
    expect(told.document.outcomes.map(({ host }) => host)).toEqual(names);
    expect(findMistold(told, faulty, laptop)).toEqual([]);
    expect(told.document.outcomes.filter((_, index) => index % 2 === 1 && !_.ok)).toEqual([]);
    expect(told.exitCode).toBe(1);
  });
});

function findMistold({ document }: Told, faulty: readonly Faulty[], { destination }: Laptop): unknown[] {
  return faulty.flatMap(({ host, told }) => {
    const name = destination(host);
    const { ok, error } = document.outcomes.find((outcome) => outcome.host === name) ?? {};
    const code = error?.code ?? (ok === true ? 'ok' : 'failed');
    return told.split(' ').includes(code) ? [] : [{ alias: host.alias, told, code, error }];
  });
}

/** Of the ways in which links break, fall silent, drip or garble, which have a test of their own, one or two each. */
const CHOSEN =
  /^(close|reset|mute)-(behind-the-banner|in-the-answer)$|^(half|garbage)-(in-authentication|in-the-answer)$|^mute-request-in-the-script$|^(preamble|slow-line|dripped)$/;

async function openHoles(): Promise<Faulty[]> {
  const conversation = await measureConversation(lab.host(), ['status']);
  const holes = Object.values(HOLES)
    .flatMap((build) => build(conversation))
    .filter(({ name }) => CHOSEN.test(name));
  expect(holes).toHaveLength(14);
  return Promise.all(
    holes.map(async ({ name, faults, told }) => {
      const proxy = await startTcpProxy(lab.host());
      onTestFinished(() => proxy.stop());
      proxy.spoil(faults);
      return { host: varyHost(lab.host(), { alias: name, port: proxy.port }), told };
    }),
  );
}

/** Addresses behind which there is no sshd. */
async function spoilAddresses(): Promise<Faulty[]> {
  const web = (socket: Socket) => socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
  const vary = (alias: string, port: number) => varyHost(lab.host(), { alias, port });
  // Too long for a label of the DNS, so that nobody is asked.
  const nowhere = varyHost(lab.host(), { alias: 'nowhere', address: `${'x'.repeat(64)}.example` });
  return [
    { host: vary('refuses', await findFreePort()), told: 'E_CONNECT_REFUSED' },
    { host: vary('drops', await listenAndDrop()), told: 'E_CONNECT_TIMEOUT' },
    { host: vary('page', await listen(web)), told: 'E_NOT_SSH' },
    { host: vary('mute', await listen(() => undefined)), told: 'E_CONNECT_TIMEOUT' },
    { host: nowhere, told: 'E_RESOLVE' },
  ];
}

const LISTEN = `const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 },
  () => console.log(server.address().port));`;

/** Opens a port whose queue is full and which nobody serves: what else comes is dropped without a word. */
async function listenAndDrop(): Promise<number> {
  const child: ChildProcess = spawn(process.execPath, ['-e', LISTEN], { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = child.stdout === null ? [''] : ((await once(child.stdout, 'data')) as [Buffer]);
  child.kill('SIGSTOP');
  const port = Number(String(line).trim());
  for (let waiting = 0; waiting < 3; waiting++) {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    onTestFinished(() => void socket.destroy());
  }
  return port;
}

/** Hosts that are up, and that this laptop must not or may not log in to: their keys are what {@link spoilKnownHosts} makes of them. */
async function openStrangers(): Promise<Faulty[]> {
  const open = async (alias: string, told: string): Promise<Faulty> => {
    const proxy = await startTcpProxy(lab.host());
    onTestFinished(() => proxy.stop());
    return { host: varyHost(lab.host(), { alias, port: proxy.port }), told };
  };
  return [
    await open('unknown-key', 'E_HOST_KEY_UNKNOWN'),
    await open('changed-key', 'E_HOST_KEY_CHANGED'),
    await open('revoked-key', 'E_HOST_KEY_REVOKED'),
    { host: varyHost(lab.host(), { alias: 'no-login', user: 'nobody-of-that-name' }), told: 'E_AUTH' },
  ];
}

async function spoilKnownHosts({ knownHosts }: Laptop, hosts: readonly TestHost[]): Promise<void> {
  const keys = hosts.flatMap((host) => {
    const name = formatKnownHostName(host);
    const [key = ''] = host.hostKeys;
    if (host.alias === 'unknown-key') return [];
    if (host.alias === 'changed-key') return [`${name} ${generateKeyPair().publicKey}`];
    return [`${host.alias === 'revoked-key' ? '@revoked ' : ''}${name} ${key}`];
  });
  await writeFile(knownHosts, `${keys.join('\n')}\n`);
}
