import { OutlastError } from '@outlast/core';
import { expect, test } from 'vitest';
import { startSharedDeadline } from './deadline.js';
import { buildExhaustedError } from './exhaustion.js';
import { retryThrottled } from './retry-throttled.js';

const noFiles = buildExhaustedError(Object.assign(new Error('connect EMFILE'), { code: 'EMFILE' }));

/** Fails once, then succeeds; gives how often it was tried. */
async function countTries(error: Error, end = new AbortController()): Promise<number | string> {
  let tries = 0;
  try {
    return await retryThrottled(startSharedDeadline('a host', end.signal), async () => {
      tries += 1;
      if (tries === 1) throw error;
      return tries;
    });
  } catch (thrown) {
    return (thrown as OutlastError).code;
  }
}

test('a laptop without open files tries again, since other hosts give theirs back', async () => {
  expect(await countTries(noFiles)).toBe(2);
});

test('whoever turns us away before the banner is tried again', async () => {
  expect(await countTries(new OutlastError('E_THROTTLED', 'too many'))).toBe(2);
});

test('a host that refuses is not', async () => {
  expect(await countTries(new OutlastError('E_CONNECT_REFUSED', 'nobody there'))).toBe('E_CONNECT_REFUSED');
});

test('once the time is over, what was short is told', async () => {
  const end = new AbortController();
  end.abort(new OutlastError('E_CONNECT_TIMEOUT', 'late'));
  expect(await countTries(noFiles, end)).toBe('E_CONNECT_UNREACHABLE');
});
