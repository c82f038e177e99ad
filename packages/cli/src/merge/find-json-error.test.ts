import { createSeededRandom } from '@outlast/test-fixtures';
import { expect, test } from 'vitest';
import { findJsonError } from './find-json-error.js';

test.each([
  ['', 0],
  ['  ', 2],
  ['{"a": 1,}', 8],
  ['{"a" 1}', 5],
  ['{a: 1}', 1],
  ['[1, 2', 5],
  ['[1 2]', 3],
  ['"abc', 4],
  ['"a\nb"', 2],
  ['"a\\xb"', 2],
  ['{} {}', 3],
  ['1,2', 1],
  ['[01]', 2],
  ['nul', 0],
  ['\ufeff{}', 0],
])('%j is no JSON from offset %i on', (text, offset) => {
  expect(findJsonError(text)).toBe(offset);
});

test('agrees with JSON.parse on whatever was changed in a document', () => {
  const random = createSeededRandom('json');
  const value = { a: [1, -2.5e3, true, null, 'x"\\\u2028é', {}, []], b: { c: '\u0001', d: [[{ e: false }]] } };
  for (let round = 0; round < 3_000; round++) {
    const text = JSON.stringify(value, null, random.integer(0, 2));
    const at = random.integer(0, text.length);
    const changed =
      text.slice(0, at) +
      random.pick(['', '"', '}', ']', ',', ':', '1', '\\', '{']) +
      text.slice(at + random.integer(0, 2));
    expect([changed, findJsonError(changed) === undefined]).toEqual([changed, isJson(changed)]);
  }
});

test('takes a string of many megabytes', () => {
  expect(findJsonError(`"${'a\\n'.repeat(5_000_000)}`)).toBe(15_000_001);
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
