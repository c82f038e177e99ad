import { OutlastError } from '@outlast/core';
import { createTimeLimit } from '../fleet/time-limit.js';

/** What ends a call before its time. */
export interface CallLimit {
  /** Aborted with an OutlastError, whatever reason the caller's own signals have. */
  readonly signal: AbortSignal;
  readonly isTimedOut: boolean;
  /** Lets go of the signals and the clock. */
  end(): void;
}

/** Aborts when one of the signals does, or the time is over. */
export function createCallLimit(
  signals: readonly (AbortSignal | undefined)[],
  timeoutMs: number | undefined,
): CallLimit {
  const controller = new AbortController();
  const limit = createTimeLimit(timeoutMs, 'allow more with timeoutMs');
  const releases = [
    listen(limit.signal, () => controller.abort(limit.signal.reason)),
    ...signals.map((signal) => listen(signal, () => controller.abort(toAbortError(signal?.reason)))),
  ];
  return {
    signal: controller.signal,
    get isTimedOut() {
      return limit.signal.aborted;
    },
    end() {
      limit.end();
      for (const release of releases) release();
    },
  };
}

function listen(signal: AbortSignal | undefined, onAbort: () => void): () => void {
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  return () => signal?.removeEventListener('abort', onAbort);
}

function toAbortError(reason: unknown): OutlastError {
  if (reason instanceof OutlastError) return reason;
  return new OutlastError('E_UNKNOWN_RESULT', 'interrupted', { cause: reason });
}
