import { expect, test } from 'vitest';
import { readCapturedReply } from '../../test/read-reply.js';
import { decodeUtf8, encodeUtf8 } from '../wire/bytes.js';
import { logs, takeLastLines } from './logs.js';

test('each log comes with its place in the file, whether or not its last line ended', () => {
  const tails = logs.parse(readCapturedReply(import.meta.url, 'logs.dash-0.5.12'), { apps: [], bytes: 1 });
  expect(tails.map((tail) => ({ ...tail, data: decodeUtf8(tail.data) }))).toEqual([
    { app: 'chatty', inode: '196', offset: 0, data: 'first\nsecond\nnot ended' },
    { app: 'ended', inode: '27', offset: 0, data: 'no such table\n' },
  ]);
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
  const taken = takeLastLines({ data: encodeUtf8(text), offset: 0 }, lines);
  expect(taken && decodeUtf8(taken)).toBe(expected);
});

test('where the end of a longer log does not hold enough lines, nothing is claimed', () => {
  const data = encodeUtf8('rest\nb\nc\n');
  expect(takeLastLines({ data, offset: 4096 }, 2)).toEqual(encodeUtf8('b\nc\n'));
  expect(takeLastLines({ data, offset: 4096 }, 3)).toBeUndefined();
  expect(takeLastLines({ data: encodeUtf8(''), offset: 4096 }, 1)).toBeUndefined();
});
