import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type ChannelForecast, createChannelForecast } from './channel-forecast.js';
import type { Ssh2Inner } from './inner.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Answers when told to. */
function makeInner(): { inner: Ssh2Inner; answer(options?: { asked: boolean }): Promise<void> } {
  let answer: () => void = () => undefined;
  const sync = (): Promise<void> =>
    new Promise((resolve) => {
      answer = resolve;
    });
  const tell = async ({ asked } = { asked: true }): Promise<void> => {
    if (asked) await vi.advanceTimersByTimeAsync(1_000);
    answer();
    await vi.advanceTimersByTimeAsync(0);
  };
  return { inner: { sync } as Ssh2Inner, answer: tell };
}

/** The forecast of a connection that stands. */
function enter(inner: Ssh2Inner): ChannelForecast {
  const forecast = createChannelForecast(inner, 'OpenSSH_9.2p1');
  forecast.enter();
  return forecast;
}

test('the first channel is number 0', () => {
  expect(createChannelForecast(makeInner().inner, 'OpenSSH_9.2p1').foresee(1_000)).toBe(0);
});

test('beside an open channel nothing is foreseen', () => {
  const forecast = createChannelForecast(makeInner().inner, 'OpenSSH_9.2p1');
  forecast.begin();
  expect(forecast.foresee(0)).toBeUndefined();
});

test('the number is free again once the server has answered after the close', async () => {
  const { inner, answer } = makeInner();
  const forecast = enter(inner);
  forecast.begin();
  forecast.end();
  expect(forecast.foresee(0)).toBeUndefined();
  await answer();
  expect(forecast.foresee(0)).toBe(0);
});

test('it stays taken when another channel was opened meanwhile', async () => {
  const { inner, answer } = makeInner();
  const forecast = enter(inner);
  forecast.begin();
  forecast.end();
  forecast.begin();
  await answer();
  expect(forecast.foresee(0)).toBeUndefined();
});

test('an answer from before another channel was closed says nothing of that one', async () => {
  const { inner, answer } = makeInner();
  const forecast = enter(inner);
  forecast.begin();
  forecast.end();
  await vi.advanceTimersByTimeAsync(1_000);
  forecast.begin();
  forecast.end();
  // What the server was asked before the second channel.
  await answer({ asked: false });
  expect(forecast.foresee(0)).toBeUndefined();
  await answer();
  expect(forecast.foresee(0)).toBe(0);
});

test('a connection that ends is not asked', async () => {
  const { inner } = makeInner();
  const sync = vi.spyOn(inner, 'sync');
  const forecast = enter(inner);
  forecast.begin();
  forecast.end();
  forecast.stop();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(sync).not.toHaveBeenCalled();
});

test.each([
  ['OpenSSH_9.2p1', 1_048_576],
  ['dropbear_2022.83', 24_576],
])('%s keeps %i bytes of input ahead', (software, bytes) => {
  const forecast = createChannelForecast(makeInner().inner, software);
  expect([forecast.foresee(bytes), forecast.foresee(bytes + 1)]).toEqual([0, undefined]);
});

test.each(['', 'libssh_0.10', 'OpenSSH_for_Windows_9.5', 'ssh2js1.17.0', 'dropbear_0.53'])(
  'of a server %j nothing is foreseen',
  (software) => {
    expect(createChannelForecast(makeInner().inner, software).foresee(0)).toBeUndefined();
  },
);

test('without a look inside ssh2 nothing is foreseen', () => {
  expect(createChannelForecast(undefined, 'OpenSSH_9.2p1').foresee(0)).toBeUndefined();
});

test('of a server that has numbered a channel otherwise nothing is foreseen any more', async () => {
  const { inner, answer } = makeInner();
  const forecast = enter(inner);
  forecast.begin();
  forecast.giveUp();
  forecast.end();
  await answer();
  expect(forecast.foresee(0)).toBeUndefined();
});

test('a server that has let nobody in is asked nothing, and its first channel is still number 0', async () => {
  const { inner } = makeInner();
  const sync = vi.spyOn(inner, 'sync');
  const forecast = createChannelForecast(inner, 'OpenSSH_9.2p1');
  forecast.begin();
  forecast.end();
  await vi.advanceTimersByTimeAsync(1_000);
  forecast.enter();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(sync).not.toHaveBeenCalled();
  expect(forecast.foresee(0)).toBe(0);
});
