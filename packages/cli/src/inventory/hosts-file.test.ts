import { expect, test } from 'vitest';
import { parseHostsFile } from './hosts-file.js';

test('reads hosts, users, comments, blank lines and ranges', () => {
  const text = `\ufeff# the web hosts
web1
  web2   deploy\t
\t
root@web3:2222  # the third
db[1-2],[::1]:22 admin\r
#web9
web4`;
  expect(parseHostsFile(text, 'hosts.txt')).toEqual([
    { word: 'web1', line: 2 },
    { word: 'web2', user: 'deploy', line: 3 },
    { word: 'root@web3:2222', line: 5 },
    { word: 'db1', user: 'admin', line: 6 },
    { word: 'db2', user: 'admin', line: 6 },
    { word: '[::1]:22', user: 'admin', line: 6 },
    { word: 'web4', line: 8 },
  ]);
});

test('an empty file has no hosts', () => {
  expect(parseHostsFile('\n# nothing\n', 'hosts.txt')).toEqual([]);
});

test('reports every bad line with its place', () => {
  const text = 'web1\nweb1 a b\nroot@web2 deploy\n-oProxyCommand=x\nweb\x1b\nweb3 -x\nweb[3-1]\nok';
  expect(() => parseHostsFile(text, 'a\nb')).toThrow(
    expect.objectContaining({
      code: 'E_USAGE',
      message: [
        'a\\nb:2: there are more than two words',
        'a\\nb:3: the user is given twice',
        'a\\nb:4: "-oProxyCommand=x" is not a host: a name does not begin with "-"',
        'a\\nb:5: "web\\x1b" is not a host: a name is letters, digits and . _ -',
        'a\\nb:6: "-x" is not a user name',
        'a\\nb:7: "web[3-1]" is not a list of hosts: the range 3-1 runs backwards',
      ].join('\n'),
    }),
  );
});

test('stops listing after twenty problems', () => {
  expect(() => parseHostsFile('-x\n'.repeat(50), 'f')).toThrow(/f:20: .*\n… and more$/);
});

test('a line that is too long is refused before it is taken apart', () => {
  expect(() => parseHostsFile(`ok\na[1${',2'.repeat(600_000)}]`, 'f')).toThrow('f:2: the line is longer than 1 MiB');
});

test('ranges of all lines have one limit', () => {
  expect(() => parseHostsFile('a[1-60000]\n'.repeat(1_000), 'f')).toThrow(
    /^f:2: with "a\[1-60000\]".* more than 100000 hosts/,
  );
});
