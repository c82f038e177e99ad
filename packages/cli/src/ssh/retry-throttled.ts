import { isCode } from './connect-errors.js';
import type { Deadline } from './deadline.js';
import { isExhaustedError } from './exhaustion.js';

const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 2_000;

/**
 * Only a server that turns us away before its banner is tried again, with full jitter, until the deadline. So is one that bans
 * our address for a while: sshd has the same words for that and for too many connections, the ban may be over by then, and what
 * is turned away meanwhile does not lengthen it. And where this laptop has no open files left: other hosts that are done give theirs back.
 */
export async function retryThrottled<T>(deadline: Deadline, attempt: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (deadline.signal.aborted) throw error;
      // What the server said is worth more than that it then said nothing.
      if (isCode(error, 'E_CONNECT_TIMEOUT')) throw deadline.turnedAway ?? error;
      if (!isCode(error, 'E_THROTTLED') && !isExhaustedError(error)) throw error;
      deadline.turnedAway = error;
      const backoff = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** tries);
      await waitUnlessAborted(Math.random() * backoff, deadline.signal);
      deadline.signal.throwIfAborted();
    }
  }
}

function waitUnlessAborted(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
