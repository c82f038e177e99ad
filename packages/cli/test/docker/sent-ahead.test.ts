import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateKeyPair, varyHost } from '@outlast/test-fixtures';
import { beforeEach, expect, test } from 'vitest';
import { TRANSPORTS } from '../../src/ssh/transports.js';
import { catchError, connect, connectAndRun, makeLaptop, openTransport } from '../sshd/connection-lab.js';
import { makeUser, needDocker, runAsRoot } from './docker-lab.js';

beforeEach(needDocker);

async function meetDropbear() {
  const host = varyHost(await makeUser('busybox'), { alias: 'web1' });
  const laptop = await makeLaptop([host]);
  const memoryFile = join(laptop.home, 'connections.json');
  const other = generateKeyPair();
  const identityFiles = [join(laptop.home, 'other')];
  await writeFile(identityFiles[0] ?? '', other.privateKey, { mode: 0o600 });
  const meet = async (line: string, input = '') => {
    const transport = openTransport(laptop, { memoryFile, ssh: { identityFiles } });
    try {
      return await connectAndRun(transport, 'web1', { line, input });
    } finally {
      await transport.close();
    }
  };
  await meet('true');
  const recall = async () => Object.values(JSON.parse(await readFile(memoryFile, 'utf8')).hosts)[0];
  return { host, other, meet, recall };
}

test('dropbear takes a program ahead, with as much of its input as it keeps', async () => {
  const { meet, recall } = await meetDropbear();
  expect(await recall()).toMatchObject({ server: expect.stringMatching(/^dropbear_/), ahead: 'program' });
  for (const bytes of [0, 1, 24_575, 24_576, 24_577, 500_000]) {
    const input = 'x'.repeat(bytes);
    expect(await meet('wc -c; exit 7', input)).toMatchObject({ stdout: `${bytes}\n`, exitCode: 7 });
  }
  expect(await recall()).toMatchObject({ ahead: 'program', doubts: 0 });
});

test('dropbear hangs up when it is sent a program with a key that it does not know: E_AUTH, and nothing was run', async () => {
  const { host, meet } = await meetDropbear();
  const trace = `/tmp/${host.user}`;
  await runAsRoot(host, 'rm "/home/$1/.ssh/authorized_keys"', host.user);
  expect(await catchError(meet(`touch ${trace}`))).toMatchObject({ code: 'E_AUTH' });
  expect((await host.run(`ls ${trace}`)).exitCode).not.toBe(0);
});

test('dropbear whose key was changed is reached the plain way, and soon sent programs again', async () => {
  const { host, other, meet, recall } = await meetDropbear();
  await runAsRoot(host, 'printf "%s\\n" "$2" >"/home/$1/.ssh/authorized_keys"', host.user, other.publicKey);
  expect(await meet('echo in')).toMatchObject({ stdout: 'in\n', exitCode: 0 });
  expect(await recall()).toMatchObject({ ahead: 'program', doubts: 1 });
  expect(await meet('echo in')).toMatchObject({ stdout: 'in\n', exitCode: 0 });
  expect(await recall()).toMatchObject({ ahead: 'program', doubts: 0 });
});

test.each(TRANSPORTS)(
  'dropbear runs one program right after another over one connection of the transport %s',
  async (kind) => {
    const host = varyHost(await makeUser('busybox'), { alias: 'web1' });
    const transport = openTransport(await makeLaptop([host]), { kind });
    const connection = await connect(transport, 'web1');
    for (let round = 1; round <= 40; round++) {
      const channel = await connection.exec({ line: 'exec /bin/sh -s', input: `echo ${round}\n` });
      // Its shell ends because we are gone, at the very moment at which the next one is asked for.
      expect(String((await once(channel.stdout, 'data'))[0])).toBe(`${round}\n`);
      channel.close();
    }
    await transport.close();
  },
);
