import type { Operation } from '@outlast/core';
import { createRequestId } from '../fleet/nonce.js';

/** The options of an operation, of which a host fills in who acts and the id of the request. */
export type Asked<Options> = Omit<Options, 'by' | 'request'> &
  Partial<Pick<Options, Extract<keyof Options, 'by' | 'request'>>>;

/** Fills in what whoever uses the library need not think of. A request's id is for one host: a new one each time. */
export function completeOptions<Options>(
  operation: Operation<Options, unknown>,
  options: Asked<Options>,
  by: string,
): Options {
  if (!operation.mutates) return options as Options;
  // What plain JavaScript gives as undefined is not given.
  const given: { readonly by?: unknown; readonly request?: unknown } = options;
  return { ...options, by: given.by ?? by, request: given.request ?? createRequestId() } as Options;
}
