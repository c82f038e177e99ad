import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Laptop, runProgram, type TestHost, varyHost, waitFor } from '@outlast/test-fixtures';
import { beforeEach, describe, expect, test } from 'vitest';
import { catchError, connect, listen, makeLaptop, needSshd, openTransport, run, startHost } from './connection-lab.js';

beforeEach(needSshd);

const PROGRAM = [process.execPath, fileURLToPath(new URL('../../program/outlast.js', import.meta.url))];

/** A laptop whose TMPDIR holds nothing but what the transport leaves there. */
async function makeCleanLaptop(hosts: readonly TestHost[]): Promise<{ laptop: Laptop; folder: string }> {
  const made = await makeLaptop(hosts, { program: PROGRAM });
  const folder = join(made.home, 't');
  await mkdir(folder);
  return { laptop: { ...made, env: { ...made.env, TMPDIR: folder } }, folder };
}

/** What is left: files, and processes that were told of them. */
async function findLeftovers(folder: string): Promise<string[]> {
  const { stdout } = await runProgram(['ps', '-ww', '-e', '-o', 'pid=,args=']);
  const processes = stdout.split('\n').filter((line) => line.includes(`${folder}/`));
  return [...(await readdir(folder)), ...processes];
}

async function expectNothingLeft(folder: string): Promise<void> {
  await waitFor(async () => (await findLeftovers(folder)).length === 0, {
    what: 'everything to be gone',
    evidence: async () => (await findLeftovers(folder)).join('\n'),
  });
}

describe('nothing is left behind', () => {
  test('by a connection that was closed, nor by its jump host', async () => {
    const hosts = [await startHost({ alias: 'hop' }), await startHost({ alias: 'web1', jump: 'hop' })];
    const { laptop, folder } = await makeCleanLaptop(hosts);
    const transport = openTransport(laptop, { kind: 'openssh' });
    const connection = await connect(transport, 'web1');
    expect((await run(connection, 'echo in')).stdout).toBe('in\n');
    expect((await findLeftovers(folder)).length).toBeGreaterThan(3);
    await connection.close();
    await transport.close();
    expect(await readdir(folder)).toEqual([]);
    await expectNothingLeft(folder);
  });

  test('by a connection that ended by itself', async () => {
    const host = await startHost();
    const { laptop, folder } = await makeCleanLaptop([host]);
    const connection = await connect(openTransport(laptop, { kind: 'openssh' }), 'web1');
    await host.stop();
    expect(await connection.closed).toMatchObject({ code: 'E_CONNECTION_LOST' });
    await expectNothingLeft(folder);
  });

  test('by an attempt that ran out of time, nor by its ProxyCommand', async () => {
    const { laptop, folder } = await makeCleanLaptop([await startHost()]);
    const options = [`ProxyCommand=sh -c 'trap "" HUP; echo >&2 ${folder}/; sleep 60'`];
    const transport = openTransport(laptop, { kind: 'openssh', ssh: { options } });
    expect(await catchError(connect(transport, 'web1', 1_000))).toMatchObject({ code: 'E_CONNECT_TIMEOUT' });
    await expectNothingLeft(folder);
  });

  test('by a program that was killed while it was connected', async () => {
    const hosts = [await startHost({ alias: 'hop' }), await startHost({ alias: 'web1', jump: 'hop' })];
    const { laptop, folder } = await makeCleanLaptop(hosts);
    const program = laptop.spawn(
      laptop.argvOf(['exec', '--transport', 'openssh', '-H', 'web1', '--', 'sh', '-c', 'echo begun; sleep 60']),
      { env: laptop.env },
    );
    await new Promise((resolve) => program.stdout?.once('data', resolve));
    expect((await findLeftovers(folder)).length).toBeGreaterThan(3);
    program.kill('SIGKILL');
    await expectNothingLeft(folder);
  });

  test('by a program that was killed while it was connecting', async () => {
    let dialled = false;
    const port = await listen(() => {
      dialled = true;
    });
    const { laptop, folder } = await makeCleanLaptop([varyHost(await startHost(), { port })]);
    const argv = laptop.argvOf(['exec', '--transport', 'openssh', '-H', 'web1', '--', 'true']);
    const program = laptop.spawn(argv, { env: laptop.env });
    await waitFor(() => dialled, { what: 'ssh to dial' });
    program.kill('SIGKILL');
    await expectNothingLeft(folder);
  });
});
