import { describe, expect, test } from 'vitest';
import { parseRowOrder } from './row-order.js';
import type { RowShape } from './row-shapes.js';

const SHAPE: RowShape = {
  fields: ['app', 'rssBytes', 'ports', 'startedAt', 'changed'],
  columns: { HOST: 'host', MEM: 'rssBytes', 'NOT HONOURED': 'app' },
};

function sort(text: string, rows: readonly Readonly<Record<string, unknown>>[]) {
  return parseRowOrder(text, SHAPE).sort(rows, (own) => ({ own, outcome: {} }));
}

const sortBy = (text: string, field: string, values: readonly unknown[]) =>
  sort(
    text,
    values.map((value) => ({ [field]: value })),
  ).map((row) => row[field]);

describe('rows are sorted', () => {
  test.each([
    ['names as people count', 'host', ['web10', 'web2', 'db', 'web1'], ['db', 'web1', 'web2', 'web10']],
    ['addresses part by part', 'host', ['10.0.0.10', '10.0.0.9'], ['10.0.0.9', '10.0.0.10']],
    ['numbers as numbers', 'rssBytes', [900, 1000, 5.5], [5.5, 900, 1000]],
    ['lists member by member', 'ports', [[8000], [80, 443], [], [80]], [[], [80], [80, 443], [8000]]],
    ['booleans', 'changed', [true, false], [false, true]],
    ['what nobody knows last', 'rssBytes', [null, 2, null, 1], [1, 2, null, null]],
  ])('%s', (_what, field, values, sorted) => {
    expect(sortBy(field, field, values)).toEqual(sorted);
  });

  test('downwards with a dash, what nobody knows still last', () => {
    expect(sortBy('-rssBytes', 'rssBytes', [1, null, 3])).toEqual([3, 1, null]);
  });

  test.each(['mem', 'MEM', '-Mem'])('by the title of a column: %s', (text) => {
    expect(sortBy(text, 'rssBytes', [2, 1])).toEqual(text.startsWith('-') ? [2, 1] : [1, 2]);
  });

  test('by a title of two words', () => {
    expect(sortBy('not honoured', 'app', ['b', 'a'])).toEqual(['a', 'b']);
  });

  test('by several keys, and what is equal in all of them keeps its order', () => {
    const rows = [
      { app: 'b', rssBytes: 1, host: 'first' },
      { app: 'a', rssBytes: 1, host: 'second' },
      { app: 'a', rssBytes: 2, host: 'third' },
      { app: 'a', rssBytes: 1, host: 'fourth' },
    ];
    expect(sort('app,-mem', rows).map(({ host }) => host)).toEqual(['third', 'second', 'fourth', 'first']);
  });
});

test.each([
  ['memm', 'there is no field "memm"; did you mean "mem"?'],
  ['-hots', 'there is no field "hots"; did you mean "host"?'],
  ['host,', 'there is no field ""'],
  ['', 'there is no field ""'],
  ['--host', 'there is no field "-host"'],
])('an order by %j is refused before anything is sent', (text, message) => {
  expect(() => parseRowOrder(text, SHAPE)).toThrow(message);
});

test('what there is to sort by is told once each', () => {
  const hint = expect.stringMatching(/^there are: app(?!.* app( |$)).* mem/);
  const shape: RowShape = { ...SHAPE, columns: { ...SHAPE.columns, APP: 'app' } };
  expect(() => parseRowOrder('nothing', shape)).toThrow(expect.objectContaining({ details: { hint } }));
});
