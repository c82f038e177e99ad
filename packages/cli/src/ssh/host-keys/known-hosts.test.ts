import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { judgeHostKey, listKnownTypes } from './known-hosts.js';
import { parseKnownHosts } from './known-hosts-file.js';
import { indexKnownHosts } from './known-hosts-index.js';

function makeKey(seed: string, type = 'ssh-ed25519'): Buffer {
  const body = createHash('sha256').update(seed).digest();
  return Buffer.concat([Buffer.from([0, 0, 0, type.length]), Buffer.from(type), Buffer.from([0, 0, 0, 32]), body]);
}

const line = (patterns: string, key: Buffer): string => `${patterns} ssh-ed25519 ${key.toString('base64')}`;
const index = (text: string) => indexKnownHosts(parseKnownHosts(text, 'kh').entries);
const host = (hostname: string, port = 22, hostKeyAlias: string | null = null) => ({ hostname, port, hostKeyAlias });
const judge = (text: string, ...rest: [ReturnType<typeof host>, Buffer]) => judgeHostKey(index(text), ...rest);

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

  test('is refused on any port where it is revoked without one, unless that port vouches for it', () => {
    const revoked = `@revoked ${line('web1', key)}`;
    expect(judge(revoked, host('web1', 2222), key)).toMatchObject({ state: 'revoked' });
    expect(judge(`${revoked}\n${line('[web1]:2222', key)}`, host('web1', 2222), key)).toMatchObject({ state: 'known' });
    expect(judge(`@revoked ${line('web2', key)}`, host('web1'), key)).toMatchObject({ state: 'unknown' });
  });

  test('is unknown where only a line that ssh passes over speaks of the host', () => {
    const foreign = Buffer.from('\0\0\0\tssh-ed448\0\0\0\0').toString('base64');
    for (const text of [`web1 ssh-ed448 ${foreign}`, line('web1', other).slice(0, 60), 'web1 1024 35 1302498509']) {
      expect(judge(text, host('web1'), key)).toMatchObject({ state: 'unknown' });
    }
  });

  test('is unknown, and told where another host has it', () => {
    const text = `@revoked ${line('web8', key)}\n${line('web9', key)}`;
    for (const one of [host('web1'), host('web1', 2222), host('web1', 22, 'alias')]) {
      expect(judge(text, one, key)).toMatchObject({ state: 'unknown', twin: { line: 2 } });
    }
    expect(judge(text, host('web1'), other)).toMatchObject({ state: 'unknown', twin: undefined });
  });

  test('is unknown under a certificate authority, which it is told', () => {
    expect(judge(`@cert-authority ${line('*', key)}`, host('web1'), key)).toEqual({
      state: 'unknown',
      certified: true,
    });
  });
});

describe('the types to ask for first', () => {
  const ed25519 = line('[web1]:2222', makeKey('one'));
  const point = '\0\0\0\x13ecdsa-sha2-nistp256\0\0\0\bnistp256\0\0\0\x01p';
  const ecdsa = `[web*]:* ecdsa-sha2-nistp256 ${Buffer.from(point).toString('base64')}`;
  const list = (...lines: string[]) => listKnownTypes(index(lines.join('\n')), host('web1', 2222));

  test('are those on file for the very name, each once', () => {
    expect(list(ecdsa, ed25519, line('[web1]:2222', makeKey('other')))).toEqual(['ecdsa-sha2-nistp256', 'ssh-ed25519']);
    expect(list(line('web1', makeKey('one')), `@cert-authority ${ecdsa}`)).toEqual([]);
  });

  test('leave out the type whose key is revoked', () => {
    expect(list(ed25519, ecdsa, `@revoked ${line('*', makeKey('one'))}`)).toEqual(['ecdsa-sha2-nistp256']);
    expect(list(ed25519, ecdsa, `@revoked ${line('other', makeKey('one'))}`)).toHaveLength(2);
  });
});
