import { OutlastError } from '@outlast/core';
import type { Finding, Outcome } from '../fleet/outcome.js';

/** What became of one host of a run: `ok` tells what else there is. */
export type FleetOutcome<T> = DoneOutcome<T> | FailedOutcome<T>;

/** All was done that was asked. */
export interface DoneOutcome<T> {
  /** The host as it was written. */
  readonly host: string;
  readonly ok: true;
  readonly value: T;
  readonly error: undefined;
  /** Our script ran there. */
  readonly reached: boolean;
}

/** Something was not done, or, with `ok` null, nobody knows whether it was. */
export interface FailedOutcome<T> {
  readonly host: string;
  readonly ok: false | null;
  /** What the host answered, where it did: it may have answered and failed. */
  readonly value: T | undefined;
  readonly error: OutlastError;
  readonly reached: boolean;
}

/** Says what the answer of a host comes to: the error of one of its apps is that of the host. */
export function buildFinding<T>(value: T): Finding<T> {
  const error = (Array.isArray(value) ? value : [value]).map(readError).find((each) => each !== undefined);
  if (error === undefined) return { ok: true, value };
  return { ok: error.code === 'E_UNKNOWN_RESULT' ? null : false, value, error };
}

/** Every host that was not ok has an error. */
export function toFleetOutcome<T>({ host, ok, value, error, reached }: Outcome<T>): FleetOutcome<T> {
  if (ok) return { host, ok, value: value as T, error: undefined, reached };
  return { host, ok, value, error: error ?? new OutlastError('E_INTERNAL', 'it failed without an error'), reached };
}

function readError(result: unknown): OutlastError | undefined {
  if (typeof result !== 'object' || result === null || !('error' in result)) return undefined;
  return result.error instanceof OutlastError ? result.error : undefined;
}
