import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { quoteWord } from './quote.js';

test.each(['a', 'A-b_c.d/e:f@g,h+i', '/usr/bin/env', '-rf', '10%'])('leaves %j as it is', (word) => {
  expect(quoteWord(word)).toBe(word);
});

test.each([
  ['', "''"],
  ['a b', "'a b'"],
  ["it's", "'it'\\''s'"],
  ['~', "'~'"],
  ['A=b', "'A=b'"],
  ['%1', "'%1'"],
  ['*', "'*'"],
  ['!', "'!'"],
  ['{a,b}', "'{a,b}'"],
])('quotes %j', (word, quoted) => {
  expect(quoteWord(word)).toBe(quoted);
});

test.each(['\0', 'a\0b', '\ud83d', '\ude80', 'a\ud83db', '\ude80\ud83d'])(
  'refuses %j, which no argv can hold',
  (word) => {
    expect(() => quoteWord(word)).toThrow(expect.objectContaining({ code: 'E_USAGE' }));
  },
);

test('a shell reads back every character as it was', () => {
  const characters = Array.from({ length: 0x7f }, (_, index) => String.fromCharCode(index + 1));
  const words = [
    ...characters,
    ...characters.map((c) => `${c}${c}x`),
    "'",
    "''",
    "\\'",
    '🚀',
    'é\u0301',
    '\u202e',
    ' \n',
  ];
  const script = `printf '%s\\0' ${words.map(quoteWord).join(' ')}`;
  expect(execFileSync('/bin/sh', ['-s'], { input: script, encoding: 'utf8' }).split('\0')).toEqual([...words, '']);
});
