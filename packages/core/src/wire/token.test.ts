import { expect, test } from 'vitest';
import { decodeToken, encodeToken } from './token.js';

const TEXTS = [
  '',
  'a b',
  "it's",
  '"',
  '\\',
  '\n\r\t',
  '$(id) `id`',
  '!*()',
  '🚀 é \u202e',
  '\0\u0001\u007f\u0085',
  '%41',
  '\ud83d',
];

test.each([null, true, 0, -1.5, ...TEXTS, TEXTS, { argv: TEXTS, env: { __proto__x: '' } }])(
  '%j comes back as it was',
  (value) => {
    const token = encodeToken(value);
    expect(token).toMatch(/^[A-Za-z0-9%._~-]+$/);
    expect(decodeToken(token)).toEqual(value);
  },
);

test('texts of any characters come back as they were', () => {
  // Every code unit once, in texts of 256.
  for (let first = 0; first < 0x10000; first += 256) {
    const text = Array.from({ length: 256 }, (_, index) => String.fromCharCode(first + index)).join('');
    expect(decodeToken(encodeToken(text))).toBe(text);
  }
});

test.each(['', '%', '%zz', '%22', '{', 'undefined', '%E2%28%A1'])('a damaged token %j is nothing', (token) => {
  expect(decodeToken(token)).toBeUndefined();
});
