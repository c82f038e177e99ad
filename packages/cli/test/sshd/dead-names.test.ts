import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Laptop, varyHost } from '@outlast/test-fixtures';
import { expect, onTestFinished, type TestContext, test } from 'vitest';
import { readDocument } from '../document-schema.js';
import { addLaptop, useLab } from '../program-lab.js';

// As it is installed: the launcher sizes the pool of threads.
const PROGRAM = fileURLToPath(new URL('../../bin/outlast.mjs', import.meta.url));
const MUTE_DNS = '127.0.0.99';
const IN_NAMESPACE = 'mount --bind "$0" /etc/resolv.conf && exec "$@"';

const lab = useLab(['web1']);

/** Starts a DNS server that never answers; skips the test where that, or a resolv.conf of its own, is not allowed. */
async function startMuteDns(context: TestContext): Promise<void> {
  try {
    execFileSync('unshare', ['-m', 'sh', '-c', IN_NAMESPACE, '/dev/null', 'true'], { stdio: 'pipe' });
    const socket = createSocket('udp4').bind(53, MUTE_DNS);
    onTestFinished(() => void socket.close());
    await once(socket, 'listening');
  } catch (error) {
    context.skip(`only root has a resolv.conf and a DNS server of its own: ${(error as Error).message}`);
  }
}

/** Runs the program where that DNS server is asked. */
async function askBesideDeadNames(laptop: Laptop, flags: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const resolvConf = join(laptop.home, 'resolv.conf');
  await writeFile(resolvConf, `nameserver ${MUTE_DNS}\n`);
  const words = [PROGRAM, 'exec', '--json', '-F', laptop.sshConfig, '--connect-timeout', '4s', ...flags];
  const argv = ['unshare', '-m', 'sh', '-c', IN_NAMESPACE, resolvConf, ...words, '--', 'echo', 'in'];
  const { stdout } = await laptop.run(argv, { env });
  return readDocument('exec', stdout).outcomes.map(({ host, ok, error }) => [host, error?.code ?? ok]);
}

test('a host is reached while all others have names that nobody answers for', async (context) => {
  await startMuteDns(context);
  const laptop = await addLaptop([varyHost(lab.host(), { address: 'localhost' })]);
  const told = await askBesideDeadNames(laptop, ['-H', 'dead[1-63].example.test,web1', '-P', '64']);
  expect(told.filter(([, code]) => code !== 'E_CONNECT_TIMEOUT')).toEqual([['web1', true]]);
  expect(told).toHaveLength(64);
});

test('a host with an address needs no thread that looks up names', async (context) => {
  await startMuteDns(context);
  const told = await askBesideDeadNames(lab.laptop, ['-H', 'dead[1-4].example.test,web1'], { UV_THREADPOOL_SIZE: '2' });
  expect(told.at(-1)).toEqual(['web1', true]);
});

test.each([
  ['256 threads, unless somebody has said how many', {}, 256, undefined],
  ['as many threads as somebody has said', { UV_THREADPOOL_SIZE: '7' }, 7, '7'],
])('the program has %s, and hands on only what was said', async (_what, env, threads, handedOn) => {
  const { laptop } = lab;
  const look = join(laptop.home, 'look.sh');
  // The shell is the ProxyCommand itself, and its parent the program.
  await writeFile(look, 'env >env.seen\nls "/proc/$PPID/task" | wc -l >threads.seen\n');
  const flags = ['-F', laptop.sshConfig, '-H', 'web1', '-o', `ProxyCommand=sh ${look}`];
  await laptop.run([PROGRAM, 'exec', ...flags, '--', 'true'], { env });
  const seen = new Map(
    readFileSync(join(laptop.home, 'env.seen'), 'utf8')
      .split('\n')
      .map((line) => line.split('=') as [string, string]),
  );
  expect(seen.get('UV_THREADPOOL_SIZE')).toBe(handedOn);
  expect([...seen.keys()].filter((name) => name.startsWith('OUTLAST_'))).toEqual([]);
  const counted = Number(await readFile(join(laptop.home, 'threads.seen'), 'utf8'));
  // Node has a few more for itself.
  expect(counted - threads).toBeGreaterThan(0);
  expect(counted - threads).toBeLessThan(20);
});
