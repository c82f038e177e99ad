import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { gatherWrites } from './gather-writes.js';

function start() {
  const stream = new PassThrough();
  const seen: string[] = [];
  stream.on('data', (chunk: Buffer) => seen.push(chunk.toString()));
  return { stream, seen, gate: gatherWrites(stream) };
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

test('what is written in one turn goes out as one, in its order', async () => {
  const { stream, seen } = start();
  for (const piece of ['a', 'b', 'c']) stream.write(Buffer.from(piece));
  await nextTurn();
  stream.write('d');
  await nextTurn();
  expect(seen).toEqual(['abc', 'd']);
});

test('what is held goes out with what follows', async () => {
  const { stream, seen, gate } = start();
  gate.hold();
  gate.hold();
  stream.write('a');
  await nextTurn();
  gate.release();
  stream.write('b');
  await nextTurn();
  expect(seen).toEqual([]);
  gate.release();
  await nextTurn();
  expect(seen).toEqual(['ab']);
});

test('an end does not overtake what was written before', async () => {
  const { stream, seen } = start();
  stream.write('last');
  stream.end();
  await nextTurn();
  expect([seen, stream.writableFinished]).toEqual([['last'], true]);
});

test('what was written to a stream that is gone is dropped', async () => {
  const { stream, seen } = start();
  stream.on('error', () => undefined);
  stream.write('lost');
  stream.destroy();
  await nextTurn();
  expect(seen).toEqual([]);
});
