import { expect, test } from 'vitest';
import { parsePort } from './port.js';

test.each([
  ['1', 1],
  ['22', 22],
  ['65535', 65_535],
])('accepts %j', (text, port) => {
  expect(parsePort(text)).toBe(port);
});

test.each([
  '',
  '0',
  '65536',
  '99999',
  '100000',
  '22abc',
  '0x16',
  '1e2',
  ' 22',
  '22 ',
  '22\n',
  '+22',
  '-1',
  '022',
  '2.2',
  '٢٢',
  '２２',
])('refuses %j', (text) => {
  expect(() => parsePort(text)).toThrow(
    expect.objectContaining({ code: 'E_USAGE', details: { hint: 'a port is a decimal number from 1 to 65535' } }),
  );
});
