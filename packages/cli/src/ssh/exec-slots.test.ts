import { OutlastError } from '@outlast/core';
import { afterEach, expect, test, vi } from 'vitest';
import { createDeferred, type Deferred } from './deferred.js';
import { createExecSlots } from './exec-slots.js';

afterEach(() => void vi.useRealTimers());

const FULL = new OutlastError('E_NO_SHELL', 'full');
const SSHD = { isFull: (error: unknown) => error === FULL, software: 'OpenSSH_9.2p1' };
const DROPBEAR = { ...SSHD, software: 'dropbear_2022.83' };

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
    let closing = false;
    return {
      freed: freed.promise,
      isClosing: () => closing,
      close: () => {
        closing = true;
      },
      free: () => open.splice(open.indexOf(freed), 1)[0]?.resolve(),
    };
  };
  return { start, seen };
}

test('all get their turn, and the room is learnt', async () => {
  const { start, seen } = buildServer(2);
  const slots = createExecSlots(SSHD);
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
  const slots = createExecSlots(SSHD);
  await expect(slots.open(start)).rejects.toBe(FULL);
  expect(seen.asked).toBe(3);
});

test('another error comes at once and lets the next one try', async () => {
  const slots = createExecSlots(SSHD);
  const refused = slots.open(() => Promise.reject(new Error('no')));
  await expect(refused).rejects.toThrow('no');
  expect(
    await slots.open(async () => ({ freed: Promise.resolve(), isClosing: () => false, name: 'second' })),
  ).toMatchObject({
    name: 'second',
  });
});

test('those that wait fail with the connection', async () => {
  const { start } = buildServer(1);
  const slots = createExecSlots(SSHD);
  await slots.open(start);
  const waiting = slots.open(start);
  const lost = new OutlastError('E_CONNECTION_LOST', 'lost');
  const rejected = expect(waiting).rejects.toBe(lost);
  await new Promise((resolve) => setImmediate(resolve));
  slots.fail(() => lost);
  await rejected;
});

test('dropbear opens the next one once it has let go of those that we have closed, and only of those', async () => {
  const { start, seen } = buildServer(3);
  const slots = createExecSlots(DROPBEAR);
  await slots.open(start);
  const leaving = await slots.open(start);
  leaving.close();
  const next = slots.open(start);
  await new Promise((resolve) => setImmediate(resolve));
  expect(seen.asked).toBe(2);
  leaving.free();
  await next;
  expect(seen.asked).toBe(3);
});

test('what goes on though we have closed it does not hold up the next one for long', async () => {
  vi.useFakeTimers();
  const { start, seen } = buildServer(2);
  const slots = createExecSlots(DROPBEAR);
  (await slots.open(start)).close();
  const next = slots.open(start);
  await vi.advanceTimersByTimeAsync(499);
  expect(seen.asked).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(seen.asked).toBe(2);
  await next;
});

test('sshd is asked at once, in the same breath', async () => {
  const { start, seen } = buildServer(2);
  const slots = createExecSlots(SSHD);
  (await slots.open(start)).close();
  const next = slots.open(start);
  expect(seen.asked).toBe(2);
  await next;
});
