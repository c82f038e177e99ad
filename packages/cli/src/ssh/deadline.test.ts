import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { chooseConnectTimeout, raceSignal, startDeadline } from './deadline.js';
import { createQuestions } from './questions.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const nobody = { interactive: true, confirm: async () => true, secret: async () => undefined };
const { signal: never } = new AbortController();

test('a deadline names the stage in which the time was over', async () => {
  const deadline = startDeadline(1_000, createQuestions(nobody));
  deadline.stage = 'waiting for the banner';
  const waiting = raceSignal(new Promise(() => undefined), deadline.signal).catch((error: Error) => error);
  await vi.advanceTimersByTimeAsync(999);
  expect(deadline.signal.aborted).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(await waiting).toMatchObject({
    code: 'E_CONNECT_TIMEOUT',
    message: expect.stringContaining('waiting for the banner'),
  });
});

test.each([
  ['what the caller says', 500, 3, 500],
  ['else what the host is configured to', undefined, 3, 3_000],
  ['else ten seconds', undefined, null, 10_000],
])('a connection may take %s', (_what, callersMs, connectTimeout, ms) => {
  expect(chooseConnectTimeout(callersMs, { connectTimeout })).toBe(ms);
});

test('the clock stands still while a person is asked', async () => {
  const questions = createQuestions(nobody);
  const deadline = startDeadline(1_000, questions);
  await vi.advanceTimersByTimeAsync(600);
  let answer: (value: boolean) => void = () => undefined;
  const asked = questions.ask(never, () => new Promise<boolean>((resolve) => (answer = resolve)));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(deadline.signal.aborted).toBe(false);
  answer(true);
  await asked;
  await vi.advanceTimersByTimeAsync(399);
  expect(deadline.signal.aborted).toBe(false);
  await vi.advanceTimersByTimeAsync(2);
  expect(deadline.signal.aborted).toBe(true);
});

test('an ended deadline leaves no timer behind', () => {
  const deadline = startDeadline(1_000, createQuestions(nobody));
  expect(vi.getTimerCount()).toBe(1);
  deadline.end();
  expect(vi.getTimerCount()).toBe(0);
});

test('questions come one at a time, also behind one that failed', async () => {
  const questions = createQuestions(nobody);
  const order: string[] = [];
  const ask = (name: string, fails = false) =>
    questions.ask(never, async () => {
      order.push(`${name} begins`);
      await vi.advanceTimersByTimeAsync(10);
      order.push(`${name} ends`);
      if (fails) throw new Error(name);
    });
  await Promise.allSettled([ask('one', true), ask('two'), ask('three')]);
  expect(order).toEqual(['one begins', 'one ends', 'two begins', 'two ends', 'three begins', 'three ends']);
  expect(questions.open).toBe(false);
});

test('a question whose host is gone is not asked', async () => {
  const questions = createQuestions(nobody);
  const gone = new AbortController();
  const first = questions.ask(never, () => vi.advanceTimersByTimeAsync(10));
  const second = questions.ask(gone.signal, async () => 'asked');
  gone.abort(new Error('gone'));
  await first;
  await expect(second).rejects.toThrow('gone');
});
