import { OutlastError, type OwnWords } from '@outlast/core';

/** What people and the JSON are told about an error; absent parts are null or left out. */
export interface ErrorFacts {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | null;
  /** The jump host at which it failed. */
  readonly via?: string | null;
  /** What message and hint call the host alone. */
  readonly own?: OwnWords | undefined;
  /** Last lines of the app's log. */
  readonly lastLines?: readonly string[] | null;
  /** The error underneath, for `--verbose`. */
  readonly cause?: unknown;
  readonly stack?: string | undefined;
}

const UNEXPECTED_HINT = 'this is a mistake in outlast; run it again with --verbose and report what it prints';

/** Describes anything that was thrown; what is not an `OutlastError` is a mistake of ours, `E_INTERNAL`. */
export function describeError(error: unknown): ErrorFacts {
  if (error instanceof OutlastError) {
    const { hint, via, own, lastLines, cause } = error.details;
    const facts = { code: error.code, message: error.message, own, cause, stack: error.stack };
    return { ...facts, hint: hint ?? null, via: via ?? null, lastLines: lastLines ?? null };
  }
  const { message, stack, cause } = error instanceof Error ? error : new Error(String(error));
  return { code: 'E_INTERNAL', message, cause, stack, hint: UNEXPECTED_HINT };
}
