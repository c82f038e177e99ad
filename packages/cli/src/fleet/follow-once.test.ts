import { FollowReader, OutlastError } from '@outlast/core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { followOnce } from './follow-once.js';
import type { HostSession, ScriptChannel } from './host-session.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A session over a link that has gone silent: nothing is answered any more, until it is closed from here. */
function createSilentSession(isConnected: boolean) {
  let fail = (_error: OutlastError) => {};
  const close = vi.fn(async () => fail(new OutlastError('E_CONNECTION_LOST', 'closed')));
  const openScript = () =>
    new Promise<ScriptChannel>((_resolve, reject) => {
      fail = reject;
    });
  return { isConnected, close, openScript, signal: new AbortController().signal } as unknown as HostSession;
}

test('a follow over a link that has gone silent gives it up after 15 s', async () => {
  const session = createSilentSession(true);
  const followed = followOnce(session, new FollowReader([]), async () => undefined).catch(({ code }) => code);
  await vi.advanceTimersByTimeAsync(14_900);
  expect(session.close).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(200);
  expect(await followed).toBe('E_CONNECTION_LOST');
});

test('one that still has to connect has the time that connecting may take', async () => {
  const session = createSilentSession(false);
  void followOnce(session, new FollowReader([]), async () => undefined);
  await vi.advanceTimersByTimeAsync(600_000);
  expect(session.close).not.toHaveBeenCalled();
});
