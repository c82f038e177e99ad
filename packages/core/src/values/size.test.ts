import { expect, test } from 'vitest';
import { parseSize } from './size.js';

test.each([
  ['0B', 0],
  ['512B', 512],
  ['64KB', 64_000],
  ['10MB', 10_000_000],
  ['10mb', 10_000_000],
  ['1.5GB', 1_500_000_000],
  ['1.005KB', 1_005],
  ['10MiB', 10_485_760],
  ['2GiB', 2_147_483_648],
  ['1000TB', 1e15],
])('reads %j', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test.each([
  '',
  '10',
  'MB',
  '-1MB',
  '+1MB',
  'NaN',
  'NaNMB',
  '1e9MB',
  '0x10MB',
  '1 MB',
  ' 1MB',
  '1MB\n',
  '10M',
  '1iB',
  '1PB',
  '٣MB',
])('refuses %j', (text) => {
  expect(() => parseSize(text)).toThrow(expect.objectContaining({ code: 'E_USAGE' }));
});

test.each(['1001TB', '1000TiB', '9999999999999999TB'])('refuses %j as too large', (text) => {
  expect(() => parseSize(text)).toThrow('is too large');
});
