import { expect, test } from 'vitest';
import { getSignalName, parseSignalName } from './signal-name.js';

test.each([
  ['TERM', 'TERM'],
  ['SIGTERM', 'TERM'],
  ['sigusr1', 'USR1'],
  ['hup', 'HUP'],
  ['9', 'KILL'],
  ['15', 'TERM'],
  ['CLD', 'CHLD'],
  ['IOT', 'ABRT'],
  ['RTMIN', 'RTMIN'],
  ['SIGRTMIN+2', 'RTMIN+2'],
  ['rtmax-1', 'RTMAX-1'],
])('reads %j as %j', (text, name) => {
  expect(parseSignalName(text)).toBe(name);
});

test.each(['10', '12', '64'])('keeps the number %j, which means another signal on another system', (text) => {
  expect(parseSignalName(text)).toBe(text);
});

test.each([
  '',
  '0',
  '65',
  '-9',
  '09',
  '1e1',
  '9 ',
  'SIG',
  'TERM\n',
  'TERM;id',
  'SIGSIGTERM',
  'RTMIN+0',
  'RTMIN+99',
  '٩',
])('refuses %j', (text) => {
  expect(() => parseSignalName(text)).toThrow(expect.objectContaining({ code: 'E_USAGE' }));
});

test('suggests the nearest name', () => {
  expect(() => parseSignalName('SIGTREM')).toThrow('"SIGTREM" is not a signal; did you mean "TERM"?');
});

test.each([
  [1, 'HUP'],
  [10, 'USR1'],
  [15, 'TERM'],
  [31, 'SYS'],
  [32, '32'],
  [34, 'RTMIN'],
  [36, 'RTMIN+2'],
  [64, 'RTMAX'],
  [0, '0'],
  [99, '99'],
])('names %j as Linux does', (number, name) => {
  expect(getSignalName(number)).toBe(name);
});
