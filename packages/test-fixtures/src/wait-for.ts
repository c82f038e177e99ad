import { setTimeout as delay } from 'node:timers/promises';

/** How long to wait, how often to look, and what for. */
export interface WaitOptions {
  /** What is waited for, as it stands in the error: "the app to listen". */
  readonly what: string;
  /** Milliseconds; 10,000 when left out. */
  readonly timeoutMs?: number;
  /** Milliseconds between two looks; 25 when left out. */
  readonly intervalMs?: number;
  /** Ends the waiting early, with the same error, when it gives true: what is waited for can no longer come. */
  readonly giveUp?: () => boolean;
  /** Called once when the time is over; what it returns is put into the error. */
  readonly evidence?: () => string | Promise<string>;
}

/**
 * Waits until `condition` gives something truthy and returns that. What `condition` throws counts as "not yet".
 *
 * @throws Error naming what was waited for, with the last error of `condition` and the evidence, when the time is over or `giveUp` says so.
 */
export async function waitFor<T>(condition: () => T | Promise<T>, options: WaitOptions): Promise<NonNullable<T>> {
  const { what, timeoutMs = 10_000, intervalMs = 25, giveUp, evidence } = options;
  const start = performance.now();
  let problem = '';
  for (;;) {
    try {
      const value = await condition();
      if (value) return value;
      problem = '';
    } catch (error) {
      problem = `: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (performance.now() - start >= timeoutMs || giveUp?.()) break;
    await delay(intervalMs);
  }
  const seen = evidence === undefined ? '' : `\n${await evidence()}`;
  throw new Error(`waited ${Math.round(performance.now() - start)} ms in vain for ${what}${problem}${seen}`);
}
