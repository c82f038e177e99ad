import { type AppResult, OutlastError, type SeenApp, status } from '@outlast/core';
import type { HostSession } from './host-session.js';
import { isPassing, waitForRetry } from './reconnect.js';

/** How many connections a look at what was started is worth. */
const MAX_LOOKS = 3;

/** Looks for the app over a second, fresh connection: only what has outlived one is detached. Adds to `proven` what was seen there. */
export async function proveDetached<Result extends AppResult>(
  session: HostSession,
  result: Result,
  proven: Set<string>,
): Promise<Result> {
  if (result.error !== undefined || result.identity === null) return result;
  const { app } = result.report;
  try {
    const [seen] = await lookFresh(session, app);
    if (seen !== undefined && seen.identity === result.identity) {
      proven.add(seen.identity);
      return { ...result, ...seen };
    }
    const state = seen?.report.state ?? 'gone';
    const error = new OutlastError('E_NOT_DETACHED', `${app} runs no more: a second connection found it ${state}`, {
      hint: `see what it said last: outlast logs ${app}`,
    });
    return { ...result, ...seen, error };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const error = new OutlastError(
      'E_NOT_DETACHED',
      `${app} runs, but a second connection could not look at it: ${reason}`,
      {
        hint: `look yourself before you disconnect: outlast status ${app}`,
        cause,
      },
    );
    return { ...result, error };
  }
}

/** Looks over a fresh connection, and over another one where that was cut off: that a link breaks says nothing of the app. */
async function lookFresh(session: HostSession, app: string): Promise<readonly SeenApp[]> {
  for (let looks = 1; ; looks++) {
    await session.close();
    try {
      return await session.run(status, { apps: [app] });
    } catch (error) {
      // What has taken a whole connect timeout would take another.
      if (!isPassing(error) || error.code === 'E_CONNECT_TIMEOUT' || looks === MAX_LOOKS) throw error;
      await waitForRetry(looks - 1, session.signal);
    }
  }
}
