import { type AppReport, isLive, OutlastError, wait } from '@outlast/core';
import type { HostSession } from './host-session.js';
import { isPassing, waitForRetry } from './reconnect.js';

/** One answer of the host lasts at most this long; then it is asked again. */
export const ANSWER_SECONDS = 25;

/**
 * Asks again and again until an app has ended for good. Once the host has been there, a lost link is replaced by another: the app goes on
 * without us, and so does the waiting.
 */
export async function waitForEnd(
  session: HostSession,
  app: string,
  interrupt: AbortSignal,
): Promise<readonly AppReport[]> {
  for (let answered = false, failures = 0; ; ) {
    try {
      const reports = await session.run(wait, { app, seconds: ANSWER_SECONDS });
      answered = true;
      failures = 0;
      if (!reports.some(({ state }) => isLive(state))) return reports;
    } catch (error) {
      const lost = error instanceof OutlastError && error.code === 'E_CONNECTION_LOST';
      if (interrupt.aborted || !isPassing(error) || !(answered || lost)) throw error;
      answered = true;
      await session.close();
      await waitForRetry(++failures, session.signal);
    }
  }
}
