import { setTimeout as sleep } from 'node:timers/promises';
import { type ErrorCode, OutlastError } from '@outlast/core';

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 10_000;

/** What may pass by itself while a laptop sleeps, moves or changes its network. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  'E_CONNECTION_LOST',
  'E_CONNECT_TIMEOUT',
  'E_CONNECT_REFUSED',
  'E_CONNECT_CLOSED',
  'E_CONNECT_UNREACHABLE',
  'E_PROXY_COMMAND',
  'E_THROTTLED',
  'E_RESOLVE',
]);

/** Tells whether it is worth trying again what only looks at a host, and was under way there before. */
export function isPassing(error: unknown): error is OutlastError {
  return error instanceof OutlastError && PASSING.has(error.code);
}

/** Tries again, so many times more at most, what changes nothing as long as it fails; only what may pass by itself. */
export async function retryPassing<T>(retries: number, signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
  for (let failures = 0; ; failures++) {
    try {
      return await attempt();
    } catch (error) {
      if (failures === retries || signal.aborted || !isPassing(error)) throw error;
      await waitForRetry(failures, signal);
    }
  }
}

/** Waits before the next of so many tries, longer each time, with full jitter; ends at once when aborted. */
export async function waitForRetry(failures: number, signal: AbortSignal): Promise<void> {
  const longest = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures);
  await sleep(Math.random() * longest, undefined, { signal }).catch(() => undefined);
}
