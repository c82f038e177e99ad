import { setMaxListeners } from 'node:events';
import { OutlastError } from '@outlast/core';

/** What ends a call before it is done. */
export interface CallLimit {
  /** Aborted with an OutlastError, whatever reason the caller's own signals have. */
  readonly signal: AbortSignal;
  readonly isTimedOut: boolean;
  /** Lets go of the signals and the clock. */
  end(): void;
}

/** How long a call may take. */
export interface CallTime {
  /** In milliseconds; undefined for as long as it takes. */
  readonly ms: number | undefined;
  /** What allows more, for the hint: `--timeout`. */
  readonly flag: string;
}

/** Aborts when one of the signals does, or the time is over; keeps nothing of itself with a signal that outlives it. */
export function startCallLimit(signals: readonly (AbortSignal | undefined)[], time?: CallTime): CallLimit {
  const controller = new AbortController();
  // A call that is a whole run has as many listeners as hosts are under way.
  setMaxListeners(0, controller.signal);
  let isTimedOut = false;
  const giveUp = (): void => {
    isTimedOut = true;
    controller.abort(createTimeError(time));
  };
  const timer = time?.ms === undefined ? undefined : setTimeout(giveUp, time.ms);
  const releases = signals.map((signal) => listen(signal, () => controller.abort(toAbortError(signal?.reason))));
  return {
    signal: controller.signal,
    get isTimedOut() {
      return isTimedOut;
    },
    end() {
      clearTimeout(timer);
      for (const release of releases) release();
    },
  };
}

function createTimeError({ ms = 0, flag = '' }: Partial<CallTime> = {}): OutlastError {
  return new OutlastError('E_TIMEOUT', `no complete answer within ${ms / 1000} s`, { hint: `allow more with ${flag}` });
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
