import { expect, test } from 'vitest';
import { expandHostLists, expandHostWords } from './host-ranges.js';

// What nodeset 1.9.1 (ClusterShell) prints for the same words, where it takes them.
test.each([
  ['web1', 'web1'],
  ['web1,web2', 'web1 web2'],
  ['web[1-3,7]', 'web1 web2 web3 web7'],
  ['web[08-11]', 'web08 web09 web10 web11'],
  ['web[098-101]', 'web098 web099 web100 web101'],
  ['web[9-11]', 'web9 web10 web11'],
  ['web[0]', 'web0'],
  ['web[5-5]', 'web5'],
  ['r[1-2]n[3-4]', 'r1n3 r1n4 r2n3 r2n4'],
  ['r[1-2]n[01-02].example.com,db', 'r1n01.example.com r1n02.example.com r2n01.example.com r2n02.example.com db'],
  ['[1-2]', '1 2'],
])('expands %j', (text, words) => {
  expect(expandHostWords(text)).toEqual(words.split(' '));
});

test('keeps the order as written, and repeats', () => {
  expect(expandHostWords('web[7,1-2],web1')).toEqual(['web7', 'web1', 'web2', 'web1']);
});

test('takes users and ports along, and leaves IPv6 addresses alone', () => {
  expect(expandHostWords('deploy@web[1-2]:2222,[::1]:22,root@[2001:db8::1],web:[8-9]')).toEqual([
    'deploy@web1:2222',
    'deploy@web2:2222',
    '[::1]:22',
    'root@[2001:db8::1]',
    'web:8',
    'web:9',
  ]);
});

test.each([
  ['', 'a host word is empty'],
  [',web1', 'a host word is empty'],
  ['web1,', 'a host word is empty'],
  ['web1,,web2', 'a host word is empty'],
  ['web[3-1]', 'the range 3-1 runs backwards'],
  ['web[]', '"" is not a number'],
  ['web[1,]', '"" is not a number'],
  ['web[1-]', '"1-" is not a number'],
  ['web[-3]', '"-3" is not a number'],
  ['web[1-2-3]', '"1-2-3" is not a number'],
  ['web[a-c]', '"a-c" is not a number'],
  ['web[1..3]', '"1..3" is not a number'],
  ['web[ 1]', '" 1" is not a number'],
  ['web[٣]', '"\\u{663}" is not a number'],
  ['web[01-100]', 'the ends of 01-100 are padded differently'],
  ['web[1-09]', 'the ends of 1-09 are padded differently'],
  ['web[1', 'a bracket has no partner'],
  ['web1]', 'a bracket has no partner'],
  ['web[[1-2]]', 'a bracket has no partner'],
  ['web[1-100001]', 'more than 100000 hosts'],
  ['a[1-1000]b[1-1000]c[1-1000]', 'more than 100000 hosts'],
  ['web[1-60000],db[1-60000]', 'more than 100000 hosts'],
  ['web[1-999999999999]', 'more than 100000 hosts'],
  ['web[1-9999999999999]', 'at most 12 digits'],
])('refuses %j', (text, rule) => {
  expect(() => expandHostWords(text)).toThrow(
    expect.objectContaining({ code: 'E_USAGE', message: expect.stringContaining(rule) }),
  );
});

test('expands up to 100,000 hosts', () => {
  expect(expandHostWords('web[1-100000]')).toHaveLength(100_000);
});

test('several lists have one limit', () => {
  expect(expandHostLists(['web[1-2]', 'db1,web1'])).toEqual(['web1', 'web2', 'db1', 'web1']);
  expect(expandHostLists(['a[1-50000]', 'b[1-50000]'])).toHaveLength(100_000);
  expect(() => expandHostLists(Array(10_000).fill('a[1-50000]'))).toThrow('more than 100000 hosts');
});

test('more words than hosts are too many, before they are looked at', () => {
  expect(() => expandHostWords(','.repeat(200_000))).toThrow('there are more than 100000 words');
});
