import { describe, expect, test } from 'vitest';
import { foldHosts } from './fold-hosts.js';

describe('host names fold into ranges', () => {
  test.each([
    [['web1', 'web2', 'web3', 'web7'], ['web[1-3,7]']],
    [
      ['web7', 'web2', 'db', 'web1'],
      ['web[1-2,7]', 'db'],
    ],
    [['web01', 'web02', 'web10'], ['web[01-02,10]']],
    [['web8', 'web9', 'web10'], ['web[8-10]']],
    [['web9', 'web10', 'web09', 'web08'], ['web[9,08-10]']],
    [['web1.eu.example', 'web2.eu.example'], ['web[1-2].eu.example']],
    [
      ['10.0.0.1', '10.0.0.2', '10.0.1.1'],
      ['10.0.0.[1-2]', '10.0.1.1'],
    ],
    [
      ['r1n1', 'r1n2', 'r2n1', 'r2n2'],
      ['r1n[1-2]', 'r2n[1-2]'],
    ],
    [
      ['r1-eu', 'r2-eu', 'r2-us'],
      ['r[1-2]-eu', 'r2-us'],
    ],
    [['a1@web1:22', 'a1@web2:22'], ['a1@web[1-2]:22']],
    [['web1', 'web1'], ['web1']],
    [[], []],
  ])('%j', (hosts, folded) => {
    expect(foldHosts(hosts)).toEqual(folded);
  });

  test.each([
    [['web1:2201', 'web1:2202']],
    [['fe80::1', 'fe80::2']],
    [['[::1]:22', '[::1]:23']],
    [['u1@web', 'u2@web']],
  ])('ports, users and IPv6 addresses stay apart: %j', (hosts) => {
    expect(foldHosts(hosts)).toEqual(hosts);
  });

  test('folding and expanding again gives the same names', () => {
    const hosts = ['n001', 'n002', 'n099', 'n100', 'n7', 'n8', 'n1000', 'x', 'rack2-n1', 'rack2-n2', 'rack3-n1'];
    expect(foldHosts(hosts).flatMap(expandRange).sort()).toEqual([...hosts].sort());
  });

  test('ten thousand hosts fold at once', () => {
    const hosts = Array.from({ length: 10_000 }, (_, index) => `web${String(index).padStart(5, '0')}.example`);
    expect(foldHosts(hosts)).toEqual(['web[00000-09999].example']);
  });
});

function expandRange(text: string): string[] {
  const [, before = '', list, after = ''] = /^(.*)\[(.*)\](.*)$/.exec(text) ?? [];
  if (list === undefined) return [text];
  return list.split(',').flatMap((part) => {
    const [first = '', last = first] = part.split('-');
    const count = Number(last) - Number(first) + 1;
    const width = first.startsWith('0') ? first.length : 0;
    return Array.from({ length: count }, (_, at) => before + String(Number(first) + at).padStart(width, '0') + after);
  });
}
