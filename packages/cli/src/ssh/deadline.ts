import { OutlastError } from '@outlast/core';
import type { HostSettings } from './configuration/host-settings.js';
import type { Questions } from './questions.js';

// Where neither a flag nor the ssh configuration says anything.
const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;

/** One absolute limit for a connection attempt. It stands still while a person is being asked something. */
export interface Deadline {
  /** Aborts when the time is over, the caller gave up, or the deadline was ended; the reason is an OutlastError. */
  readonly signal: AbortSignal;
  /** What is being done, for the message should the time be over: `waiting for the banner`. */
  stage: string;
  /** Stops the clock. */
  end(): void;
}

/** Chooses how long a connection attempt may take, in milliseconds: what the caller says, else the ConnectTimeout of the host. */
export function chooseConnectTimeout(
  callersMs: number | undefined,
  { connectTimeout }: Pick<HostSettings, 'connectTimeout'>,
): number {
  return callersMs ?? (connectTimeout === null ? DEFAULT_CONNECT_TIMEOUT_MS : connectTimeout * 1_000);
}

/** Starts a deadline of `ms` milliseconds; aborting `outer` ends it at once. */
export function startDeadline(ms: number, questions: Questions, outer?: AbortSignal): Deadline {
  const controller = new AbortController();
  const clock = startPausableTimer(ms, questions, () => controller.abort(buildTimeoutError(ms, deadline.stage)));
  const giveUp = (): void => controller.abort(buildAbortReason(outer?.reason));
  const deadline: Deadline = {
    signal: controller.signal,
    stage: 'connecting',
    end() {
      clock.stop();
      outer?.removeEventListener('abort', giveUp);
    },
  };
  controller.signal.addEventListener('abort', () => deadline.end());
  if (outer?.aborted === true) giveUp();
  else outer?.addEventListener('abort', giveUp);
  return deadline;
}

function startPausableTimer(ms: number, questions: Questions, onOver: () => void): { stop(): void } {
  let left = ms;
  let since = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const pause = (): void => {
    if (timer === undefined) return;
    clearTimeout(timer);
    timer = undefined;
    left -= performance.now() - since;
  };
  const resume = (): void => {
    if (timer !== undefined) return;
    since = performance.now();
    timer = setTimeout(onOver, Math.max(0, left));
  };
  const follow = (): void => (questions.open ? pause() : resume());
  const unfollow = questions.onChange(follow);
  follow();
  return {
    stop() {
      unfollow();
      pause();
    },
  };
}

function buildTimeoutError(ms: number, stage: string): OutlastError {
  return new OutlastError('E_CONNECT_TIMEOUT', `no connection within ${ms / 1000} s: gave up ${stage}`, {
    hint: 'check the address, the network and the firewall, or allow more with --connect-timeout',
  });
}

/** Makes an error of what a caller gave as its reason to abort. */
export function buildAbortReason(reason: unknown): OutlastError {
  if (reason instanceof OutlastError) return reason;
  return new OutlastError('E_CONNECT_CLOSED', 'gave up before the connection stood', { cause: reason });
}

/** Waits for `work`, but no longer than until `signal` aborts: then throws its reason. */
export function raceSignal<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    work.catch(() => undefined);
    return Promise.reject(signal.reason);
  }
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}
