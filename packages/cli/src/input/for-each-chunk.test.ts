import { PassThrough, Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { forEachChunk } from './for-each-chunk.js';

const PIECES = ['one', 'two', 'three'].map((word) => Buffer.from(word));

test('hands on one piece after the other as it came, and is over only when the last one is', async () => {
  const seen: string[] = [];
  await forEachChunk(Readable.from(PIECES, { objectMode: false }), async (chunk) => {
    seen.push(`${Buffer.from(chunk)} begins`);
    for (let turn = 0; turn < 5; turn++) await nextTurn();
    seen.push(`${Buffer.from(chunk)} ends`);
  });
  expect(seen).toEqual(['one', 'two', 'three'].flatMap((word) => [`${word} begins`, `${word} ends`]));
});

test.each(['one', 'three'])('throws what was thrown for the piece %s', async (word) => {
  const taken = forEachChunk(Readable.from(PIECES, { objectMode: false }), async (chunk) => {
    await nextTurn();
    if (Buffer.from(chunk).toString() === word) throw new Error(`no room for ${word}`);
  });
  await expect(taken).rejects.toThrow(`no room for ${word}`);
});

test('throws what the stream ends with', async () => {
  const stream = new PassThrough();
  const taken = forEachChunk(stream, () => undefined);
  stream.destroy(new Error('cut'));
  await expect(taken).rejects.toThrow('cut');
});
