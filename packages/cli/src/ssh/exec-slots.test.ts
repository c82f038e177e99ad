import { OutlastError } from '@outlast/core';
import { expect, test } from 'vitest';
import { createDeferred, type Deferred } from './deferred.js';
import { createExecSlots } from './exec-slots.js';

const FULL = new OutlastError('E_NO_SHELL', 'full');

/** A server with room for `room` channels, and what it saw. */
function buildServer(room: number) {
  const open: Deferred<void>[] = [];
  const seen = { peak: 0, asked: 0 };
  const start = async () => {
    seen.asked++;
    await Promise.resolve();
    if (open.length >= room) throw FULL;
    const freed = createDeferred<void>();
    open.push(freed);
    seen.peak = Math.max(seen.peak, open.length);
    return { freed: freed.promise, free: () => open.splice(open.indexOf(freed), 1)[0]?.resolve() };
  };
  return { start, seen };
}

test('all get their turn, and the room is learnt', async () => {
  const { start, seen } = buildServer(2);
  const slots = createExecSlots((error) => error === FULL);
  const work = Array.from({ length: 20 }, async () => {
    const slot = await slots.open(start);
    await Promise.resolve();
    slot.free();
  });
  await Promise.all(work);
  expect(seen.peak).toBe(2);
  expect(seen.asked).toBeLessThan(60);
});

test('a server that opens nothing at all is asked three times, then the error comes', async () => {
  const { start, seen } = buildServer(0);
  const slots = createExecSlots((error) => error === FULL);
  await expect(slots.open(start)).rejects.toBe(FULL);
  expect(seen.asked).toBe(3);
});

test('another error comes at once and lets the next one try', async () => {
  const slots = createExecSlots((error) => error === FULL);
  const refused = slots.open(() => Promise.reject(new Error('no')));
  await expect(refused).rejects.toThrow('no');
  expect(await slots.open(async () => ({ freed: Promise.resolve(), name: 'second' }))).toMatchObject({
    name: 'second',
  });
});

test('those that wait fail with the connection', async () => {
  const { start } = buildServer(1);
  const slots = createExecSlots((error) => error === FULL);
  await slots.open(start);
  const waiting = slots.open(start);
  const lost = new OutlastError('E_CONNECTION_LOST', 'lost');
  const rejected = expect(waiting).rejects.toBe(lost);
  await new Promise((resolve) => setImmediate(resolve));
  slots.fail(() => lost);
  await rejected;
});
