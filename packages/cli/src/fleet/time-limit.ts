import { OutlastError } from '@outlast/core';

/** Aborts once so many milliseconds have gone by; undefined never does. */
export function createTimeLimit(
  ms: number | undefined,
  hint = 'allow more with --timeout',
): { readonly signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  if (ms === undefined) return { signal: controller.signal, end: () => undefined };
  const error = new OutlastError('E_TIMEOUT', `no complete answer within ${ms / 1000} s`, { hint });
  const timer = setTimeout(() => controller.abort(error), ms);
  return { signal: controller.signal, end: () => clearTimeout(timer) };
}
