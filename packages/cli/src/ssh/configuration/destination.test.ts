import { describe, expect, test } from 'vitest';
import { checkTarget, parseJumpChain } from './destination.js';

const ODD = [
  '',
  '-oProxyCommand=id',
  '$(id)',
  '`id`',
  'a;b',
  'a b',
  'a\nb',
  'a\rb',
  'a\0b',
  '%h',
  'a%20b',
  'a|b',
  '\u202eevil',
];

describe('a target', () => {
  test.each(ODD)('with the host %j is refused', (destination) => {
    expect(() => checkTarget({ name: 'x', destination })).toThrow(expect.objectContaining({ code: 'E_USAGE' }));
  });

  test.each(ODD)('with the user %j is refused', (user) => {
    expect(() => checkTarget({ name: 'x', destination: 'web1', user })).toThrow(
      expect.objectContaining({ code: 'E_USAGE' }),
    );
  });

  test.each([0, 65_536, 1.5, -1, Number.NaN])('with the port %d is refused', (port) => {
    expect(() => checkTarget({ name: 'x', destination: 'web1', port })).toThrow(
      expect.objectContaining({ code: 'E_USAGE' }),
    );
  });

  test.each(['web1', 'web-1.example.com', '192.0.2.1', '2001:db8::1', 'büro.example', 'my_host'])(
    '%s is taken',
    (name) => {
      expect(() => checkTarget({ name, destination: name, user: 'CORP\\deploy', port: 65_535 })).not.toThrow();
    },
  );
});

describe('a jump chain', () => {
  test('is read from the nearest hop to the farthest', () => {
    expect(parseJumpChain('one,deploy@two:2222, ssh://root@[2001:db8::1]:22/ ,2001:db8::2')).toEqual([
      { name: 'one', destination: 'one' },
      { name: 'deploy@two:2222', destination: 'two', user: 'deploy', port: 2222 },
      { name: 'ssh://root@[2001:db8::1]:22/', destination: '2001:db8::1', user: 'root', port: 22 },
      { name: '2001:db8::2', destination: '2001:db8::2' },
    ]);
  });

  test.each(['', 'none', 'None'])('%j has no hop', (text) => {
    expect(parseJumpChain(text)).toEqual([]);
  });

  test.each(['one,', 'one:0', 'one:0x16', 'one:22abc', 'a b', '-oFoo', 'one,$(id)', '@one', 'one:'])(
    '%j is refused',
    (text) => {
      expect(() => parseJumpChain(text)).toThrow(expect.objectContaining({ code: 'E_USAGE' }));
    },
  );
});
