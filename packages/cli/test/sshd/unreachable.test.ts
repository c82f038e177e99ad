import type { Socket } from 'node:net';
import { findFreePort, generateKeyPair, varyHost } from '@outlast/test-fixtures';
import { describe, expect, test } from 'vitest';
import { addLaptop, ask, codesOf, shell, useLab } from '../program-lab.js';
import { listen } from './connection-lab.js';

const lab = useLab(['web1']);

const web = (socket: Socket) => socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
const mute = () => undefined;

describe.each([
  ['nobody listens', 'E_CONNECT_REFUSED', () => findFreePort()],
  ['it is a web server', 'E_NOT_SSH', () => listen(web)],
  ['it accepts and stays mute', 'E_CONNECT_TIMEOUT', () => listen(mute)],
])('where %s', (_what, code, open) => {
  test('each verb says so within the deadline, does the other host, and shows no stack', async () => {
    const bad = varyHost(lab.host(), { alias: 'bad', port: await open() });
    const laptop = await addLaptop([lab.host(), bad]);
    const begin = performance.now();
    const told = await ask(laptop, ['exec', '-H', 'bad,web1', '--connect-timeout', '2s', ...shell('echo fine')]);
    expect(performance.now() - begin).toBeLessThan(10_000);
    expect(codesOf(told)).toEqual([code, 'ok']);
    expect(told.document.outcomes[0]?.error?.hint).toMatch(/\w/);
    expect(told.document.outcomes[1]?.stdout).toBe('fine\n');
    expect(told.exitCode).toBe(1);
    const words = await laptop.outlast(['start', 'app', '-H', 'bad', '--connect-timeout', '1s', '--', 'sleep', '600']);
    expect(words.exitCode).toBe(4);
    expect(words.stdout).toBe('');
    expect(words.stderr).toMatch(new RegExp(`^bad +${code} +\\S.*\\n +→ \\S`));
    expect(words.stderr).not.toMatch(/^ +at |Safe to disconnect/m);
  });
});

test('a name without an address is E_RESOLVE', async () => {
  // Too long for a label of the DNS, so that nobody is asked.
  const typo = varyHost(lab.host(), { alias: 'typo', address: `${'x'.repeat(64)}.example` });
  const told = await ask(await addLaptop([typo]), ['status', '-H', 'typo']);
  expect([told.exitCode, codesOf(told)]).toEqual([4, ['E_RESOLVE']]);
});

test('a key that the host does not know is E_AUTH, asked once, with what was tried', async () => {
  const laptop = await addLaptop([lab.host()], { clientKey: generateKeyPair() });
  const told = await ask(laptop, ['start', 'app', '-H', 'web1', '--', 'sleep', '600']);
  expect([told.exitCode, codesOf(told)]).toEqual([4, ['E_AUTH']]);
  expect(told.stderr).not.toMatch(/^ +at /m);
  expect((await lab.ask(['status', 'app', '-H', 'web1'])).exitCode).toBe(3);
});

test('a user whom the host does not let in is E_AUTH', async () => {
  const told = await lab.ask(['status', '-H', 'nobody-of-this-name@web1']);
  expect([told.exitCode, codesOf(told)]).toEqual([4, ['E_AUTH']]);
});

describe('--timeout ends all that is done with a host', () => {
  test('and what had begun is then not known', async () => {
    const begin = performance.now();
    const told = await lab.ask(['exec', '-H', 'web1', '--timeout', '1500ms', '--', 'sleep', '600']);
    expect(performance.now() - begin).toBeLessThan(8_000);
    expect(told.exitCode).toBe(1);
    expect(told.document.outcomes[0]).toMatchObject({
      ok: null,
      error: { code: 'E_UNKNOWN_RESULT', hint: expect.stringMatching(/outlast find PATTERN$/) },
    });
  });

  test('and what only reads has failed', async () => {
    await lab.run(['start', 'long', '-H', 'web1', '--settle', '100ms', '--', 'sleep', '600']);
    const told = await lab.ask(['wait', 'long', '-H', 'web1', '--timeout', '1500ms']);
    expect(told.exitCode).toBe(124);
    expect(told.document.outcomes[0]).toMatchObject({ ok: false, error: { code: 'E_TIMEOUT' } });
  });
});

test('an ssh configuration that cannot be read is told by its name', async () => {
  const result = await lab.run(['status', '-F', '/no/such/config', '-H', 'web1']);
  expect(result.exitCode).not.toBe(0);
  expect(result.stderr).toMatch(/no\/such\/config/);
  expect(result.stderr).not.toMatch(/^ +at /m);
});
