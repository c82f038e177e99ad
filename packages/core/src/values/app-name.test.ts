import { expect, test } from 'vitest';
import { parseAppName } from './app-name.js';

test.each(['a', '0', 'dashboard', 'web-1.2_b', 'constructor', `a${'b'.repeat(62)}`])('accepts %j', (name) => {
  expect(parseAppName(name)).toBe(name);
});

test.each([
  '',
  '.',
  '..',
  'a..b',
  '-rf',
  'a/b',
  'a b',
  ' a',
  'a\n',
  'a\nb',
  '$(id)',
  '`id`',
  'a;b',
  'a\0b',
  '\u05d0\u05d1',
  'd\u0430shboard',
  '\u202eabc',
  'Dashboard',
  'a'.repeat(64),
  'a'.repeat(300),
  '__proto__',
])('refuses %j with the rule', (name) => {
  expect(() => parseAppName(name)).toThrow(
    expect.objectContaining({ code: 'E_USAGE', details: { hint: expect.stringContaining('a-z 0-9 . _ -') } }),
  );
});

test('the message holds no control, bidi or look-alike character of the name', () => {
  expect(() => parseAppName('d\u0430\u202e\u0007\n')).toThrow('"d\\u{430}\\u{202e}\\x07\\n" is not a name for an app');
});
