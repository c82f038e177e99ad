import { expect, test } from 'vitest';
import { loadMeasure, truncateToWidth } from './display-width.js';

test.each([
  ['abcdef', 6, 'abcdef'],
  ['abcdef', 5, 'abcd…'],
  ['abcdef', 1, '…'],
  ['abcdef', 0, ''],
  ['日本語', 5, '日本…'],
  ['日本語', 4, '日…'],
  ['👩‍💻👩‍💻', 3, '👩‍💻…'],
  ['e\u0301e\u0301e\u0301', 2, 'e\u0301…'],
])('%s in %i columns is %s', async (text, limit, expected) => {
  expect(truncateToWidth(text, limit, await loadMeasure([text]))).toBe(expected);
});
