import { describe, expect, test } from 'vitest';
import { waitFor } from './wait-for.js';

describe('waiting for a condition', () => {
  test('gives back what the condition gives once that is truthy', async () => {
    let looks = 0;
    const condition = () => {
      looks += 1;
      return looks === 3 && 'found';
    };
    expect(await waitFor(condition, { what: 'three looks', intervalMs: 1 })).toBe('found');
    expect(looks).toBe(3);
  });

  test('takes an error for "not yet", and reports the last one with the evidence', async () => {
    const condition = () => {
      throw new Error('no such file');
    };
    const waiting = waitFor(condition, {
      what: 'the file',
      timeoutMs: 20,
      intervalMs: 1,
      evidence: () => 'log: empty',
    });
    await expect(waiting).rejects.toThrow(/^waited \d+ ms in vain for the file: no such file\nlog: empty$/);
  });

  test('ends at once when what is waited for can no longer come', async () => {
    const waiting = waitFor(() => false, { what: 'the dead', timeoutMs: 60_000, giveUp: () => true });
    await expect(waiting).rejects.toThrow(/in vain for the dead$/);
  });
});
