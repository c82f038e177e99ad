import { expect, test } from 'vitest';
import { readCapturedReply, readReply } from '../../test/read-reply.js';
import { decodeUtf8, encodeUtf8 } from '../wire/bytes.js';
import { logs, takeLastLines } from './logs.js';

test('each log comes with its place since the first byte, whether or not its last line ended', () => {
  const tails = logs.parse(readCapturedReply(import.meta.url, 'logs.dash-0.5.12'), { apps: [], bytes: 1 });
  expect(tails.map(({ inode, data, ...tail }) => ({ ...tail, inode: typeof inode, data: decodeUtf8(data) }))).toEqual([
    {
      app: 'chatty',
      stream: 'combined',
      inode: 'string',
      offset: 0,
      oldest: 0,
      since: 0,
      data: 'first\nsecond\nnot ended',
    },
    { app: 'ended', stream: 'combined', inode: 'string', offset: 0, oldest: 0, since: 0, data: 'no such table\n' },
    { app: 'split', stream: 'stdout', inode: 'string', offset: 0, oldest: 0, since: 0, data: 'out\n' },
    { app: 'split', stream: 'stderr', inode: 'string', offset: 0, oldest: 0, since: 0, data: 'err\n' },
  ]);
});

test('what was read while the log was cut is left out, and a log that was cut all the time is an error', () => {
  const read = (lines: string) => logs.parse(readReply(lines.replaceAll('@ ', '@@n '), 'n'), { apps: [], bytes: 1 });
  const [tail, ...others] = read(
    '@ BEGIN\n@ LOG web log 7 0 0 0\nwrong\n@ VOID\n@ LOG web log 7 90 80 80\nright\n@ SURE\n@ END 0\n',
  );
  expect(tail && { ...tail, data: decodeUtf8(tail.data) }).toMatchObject({ offset: 90, oldest: 80, data: 'right\n' });
  expect(others).toEqual([]);
  expect(() => read('@ BEGIN\n@ LOG web log 7 0 0 0\nwrong\n@ VOID\n@ BUSY web\n@ END 0\n')).toThrow(/cut faster/);
});

test.each([
  ['a\nb\nc\n', 2, 'b\nc\n'],
  ['a\nb\nc', 2, 'b\nc'],
  ['a\nb\nc\n', 3, 'a\nb\nc\n'],
  ['a\nb\nc\n', 9, 'a\nb\nc\n'],
  ['a\n\n\n', 2, '\n\n'],
  ['\n', 1, '\n'],
  ['one', 1, 'one'],
  ['a\nb\n', 0, ''],
  ['', 5, ''],
])('of the log %j the last %d lines are %j', (text, lines, expected) => {
  const taken = takeLastLines({ data: encodeUtf8(text), offset: 0, oldest: 0, since: 0 }, lines);
  expect(taken && decodeUtf8(taken)).toBe(expected);
});

test('where the end of a longer log does not hold enough lines, nothing is claimed', () => {
  const take = (text: string, lines: number, since = 0) =>
    takeLastLines({ data: encodeUtf8(text), offset: 4096, oldest: 0, since }, lines);
  expect(take('rest\nb\nc\n', 2)).toEqual(encodeUtf8('b\nc\n'));
  expect(take('rest\nb\nc\n', 3)).toBeUndefined();
  expect(take('', 1)).toBeUndefined();
});

test('what is asked for since a time begins with the whole line that was being written then', () => {
  const take = (since: number, lines: number) =>
    takeLastLines({ data: encodeUtf8('one\ntwo\nthree\n'), offset: 100, oldest: 0, since }, lines);
  expect(take(106, 9)).toEqual(encodeUtf8('two\nthree\n'));
  expect(take(104, 9)).toEqual(encodeUtf8('two\nthree\n'));
  expect(take(106, 1)).toEqual(encodeUtf8('three\n'));
  expect(take(102, 9)).toBeUndefined();
});
