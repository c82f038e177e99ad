import { expect, test } from 'vitest';
import { useLab } from '../program-lab.js';

const lab = useLab(['web1']);

/** What more than the settle time a start may take on a machine that has nothing else to do. */
const ALLOWANCE_MS = 1_000;
/** How many times a plain `ssh host true` that is. A machine so busy that ssh itself is slow is not what is measured here. */
const ALLOWANCE_IN_SSH_CALLS = 7;

async function time(run: () => Promise<{ exitCode: number | null }>): Promise<number> {
  const begin = performance.now();
  expect((await run()).exitCode).toBe(0);
  return performance.now() - begin;
}

const median = (times: readonly number[]) => [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;

test.each([
  ['the default settle time', [], 1_000],
  ['a settle time of 200 ms', ['--settle', '200ms'], 200],
])('a start answers within %s and one second', async (_what, flags, settleMs) => {
  const starts: number[] = [];
  const plain: number[] = [];
  for (const index of [1, 2, 3]) {
    const start = ['start', `app${settleMs}-${index}`, '-H', 'web1', ...flags, '--', 'sleep', '600'];
    starts.push(await time(() => lab.run(start)));
    plain.push(await time(() => lab.laptop.run(['ssh', '-F', lab.laptop.sshConfig, 'web1', 'true'])));
  }
  const allowance = Math.max(ALLOWANCE_MS, ALLOWANCE_IN_SSH_CALLS * median(plain));
  expect(median(starts)).toBeLessThan(settleMs + allowance);
  expect(median(starts)).toBeGreaterThan(settleMs);
});

test('a stop of an app that ends at TERM does not wait for the grace period', async () => {
  await lab.run(['start', 'quick', '-H', 'web1', '--settle', '100ms', '--', 'sleep', '600']);
  const begin = performance.now();
  await lab.run(['stop', 'quick', '-H', 'web1', '--grace', '30s']);
  expect(performance.now() - begin).toBeLessThan(3_000);
});
