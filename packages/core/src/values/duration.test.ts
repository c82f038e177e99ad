import { expect, test } from 'vitest';
import { parseAge, parseDuration, parseDurationRange } from './duration.js';

test.each([
  ['0s', 0],
  ['500ms', 500],
  ['10s', 10_000],
  ['1.5s', 1_500],
  ['0.001s', 1],
  ['5m', 300_000],
  ['2h', 7_200_000],
  ['7d', 604_800_000],
  ['168h', 604_800_000],
])('reads %j', (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds);
});

test.each([
  '',
  '10',
  's',
  '-1s',
  '+1s',
  'NaN',
  'NaNs',
  'Infinitys',
  '1e9d',
  '1e3ms',
  '0x10s',
  '1 s',
  ' 1s',
  '1s\n',
  '1S',
  '1w',
  '1.s',
  '.5s',
  '٣s',
  '1h30m',
])('refuses %j', (text) => {
  expect(() => parseDuration(text)).toThrow(expect.objectContaining({ code: 'E_USAGE' }));
});

test.each(['8d', '169h', '604800001ms', '999999999999d'])('refuses %j as over 7 days', (text) => {
  expect(() => parseDuration(text)).toThrow('is too long');
});

test('refuses what is finer than a millisecond', () => {
  expect(() => parseDuration('0.5ms')).toThrow('finer than a millisecond');
});

test('reads a range, and a single duration as both of its ends', () => {
  expect(parseDurationRange('1s..60s')).toEqual({ minMs: 1_000, maxMs: 60_000 });
  expect(parseDurationRange('1.5s..2s')).toEqual({ minMs: 1_500, maxMs: 2_000 });
  expect(parseDurationRange('5s')).toEqual({ minMs: 5_000, maxMs: 5_000 });
});

test.each(['60s..1s', '0s..1s', '1s..', '..1s', '1s...2s', '1s..2s..3s', '1..2s'])('refuses the range %j', (text) => {
  expect(() => parseDurationRange(text)).toThrow(expect.objectContaining({ code: 'E_USAGE' }));
});

test('an age may be longer than anything that is waited for', () => {
  expect(parseAge('90d')).toBe(90 * 86_400_000);
  expect(parseAge('3650d')).toBe(3650 * 86_400_000);
  expect(() => parseAge('3651d')).toThrow(/too long/);
  expect(() => parseAge('90')).toThrow(/not a duration/);
});
