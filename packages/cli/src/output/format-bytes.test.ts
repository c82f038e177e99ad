import { expect, test } from 'vitest';
import { formatBytes } from './format-bytes.js';

test.each([
  [0, '0B'],
  [1023, '1023B'],
  [1024, '1.0K'],
  [52_428_800, '50.0M'],
  [1024 ** 2 - 1, '1.0M'],
  [1024 ** 3 * 1.25, '1.3G'],
  [1024 ** 6, '1024.0P'],
])('%d bytes are %s', (bytes, expected) => {
  expect(formatBytes(bytes)).toBe(expected);
});
