import { readFile, writeFile } from 'node:fs/promises';
import { formatFingerprint, formatKnownHostName, generateKeyPair, type TestHost } from '@outlast/test-fixtures';
import { describe, expect, test } from 'vitest';
import { addLaptop, ask, codesOf, useLab } from '../program-lab.js';

const lab = useLab(['web1', 'web2']);

/** What the server has seen of its clients since then, beyond that they connected. */
async function watchLog(host: TestHost): Promise<() => Promise<string>> {
  const { length } = await host.readLog();
  return async () => (await host.readLog()).slice(length);
}

const USED = /Accepted|Failed|userauth|publickey|Postponed|session/i;

describe.each([
  { what: 'unknown', code: 'E_HOST_KEY_UNKNOWN', build: () => '' },
  {
    what: 'changed',
    code: 'E_HOST_KEY_CHANGED',
    build: (host: TestHost) => `${formatKnownHostName(host)} ${generateKeyPair().publicKey}\n`,
  },
])('a host key that is $what', ({ code, build }) => {
  test('is refused before a byte of authentication, with its fingerprint and what to do', async () => {
    const host = lab.host();
    const laptop = await addLaptop([host]);
    const known = build(host);
    await writeFile(laptop.knownHosts, known);
    const readSince = await watchLog(host);
    const told = await ask(laptop, ['start', 'never', '-H', 'web1', '--', 'touch', '/tmp/never']);
    expect(told.exitCode).toBe(4);
    expect(codesOf(told)).toEqual([code]);
    const { message, hint } = told.document.outcomes[0]?.error ?? { message: '', hint: '' };
    expect(message).toContain(formatFingerprint(host.hostKeys[0] ?? ''));
    if (known !== '') expect(message).toContain(formatFingerprint(known.split(' ').slice(1).join(' ').trim()));
    expect(hint).toMatch(/ssh|known_hosts/);
    const since = await readSince();
    expect(since).toMatch(/Connection from/);
    expect(since).not.toMatch(USED);
    expect(await readFile(laptop.knownHosts, 'utf8')).toBe(known);
  });

  test('does not keep the other hosts from being asked', async () => {
    const laptop = await addLaptop([lab.host(), lab.host('web2')]);
    const second = await readFile(laptop.knownHosts, 'utf8');
    const lines = second.split('\n').filter((line) => line.startsWith(`${formatKnownHostName(lab.host('web2'))} `));
    await writeFile(laptop.knownHosts, `${build(lab.host())}${lines.join('\n')}\n`);
    const told = await ask(laptop, ['status', '-H', 'web1,web2']);
    expect(codesOf(told)).toEqual([code, 'ok']);
    expect(told.exitCode).toBe(1);
  });
});

test('broken lines of known_hosts are told on stderr, once for all hosts', async () => {
  const laptop = await addLaptop([lab.host(), lab.host('web2')]);
  const known = await readFile(laptop.knownHosts, 'utf8');
  await writeFile(laptop.knownHosts, `# comment\r\nweb9 1024 35 130249850942850\nnonsense\n${known}`);
  const told = await ask(laptop, ['status', '-H', 'web1,web2']);
  expect(codesOf(told)).toEqual(['ok', 'ok']);
  const warnings = told.stderr.split('\n').filter((line) => line.startsWith('warning: '));
  expect(warnings).toEqual([`warning: ${laptop.knownHosts}:3 is no known_hosts entry and was passed over`]);
});

test('a log of a login that is let in would show it', async () => {
  const readSince = await watchLog(lab.host());
  expect((await lab.run(['status', '-H', 'web1'])).exitCode).toBe(0);
  expect(await readSince()).toMatch(USED);
});
