import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { canStartProcessSshd, type Laptop, startProcessSshd, type TestHost, varyHost } from '@outlast/test-fixtures';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readDocument } from '../document-schema.js';
import { addLaptop } from '../program-lab.js';

/** A network of its own, in which an sshd may listen on all loopback addresses and is heard by nobody else. */
const NETWORK = ['unshare', '-n', 'busybox', 'sh', '-c', 'ifconfig lo up && echo up && exec sleep 86400'];
const RANGE = '127.0.[0-3].[2-16]';
const ADDRESSES = [0, 1, 2, 3].flatMap((third) =>
  Array.from({ length: 15 }, (_, index) => `127.0.${third}.${index + 2}`),
);

let network: ChildProcess | undefined;
let host: TestHost | undefined;
let missing: string | undefined;

beforeAll(async () => {
  missing = await canStartProcessSshd();
  if (missing !== undefined) return;
  network = spawn(NETWORK[0] ?? '', NETWORK.slice(1), { stdio: ['ignore', 'pipe', 'ignore'] });
  network.on('error', () => undefined);
  const isUp = await Promise.race([
    once(network.stdout ?? network, 'data'),
    once(network, 'close').then(() => undefined),
  ]);
  if (isUp === undefined) {
    missing = 'no network of its own: that takes root, unshare of util-linux and busybox';
    return;
  }
  const port = 2222;
  const config = [`ListenAddress 0.0.0.0:${port}`, 'KexAlgorithms curve25519-sha256'];
  host = await startProcessSshd({ alias: 'any', port, config, launcher: enter() });
});
afterAll(async () => {
  await host?.stop();
  network?.kill('SIGKILL');
});
beforeEach((context) => {
  if (missing !== undefined) context.skip(missing);
});

const enter = () => ['nsenter', `--net=/proc/${network?.pid}/ns/net`];

function makeLaptop(any: TestHost): Promise<Laptop> {
  return addLaptop(ADDRESSES.map((address) => varyHost(any, { alias: `at-${address}`, address })));
}

describe('one sshd on many loopback addresses', () => {
  test.each([
    ['as many at the same time as suit the machine', 20_000],
    ['fewer, where few files may be open', 80],
  ])('is as many hosts, each reached at its own address: %s', async (_what, openFiles) => {
    if (host === undefined) throw new Error('the host is not there');
    const laptop = await makeLaptop(host);
    const flags = ['-o', `Port=${host.port}`, ...laptop.sshFlags(host), '-H', RANGE, '--json'];
    const argv = laptop.argvOf(['exec', ...flags, '--', 'sh', '-c', 'echo "$SSH_CONNECTION"']);
    const limit = ['sh', '-c', `ulimit -n ${openFiles} && exec "$@"`, 'sh'];
    const { stdout, exitCode } = await laptop.run([...enter(), ...limit, ...argv]);
    const { outcomes } = readDocument('exec', stdout);
    expect(outcomes.filter(({ error }) => error !== undefined)).toEqual([]);
    expect(outcomes.map((outcome) => outcome.host)).toEqual(ADDRESSES);
    expect(outcomes.map(({ stdout: said }) => String(said).split(' ')[2])).toEqual(ADDRESSES);
    expect(exitCode).toBe(0);
  });
});
