import { createSeededRandom } from '@outlast/test-fixtures';
import { describe, expect, test } from 'vitest';
import { formatShard, parseShard, takeShard } from './shard.js';

describe('a shard', () => {
  test.each(['1/1', '2/5', '10000/10000'])('is read from %j', (text) => {
    expect(formatShard(parseShard(text))).toBe(text);
  });

  test.each([
    '',
    '1',
    '0/5',
    '6/5',
    '1/0',
    '1/10001',
    '01/5',
    '1/05',
    '-1/5',
    '1/5/6',
    '1 /5',
    '1/5 ',
    '１/５',
    '1.0/5',
    '1e0/5',
  ])('is not read from %j', (text) => {
    const rule = expect.stringContaining('i from 1 to n, n at most 10000');
    expect(() => parseShard(text)).toThrow(expect.objectContaining({ code: 'E_USAGE', details: { hint: rule } }));
  });
});

describe('the shards of a list', () => {
  const splitInto = (count: number, whole: readonly number[]) =>
    Array.from({ length: count }, (_, index) => takeShard(whole, { index: index + 1, count }));

  test('are the list in its order, and differ by one at most', () => {
    const random = createSeededRandom('shards');
    for (let round = 0; round < 300; round++) {
      const whole = Array.from({ length: random.integer(0, 40) }, (_, index) => index);
      const parts = splitInto(random.integer(1, 50), whole);
      const sizes = parts.map((part) => part.length);
      expect(parts.flat()).toEqual(whole);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    }
  });

  test('are empty at the end where there are more of them than hosts', () => {
    expect(splitInto(4, [7, 8])).toEqual([[7], [8], [], []]);
  });

  test('are the same whoever splits, up to the largest selection and count', () => {
    const whole = Array.from({ length: 100_000 }, (_, index) => index);
    expect(takeShard(whole, { index: 10_000, count: 10_000 })).toEqual(whole.slice(-10));
    expect(takeShard(whole, { index: 2, count: 3 })).toEqual(whole.slice(33_334, 66_667));
  });
});
