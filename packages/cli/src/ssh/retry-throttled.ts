import { type ErrorCode, OutlastError } from '@outlast/core';
import type { Deadline } from './deadline.js';

const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 2_000;

/** Connects by `attempt`; only a server that has too many connections is tried again, with full jitter, until the deadline. */
export async function retryThrottled<T>(deadline: Deadline, attempt: () => Promise<T>): Promise<T> {
  let throttled: unknown;
  for (let tries = 0; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      // What the server said is worth more than that the time is over.
      if (throttled !== undefined && isCode(error, 'E_CONNECT_TIMEOUT')) throw throttled;
      if (!isCode(error, 'E_THROTTLED') || deadline.signal.aborted) throw error;
      throttled = error;
      const backoff = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** tries);
      if (!(await waitUnlessAborted(Math.random() * backoff, deadline.signal))) throw error;
    }
  }
}

function isCode(error: unknown, code: ErrorCode): boolean {
  return error instanceof OutlastError && error.code === code;
}

function waitUnlessAborted(ms: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const done = (waited: boolean): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      resolve(waited);
    };
    const giveUp = (): void => done(false);
    const timer = setTimeout(() => done(true), ms);
    signal.addEventListener('abort', giveUp);
  });
}
