import { expect, test } from 'vitest';
import { formatAge, formatDuration } from './format-duration.js';

test.each([
  [0, '0s'],
  [0.9, '0s'],
  [45, '45s'],
  [61, '1m 1s'],
  [3_600, '1h'],
  [3_659, '1h'],
  [3_660, '1h 1m'],
  [86_399, '23h 59m'],
  [183_600, '2d 3h'],
  [40_000_000, '462d 23h'],
  [-5, '0s'],
])('%d seconds are %s', (seconds, expected) => {
  expect(formatDuration(seconds)).toBe(expected);
});

test('an age has one unit, and a clock that is ahead does not make it negative', () => {
  const now = Date.parse('2026-11-22T10:02:30Z');
  expect(formatAge('2026-11-22T10:00:00Z', now)).toBe('2m ago');
  expect(formatAge('2026-11-22T10:05:00Z', now)).toBe('0s ago');
});
