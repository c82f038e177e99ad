import { OutlastError } from '@outlast/core';

/** What became of one host. */
export interface Outcome<T> {
  /** The host as written or configured. */
  readonly host: string;
  /** Null when nobody knows. */
  readonly ok: boolean | null;
  /** What the host answered, where it did; it may have answered and failed. */
  readonly value?: T;
  readonly error?: OutlastError;
  /** Our script ran there. */
  readonly reached: boolean;
}

/** What the work on one host comes to. */
export interface Finding<T> {
  /** Null when nobody knows. */
  readonly ok: boolean | null;
  readonly value: T;
  readonly error?: OutlastError;
}

/** Why something was given up that was done only to be read. */
export const UNREAD = new OutlastError('E_UNKNOWN_RESULT', 'nobody reads the output any more');

/** Tells whether a host was given up because nobody reads any more, which is no failure of anybody. */
export function isUnread({ error }: Outcome<unknown>): boolean {
  return error !== undefined && (error === UNREAD || error.details.cause === UNREAD);
}

/** What a host's outcome counts as; each is exactly one. */
export const OUTCOME_CLASSES = ['ok', 'failed', 'unreachable', 'unknown', 'skipped'] as const;

/** One of the {@link OUTCOME_CLASSES}. */
export type OutcomeClass = (typeof OUTCOME_CLASSES)[number];

/** Tells which class an outcome belongs to: `unreachable` is where our script never ran, `skipped` a host that was not begun. */
export function classifyOutcome({ ok, error, reached }: Omit<Outcome<unknown>, 'host' | 'value'>): OutcomeClass {
  if (ok === true) return 'ok';
  if (ok === null) return 'unknown';
  if (error?.code === 'E_SKIPPED') return 'skipped';
  return reached ? 'failed' : 'unreachable';
}
