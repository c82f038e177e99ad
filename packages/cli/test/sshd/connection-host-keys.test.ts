import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { formatKnownHostName, runOrThrow, type TestHost } from '@outlast/test-fixtures';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  buildPerson,
  catchError,
  connect,
  makeLaptop,
  needSshd,
  openTransport,
  run,
  startHost,
} from './connection-lab.js';

// What both transports have to keep to stands in transport-conformance.test.ts, and how a known_hosts file is read in
// known-hosts-judge.test.ts; this is what ssh2 adds to it.
beforeEach(needSshd);
afterEach(() => void vi.useRealTimers());

async function meet(knownHosts: (host: TestHost) => string) {
  const host = await startHost({ hostKeyTypes: ['ed25519', 'ecdsa'] });
  const laptop = await makeLaptop([host]);
  await writeFile(laptop.knownHosts, knownHosts(host));
  return { host, laptop };
}

describe('an unknown host key', () => {
  test('is not asked about with StrictHostKeyChecking yes or BatchMode', async () => {
    const { laptop } = await meet(() => '');
    for (const option of ['StrictHostKeyChecking=yes', 'BatchMode=yes']) {
      const person = buildPerson({ confirm: true });
      const transport = openTransport(laptop, { prompter: person, ssh: { options: [option] } });
      expect(await catchError(connect(transport, 'web1'))).toMatchObject({ code: 'E_HOST_KEY_UNKNOWN' });
      expect(person.questions).toEqual([]);
    }
  });

  test('is added without a question with accept-new, once, hashed where the configuration says so', async () => {
    const { host, laptop } = await meet(() => 'other.example ssh-ed25519 broken');
    await chmod(laptop.knownHosts, 0o640);
    const options = ['StrictHostKeyChecking=accept-new', 'HashKnownHosts=yes'];
    const transport = openTransport(laptop, { ssh: { options } });
    await Promise.all([connect(transport, 'web1'), connect(transport, 'web1')]);
    const lines = (await readFile(laptop.knownHosts, 'utf8')).split('\n');
    expect(lines).toEqual(['other.example ssh-ed25519 broken', expect.stringMatching(/^\|1\|/), '']);
    expect((await stat(laptop.knownHosts)).mode & 0o777).toBe(0o640);
    const found = await runOrThrow(['ssh-keygen', '-f', laptop.knownHosts, '-F', formatKnownHostName(host)]);
    expect(found).toContain('ssh-ed25519');
    await connect(openTransport(laptop), 'web1');
  });

  test('waits for the answer even when it takes longer than the connect timeout', async () => {
    const { laptop } = await meet(() => '');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] });
    const confirm = async () => {
      await vi.advanceTimersByTimeAsync(60_000);
      return true;
    };
    const transport = openTransport(laptop, { prompter: { ...buildPerson({}), confirm } });
    const connection = await connect(transport, 'web1', 800);
    vi.useRealTimers();
    expect((await run(connection, 'echo in')).stdout).toBe('in\n');
  });
});

test('the key type that is on file is the one that is asked for', async () => {
  const { laptop } = await meet((host) => `${formatKnownHostName(host)} ${host.hostKeys[1]}\n`);
  expect((await run(await connect(openTransport(laptop), 'web1'), 'echo in')).stdout).toBe('in\n');
});
