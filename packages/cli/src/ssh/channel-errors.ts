import { OutlastError } from '@outlast/core';

/** Builds the error for what was asked of a connection that is gone. */
export function buildLostError(cause: Error | undefined): OutlastError {
  const why = cause === undefined ? '' : `: ${cause.message}`;
  return new OutlastError('E_CONNECTION_LOST', `the connection was lost${why}`, {
    hint: 'ask again: what runs on the host goes on without us',
    cause,
  });
}

/** Builds the error for input that the channel no longer takes. */
export function buildClosedInputError(): OutlastError {
  return new OutlastError('E_CONNECTION_LOST', 'the channel closed before all of its input was taken');
}

/** Tells ssh2's error for what was asked of a connection that went away. */
export function isLost(error: Error): boolean {
  return error.message === 'No response from server';
}

/** Tells whether a server refused a channel because it has as many as it allows. */
export function isFull(error: unknown): boolean {
  // Reasons of RFC 4254, 5.1: sshd says 2 for MaxSessions, others say 4 for "resource shortage".
  const reason = error instanceof OutlastError ? readReason(error.details.cause) : undefined;
  return reason === 2 || reason === 4;
}

function readReason(error: unknown): unknown {
  return (error as { reason?: unknown } | undefined)?.reason;
}

/** Builds the error for a channel that was not opened, or in which nothing was run; `reason` is that of RFC 4254, 5.1, where the server gave one. */
export function buildChannelError(error: Error & { readonly reason?: unknown }): OutlastError {
  if (isLost(error)) return buildLostError(error);
  if (readReason(error) === undefined) return buildNothingRunError(error);
  return new OutlastError('E_NO_SHELL', `the host opened no session for us: ${error.message}`, {
    hint: 'check MaxSessions in its sshd_config',
    cause: error,
  });
}

/** Builds the error for a host that opened a channel and then refused what was to run in it. */
export function buildNothingRunError(cause?: Error): OutlastError {
  const why = cause === undefined ? '' : `: ${cause.message}`;
  return new OutlastError('E_NO_SHELL', `the host let us in but runs nothing for us${why}`, {
    hint: 'check the login shell of the user, and ForceCommand or a restricted key',
    cause,
  });
}

/** Builds the error for a way on from a host that was not opened; `reason` is that of RFC 4254, 5.1, where the server gave one. */
export function buildTunnelError(error: Error, where: string): OutlastError {
  if (isLost(error)) return buildLostError(error);
  const forbidden = readReason(error) === 1;
  const said = error.message.replace(/^\(SSH\) Channel open failure: ?/, '') || 'no reason given';
  const what = forbidden ? 'the host lets nobody on' : 'the host has no connection on';
  return new OutlastError('E_CONNECT_REFUSED', `${what} to ${where}: ${said}`, {
    hint: forbidden
      ? 'allow it there: AllowTcpForwarding, PermitOpen or the options of the key'
      : 'does something listen there, on that port, and does the host reach it?',
    cause: error,
  });
}

/** Tells whether a way on was not opened because the server lets nobody through. */
export function isForwardingForbidden(error: unknown): boolean {
  return error instanceof OutlastError && readReason(error.details.cause) === 1;
}
