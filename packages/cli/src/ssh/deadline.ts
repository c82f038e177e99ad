import { OutlastError } from '@outlast/core';
import type { HostSettings } from './configuration/host-settings.js';
import type { Questions } from './questions.js';
import type { ConnectOptions } from './transport.js';

// Where neither a flag nor the ssh configuration says anything.
const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;

/** The limit of a connection attempt, and how far the attempt has come. */
export interface Deadline {
  /** Aborts when the time is over, the caller gave up, or nobody waits any more; the reason is an OutlastError. */
  readonly signal: AbortSignal;
  /** What is being done, for the message should the time be over: `waiting for the banner`. */
  stage: string;
  /** How the server last turned us away: that says more than the stage. */
  turnedAway: OutlastError | undefined;
  /** What is known of the step that is under way, where that says even more; see `explainWhile`. */
  explain: Explain | undefined;
  /** Builds the error that it is if the time, `ms` milliseconds, is over now. */
  judge(ms: number): OutlastError;
  /** Aborts the attempt, unless it has ended. */
  giveUp(reason: OutlastError): void;
  /** The attempt has ended: stops the clock. */
  end(): void;
}

/** Tells what a step has come to, should `ms` milliseconds be over; undefined when that is nothing. */
export type Explain = (ms: number) => OutlastError | undefined;

/** Chooses how long a connection attempt may take, in milliseconds: what the caller says, else the ConnectTimeout of the host. */
export function chooseConnectTimeout(
  callersMs: number | undefined,
  { connectTimeout }: Pick<HostSettings, 'connectTimeout'>,
): number {
  return callersMs ?? (connectTimeout === null ? DEFAULT_CONNECT_TIMEOUT_MS : connectTimeout * 1_000);
}

/**
 * Starts an absolute limit of `ms` milliseconds, whose clock stands still while a person is being asked something;
 * aborting one of `outers` ends it at once.
 */
export function startDeadline(ms: number, questions: Questions, ...outers: readonly AbortSignal[]): Deadline {
  const startClock = (deadline: Deadline) =>
    startPausableTimer(ms, questions, () => deadline.giveUp(deadline.judge(ms)));
  return startLimit({ outers, startClock });
}

/** Starts the deadline of a host; it ends with the run, or when the caller gives up. */
export function startHostDeadline(
  settings: Pick<HostSettings, 'connectTimeout'>,
  run: { readonly questions: Questions; readonly end: AbortController },
  { connectTimeoutMs, signal }: ConnectOptions,
): Deadline {
  const outers = [run.end.signal, ...(signal === undefined ? [] : [signal])];
  return startDeadline(chooseConnectTimeout(connectTimeoutMs, settings), run.questions, ...outers);
}

/** Starts a limit without a clock, for what others wait for, each as long as it may: `to` is what that leads to. */
export function startSharedDeadline(to: string, outer: AbortSignal): Deadline {
  return startLimit({ outers: [outer], to });
}

/** Does a step of an attempt; should the time be over meanwhile, the error is the one that `explain` gives. */
export async function explainWhile<T>(deadline: Deadline, explain: Explain, work: () => Promise<T>): Promise<T> {
  deadline.explain = explain;
  try {
    return await work();
  } finally {
    deadline.explain = undefined;
  }
}

interface Clock {
  stop(): void;
}

interface Limit {
  // Not AbortSignal.any: what that makes of a signal that lives long stays with it for as long.
  readonly outers: readonly AbortSignal[];
  readonly to?: string;
  startClock?(deadline: Deadline): Clock;
}

function startLimit({ outers, to, startClock }: Limit): Deadline {
  const controller = new AbortController();
  let ended = false;
  const deadline: Deadline = {
    signal: controller.signal,
    stage: 'connecting',
    turnedAway: undefined,
    explain: undefined,
    judge: (ms) => deadline.explain?.(ms) ?? deadline.turnedAway ?? buildTimeoutError(ms, deadline.stage, to),
    giveUp(reason) {
      if (ended) return;
      deadline.end();
      controller.abort(reason);
    },
    end() {
      ended = true;
      clock?.stop();
      for (const outer of outers) outer.removeEventListener('abort', followOuter);
    },
  };
  const followOuter = (): void => deadline.giveUp(buildAbortReason(outers.find(({ aborted }) => aborted)?.reason));
  const clock = startClock?.(deadline);
  if (outers.some(({ aborted }) => aborted)) followOuter();
  else for (const outer of outers) outer.addEventListener('abort', followOuter);
  return deadline;
}

function startPausableTimer(ms: number, questions: Questions, onOver: () => void): Clock {
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

function buildTimeoutError(ms: number, stage: string, to?: string): OutlastError {
  const connection = to === undefined ? 'connection' : `connection to ${to}`;
  return new OutlastError('E_CONNECT_TIMEOUT', `no ${connection} within ${ms / 1000} s: gave up ${stage}`, {
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
