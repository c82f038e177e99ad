import { expect, test } from 'vitest';
import { encodeUtf8 } from '../wire/bytes.js';
import { formatTerminal, parseCmdlines, parseOwners, parseProcessStats } from './parse-process-list.js';

const BEHIND = 'S 7 42 41 0 -1 4194560 10 0 0 0 150 50 0 0 20 0 1 0 123456 8192000 300 18446744073709551615 1 1';

test.each(['sleep', 'a b', ') ', 'x) R 1 (', 'two\nlines', ') \n', '\n', '(', ''])(
  'a process named %j is read',
  (name) => {
    const data = encodeUtf8(`1 (init) ${BEHIND}\n42 (${name}) ${BEHIND}\n43 (after) ${BEHIND}\n`);
    expect(parseProcessStats(data).map((stat) => [stat.pid, stat.name])).toEqual([
      [1, 'init'],
      [42, name],
      [43, 'after'],
    ]);
    expect(parseProcessStats(data)[1]).toEqual({
      pid: 42,
      name,
      state: 'S',
      parent: 7,
      group: 42,
      session: 41,
      terminal: 0,
      start: 123456,
      cpuTicks: 200,
      residentPages: 300,
    });
  },
);

test('a listing that breaks off gives what is whole', () => {
  expect(parseProcessStats(encodeUtf8(`1 (init) ${BEHIND}\n42 (sle`))).toHaveLength(1);
  expect(parseProcessStats(encodeUtf8(''))).toEqual([]);
});

test('arguments are kept apart, empty ones and those with newlines too', () => {
  const data =
    '/proc/42/cmdline:sh\0/proc/42/cmdline:\0/proc/42/cmdline:two\nlines\0/proc/7/cmdline:/proc/1/cmdline:x\0';
  expect([...parseCmdlines(encodeUtf8(data))]).toEqual([
    [42, ['sh', '', 'two\nlines']],
    [7, ['/proc/1/cmdline:x']],
  ]);
});

test('owners are read from a long listing', () => {
  const listing =
    'dr-xr-xr-x 9 root root 0 Nov 23 02:27 /proc/1\ndr-xr-xr-x    9 deploy   www 0 Nov 23 02:27 /proc/4242\nls: x\n';
  expect([...parseOwners(encodeUtf8(listing))]).toEqual([
    [1, 'root'],
    [4242, 'deploy'],
  ]);
});

test.each([
  [0, null],
  [0x8800, 'pts/0'],
  [0x8810, 'pts/16'],
  [0x8901, 'pts/257'],
  [0x108801, 'pts/257'],
  [0x0401, 'tty1'],
  [0x0440, 'ttyS0'],
  [0x0501, 'console'],
  [0xcc40, '204:64'],
])('the terminal with the number %i is %s', (device, name) => {
  expect(formatTerminal(device)).toBe(name);
});
