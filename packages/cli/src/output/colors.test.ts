import { expect, test } from 'vitest';
import { buildPalette, resolveStateStyle } from './colors.js';

test('without colour no style adds a byte', () => {
  const palette = buildPalette(false);
  expect([palette.red('x'), palette.dim('x'), palette.host(3)('x')]).toEqual(['x', 'x', 'x']);
});

test.each([
  [{ state: 'running' }, 'green'],
  [{ state: 'paused' }, 'yellow'],
  [{ state: 'rebooted' }, 'yellow'],
  [{ state: 'exited', exitCode: 0 }, 'dim'],
  [{ state: 'exited', exitCode: 3 }, 'red'],
  [{ state: 'crash-looping' }, 'red'],
  [{ state: 'lost' }, 'red'],
  [{ state: 'stopped' }, 'dim'],
] as const)('%j is %s', (facts, color) => {
  const palette = buildPalette(true);
  expect(resolveStateStyle(palette, facts)('x')).toBe(palette[color]('x'));
});

test('neighbouring hosts get different colours, and the cycle begins again', () => {
  const palette = buildPalette(true);
  expect(palette.host(0)('x')).not.toBe(palette.host(1)('x'));
  expect(palette.host(10)('x')).toBe(palette.host(0)('x'));
});
