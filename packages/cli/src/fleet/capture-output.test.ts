import { expect, test } from 'vitest';
import { createCapture } from './capture-output.js';

const bytes = (length: number) => Buffer.alloc(length, 'x');

test('one for which the room is not enough is given up, and leaves it to the others', () => {
  const room = { left: 10 };
  const [small, large, later] = [createCapture(room), createCapture(room), createCapture(room)];
  small.stdout(bytes(3));
  large.stderr(bytes(7));
  expect(() => large.stdout(bytes(1))).toThrow('more than the 64 MiB that are kept');
  later.stdout(bytes(7));
  expect(small.read().stdout.length).toBe(3);
  expect(later.read().stdout.length).toBe(7);
  expect(room.left).toBe(0);
});

test('what is cleared is gone, and others have its room', () => {
  const room = { left: 10 };
  const capture = createCapture(room);
  capture.stdout(bytes(6));
  capture.stderr(bytes(4));
  capture.clear();
  expect(capture.read()).toEqual({ stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) });
  expect(room.left).toBe(10);
});
