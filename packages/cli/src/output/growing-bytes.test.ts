import { expect, test } from 'vitest';
import { GrowingBytes } from './growing-bytes.js';

test('chunks of any size become one piece of memory, which does not depend on theirs', () => {
  const bytes = new GrowingBytes();
  const chunk = Buffer.from('abc');
  let expected = '';
  for (let index = 0; index < 2_000; index++) {
    chunk[0] = 0x61 + (index % 26);
    bytes.append(chunk.subarray(0, index % 4));
    expected += chunk.toString('latin1', 0, index % 4);
  }
  expect(bytes.length).toBe(expected.length);
  expect(bytes.take().toString('latin1')).toBe(expected);
  expect(bytes.length).toBe(0);
  expect(bytes.take()).toEqual(Buffer.alloc(0));
});

test('what was taken is not written over by what comes later', () => {
  const bytes = new GrowingBytes();
  bytes.append(Buffer.from('first'));
  const taken = bytes.take();
  bytes.append(Buffer.from('later'));
  expect(taken.toString()).toBe('first');
});
