import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { formatKnownHostLine } from './append-known-host.js';
import { formatKnownHostName, judgeHostKey, lookupHostKeys, parseKnownHosts } from './known-hosts.js';

const folder = mkdtempSync(join(tmpdir(), 'outlast-known-hosts-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const hasKeygen = spawnSync('ssh-keygen', ['-?']).error === undefined;

function makeKey(seed: string, type = 'ssh-ed25519'): Buffer {
  const body = createHash('sha256').update(seed).digest();
  return Buffer.concat([Buffer.from([0, 0, 0, type.length]), Buffer.from(type), Buffer.from([0, 0, 0, 32]), body]);
}

const line = (patterns: string, key: Buffer): string => `${patterns} ssh-ed25519 ${key.toString('base64')}`;
const host = (hostname: string, port = 22, hostKeyAlias: string | null = null) => ({ hostname, port, hostKeyAlias });
const judge = (text: string, ...rest: [ReturnType<typeof host>, Buffer]) =>
  judgeHostKey(parseKnownHosts(text, 'kh').entries, ...rest);

describe('lookup', () => {
  test('agrees with ssh-keygen -F on generated entries and names', (context) => {
    if (!hasKeygen) context.skip('no ssh-keygen program on this machine');
    const names = Array.from({ length: 60 }, (_, index) => pickName(index));
    const lines = names.flatMap((name, index) => [line(pickPatterns(name, index), makeKey(String(index)))]);
    const file = join(folder, 'generated');
    writeFileSync(file, `# comment\n\n${lines.join('\n')}\nnonsense line\n`);
    const { entries, broken } = parseKnownHosts(execFileSync('cat', [file], { encoding: 'utf8' }), file);
    expect([entries.length, broken]).toEqual([lines.length, [{ file, line: lines.length + 3 }]]);
    for (const name of [...names, 'unlisted', '[web1]:22', 'WEB1'.toLowerCase()]) {
      const theirs = spawnSync('ssh-keygen', ['-f', file, '-F', name], { encoding: 'utf8' });
      const found = [...theirs.stdout.matchAll(/found: line (\d+)/g)].map((match) => Number(match[1]));
      expect(
        lookupHostKeys(entries, name).map((entry) => entry.line),
        name,
      ).toEqual(found);
    }
  });

  function pickName(index: number): string {
    const base = ['web1', 'web2', 'db.example.com', '192.0.2.7', '2001:db8::1', 'a-b_c'][index % 6] ?? '';
    return index % 4 === 0 ? `[${base}]:${2200 + (index % 5)}` : base;
  }

  function pickPatterns(name: string, index: number): string {
    const hashed = formatKnownHostLine({ name, key: makeKey('x'), hashed: true }).split(' ')[0] ?? '';
    const forms = [
      name,
      `other,${name}`,
      hashed,
      `${name.slice(0, 3)}*`,
      `*,!${name}`,
      `?${name.slice(1)}`,
      name.toUpperCase(),
    ];
    return forms[index % forms.length] ?? name;
  }

  test('takes no time on a pattern made to take long', () => {
    const entries = parseKnownHosts(line(`${'*a'.repeat(60)}b`, makeKey('x')), 'kh').entries;
    const begin = performance.now();
    expect(lookupHostKeys(entries, 'a'.repeat(250))).toEqual([]);
    expect(performance.now() - begin).toBeLessThan(100);
  });

  test('names a host by its alias, its name, or its name and port', () => {
    expect(formatKnownHostName(host('Web1'))).toBe('web1');
    expect(formatKnownHostName(host('Web1', 2222))).toBe('[web1]:2222');
    expect(formatKnownHostName(host('web1', 2222, 'Alias'))).toBe('alias');
  });
});

describe('parsing', () => {
  test.each([
    'web1',
    'web1 ssh-ed25519',
    'web1 ssh-ed25519 !!!!',
    `web1 ssh-rsa ${makeKey('x').toString('base64')}`,
    `@unknown web1 ssh-ed25519 ${makeKey('x').toString('base64')}`,
    `web1 ssh-ed25519 ${randomBytes(3).toString('base64')}`,
  ])('lists %j as broken and goes on', (damaged) => {
    const { entries, broken } = parseKnownHosts(`${damaged}\r\n${line('web1', makeKey('x'))}\r\n`, 'kh');
    expect([entries.length, broken]).toEqual([1, [{ file: 'kh', line: 1 }]]);
  });
});

describe('a presented key', () => {
  const [key, other] = [makeKey('one'), makeKey('other')];

  test('is known where any entry has it', () => {
    const text = `${line('web1', other)}\n${line('web1', key)}`;
    expect(judge(text, host('web1'), key)).toMatchObject({ state: 'known', entry: { line: 2 } });
  });

  test('is changed where only other keys are on file, of its type or another', () => {
    expect(judge(line('web1', other), host('web1'), key)).toMatchObject({ state: 'changed' });
    expect(judge(line('web1', other), host('web1'), makeKey('one', 'ssh-other25519'))).toMatchObject({
      state: 'changed',
    });
  });

  test('is revoked before all else', () => {
    const text = `${line('web1', key)}\n@revoked ${line('*', key)}`;
    expect(judge(text, host('web1'), key)).toMatchObject({ state: 'revoked', entry: { line: 2 } });
  });

  test('is vouched for on any port by an entry without one, but not proved changed by it', () => {
    expect(judge(line('web1', key), host('web1', 2222), key)).toMatchObject({ state: 'known' });
    expect(judge(line('web1', other), host('web1', 2222), key)).toEqual({ state: 'unknown', certified: false });
    expect(judge(line('web1', key), host('web1', 2222, 'alias'), key)).toMatchObject({ state: 'unknown' });
  });

  test('is unknown under a certificate authority, which it is told', () => {
    expect(judge(`@cert-authority ${line('*', key)}`, host('web1'), key)).toEqual({
      state: 'unknown',
      certified: true,
    });
  });
});
