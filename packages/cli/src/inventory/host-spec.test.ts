import { expect, test } from 'vitest';
import { formatHostName, parseHostAddress, parseHostSpec, parseHostUser } from './host-spec.js';

test.each([
  ['web1', { destination: 'web1' }],
  ['web-1.example.com', { destination: 'web-1.example.com' }],
  ['my_alias', { destination: 'my_alias' }],
  ['12', { destination: '12' }],
  ['example.com.', { destination: 'example.com.' }],
  ['deploy@web1', { destination: 'web1', user: 'deploy' }],
  ['web1:2222', { destination: 'web1', port: 2222 }],
  ['deploy@web1:65535', { destination: 'web1', user: 'deploy', port: 65_535 }],
  ['jane@corp.example@web1', { destination: 'web1', user: 'jane@corp.example' }],
  ['CORP\\jane@web1', { destination: 'web1', user: 'CORP\\jane' }],
  ['192.0.2.1', { destination: '192.0.2.1' }],
  ['root@192.0.2.1:22', { destination: '192.0.2.1', user: 'root', port: 22 }],
  ['::1', { destination: '::1' }],
  ['[::1]', { destination: '::1' }],
  ['[::1]:22', { destination: '::1', port: 22 }],
  ['root@2001:db8::1', { destination: '2001:db8::1', user: 'root' }],
  ['root@[2001:db8::1]:2222', { destination: '2001:db8::1', user: 'root', port: 2222 }],
  ['bücher.example', { destination: 'xn--bcher-kva.example' }],
  ['bu\u0308cher.example', { destination: 'xn--bcher-kva.example' }],
  ['root@日本.jp:22', { destination: 'xn--wgv71a.jp', user: 'root', port: 22 }],
])('reads %j', (word, target) => {
  expect(parseHostSpec(word)).toStrictEqual({ name: word, ...target });
});

test.each([
  '',
  '-web1',
  '-oProxyCommand=touch /tmp/x',
  'root@-oProxyCommand=x',
  '-l@web1',
  '$(id)',
  'web$(id)',
  '`id`',
  'web1;id',
  'web1\n',
  'web1\r\n',
  'we\nb1',
  'web1\0',
  'web1\x1b[31m',
  'web%h',
  '%h@web1',
  'web 1',
  ' web1',
  'web1 ',
  'web1\t',
  'web\u00a01',
  '\u202eweb1',
  'we\u200bb1',
  'web１',
  '１２７.０.０.１',
  'we／b',
  '@web1',
  'root@',
  'a;b@web1',
  'a b@web1',
  '$(id)@web1',
  'röot@web1',
  '.',
  '..',
  'a..b',
  '.web',
  '256.1.1.1',
  '1.2.3',
  'a'.repeat(254),
  `${'ü'.repeat(70)}.example`,
  'web1/x',
  'web1,web2',
  'web[1-3]',
  'ssh://web1',
  '[web1]:22',
  '[::1',
  '::1]',
  '[::1]22',
  '[::1]x:22',
  '[[::1]]',
  '[]',
  'fe80::1%eth0',
  '[fe80::1%eth0]:22',
  '::g',
  'web1:22:23',
])('refuses the host %j', (word) => {
  expect(() => parseHostSpec(word)).toThrow(expect.objectContaining({ code: 'E_USAGE' }));
});

test.each(['', '0', '65536', '22abc', '0x16', '1e2', ' 22', '22 ', '٢٢', '２２', '-22', '+22', '022'])(
  'refuses the port %j',
  (port) => {
    for (const word of [`web1:${port}`, `[::1]:${port}`]) {
      expect(() => parseHostSpec(word)).toThrow(
        expect.objectContaining({
          code: 'E_USAGE',
          details: { hint: 'a port is a decimal number from 1 to 65535' },
        }),
      );
    }
  },
);

test('names the broken rule and shows the word escaped', () => {
  expect(() => parseHostSpec('-oProxyCommand=x')).toThrow(
    '"-oProxyCommand=x" is not a host: a name does not begin with "-"',
  );
  expect(() => parseHostSpec('a\u202e\x1b\n')).toThrow('"a\\u{202e}\\x1b\\n" is not a host: a name is letters, digits');
  expect(() => parseHostSpec('1.2.3.400')).toThrow('it is not an IPv4 address');
  expect(() => parseHostSpec('[x]:22')).toThrow('brackets hold an IPv6 address');
});

test('checks a user and an address by themselves', () => {
  expect(parseHostUser('deploy')).toBe('deploy');
  expect(parseHostAddress('::1')).toBe('::1');
  expect(() => parseHostUser('-x')).toThrow('"-x" is not a user name');
  expect(() => parseHostAddress('web1:22')).toThrow('is not a host');
  expect(() => parseHostAddress('root@web1')).toThrow('is not a host');
});

test.each([
  ['web1', 'web1'],
  ['root@[::1]:22', 'root@[::1]:22'],
  ['bücher.example', 'xn--bcher-kva.example'],
  ['root@bücher.example:22', 'root@xn--bcher-kva.example:22'],
])('shows %j to people as %j', (name, shown) => {
  expect(formatHostName(name)).toBe(shown);
});
