import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { matchesWildcard } from '../configuration/wildcard.js';
import { formatKnownHostName, hashName, isSoundNameField, matchesName } from './known-hosts-name.js';

const bytes = (text: string): string => Buffer.from(text).toString('latin1');

test('a host is filed under its alias, its name, or its name and port', () => {
  const host = { hostname: 'Web1', port: 22, hostKeyAlias: null };
  expect(formatKnownHostName(host)).toBe('web1');
  expect(formatKnownHostName({ ...host, port: 2222 })).toBe('[web1]:2222');
  expect(formatKnownHostName({ ...host, port: 2222, hostKeyAlias: 'Alias' })).toBe('alias');
  expect(formatKnownHostName({ ...host, hostname: 'BÜCHER.example' })).toBe('bÜcher.example');
});

test.each([
  ['web1', 'web1', true],
  ['WEB1', 'web1', true],
  ['web', 'web1', false],
  ['db1,web1', 'web1', true],
  ['web?', 'web1', true],
  ['w*b*', 'web1', true],
  ['web1*', 'web1', true],
  ['*,!web1', 'web1', false],
  ['!web1,*', 'web1', false],
  ['!web2', 'web1', false],
  ['!!web1,web1', 'web1', true],
  ['web1', '[web1]:2222', false],
  ['[web?]:*', '[web1]:2222', true],
  ['*', '[web1]:2222', true],
  ['b??cher', 'bücher', true],
  ['b?cher', 'bücher', false],
  ['BÜCHER', 'bücher', false],
  [`${'a'.repeat(1_022)},web1`, 'web1', true],
  [`${'a'.repeat(1_023)},web1`, 'web1', false],
])('%s speaks of %s: %s', (field, name, expected) => {
  expect(matchesName(bytes(field), name)).toBe(expected);
});

test('a hashed name is that name and no other', () => {
  const field = hashName('[bücher]:2222', randomBytes(20));
  expect(isSoundNameField(field)).toBe(true);
  expect(matchesName(field, '[bücher]:2222')).toBe(true);
  expect(matchesName(field, 'bücher')).toBe(false);
});

test.each(['|1|AAAA|BBBB', '|2|AAAA|BBBB', `${hashName('web1', Buffer.alloc(20))},web1`])('%s is no name', (field) => {
  expect(isSoundNameField(field)).toBe(false);
});

test('a pattern made to take long takes as many steps again for each byte of a name, and no more', () => {
  const pattern = `${'*a'.repeat(60)}b`;
  expect(matchesName(pattern, 'a'.repeat(250))).toBe(false);
  expect(countSteps(pattern, 2_500)).toBeLessThan(11 * countSteps(pattern, 250));
});

/** How often the pattern looks at a name of so many bytes. */
function countSteps(pattern: string, length: number): number {
  let steps = 0;
  const count = (name: string, at: string | symbol): unknown => {
    if (++steps > 1_000_000) throw new Error('it has no end');
    return Reflect.get(Object(name), at);
  };
  const name = new Proxy(Object('a'.repeat(length)), { get: count }) as string;
  expect(matchesWildcard(pattern, name)).toBe(false);
  return steps;
}
