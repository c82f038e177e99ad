import { OutlastError } from '@outlast/core';
import type { ExecEnd } from '../ssh/transport.js';
import { type Answer, isCut } from './answer.js';

/** The error for a script whose answer is not whole. */
export function explainSilence(
  signal: AbortSignal,
  mutates: boolean,
  { reply, end, stderr, hint, isHarmless = false }: Answer,
): OutlastError {
  const lost = isCut(end);
  if (!lost && !reply.begun) return createNoShellError(reply, stderr, end);
  const reason = signal.aborted ? (signal.reason as Error).message : describeSilence(end, lost);
  if (isHarmless) return createHarmlessError(signal, reason, lost, hint);
  if (mutates) {
    return new OutlastError('E_UNKNOWN_RESULT', `${reason}, so it is not known whether it was done`, {
      hint: hint ?? 'see how things stand before you do it again: outlast status',
      cause: signal.reason,
    });
  }
  if (signal.aborted) return signal.reason as OutlastError;
  if (end.cause !== undefined) return end.cause;
  const code = lost ? 'E_CONNECTION_LOST' : 'E_PROTOCOL';
  return new OutlastError(code, `${reason} before the answer was complete`, { hint: 'ask again' });
}

/** By which of both it was broken off: the link, or somebody. */
function createHarmlessError(signal: AbortSignal, reason: string, lost: boolean, hint?: string): OutlastError {
  const cause: unknown = signal.reason;
  const isLate = cause instanceof OutlastError && cause.code === 'E_TIMEOUT';
  const code = isLate ? 'E_TIMEOUT' : lost && !signal.aborted ? 'E_CONNECTION_LOST' : 'E_BROKEN_OFF';
  const advice = isLate ? cause.details.hint : hint;
  return new OutlastError(code, `${reason}, and nothing was switched`, { cause, ...(advice && { hint: advice }) });
}

function describeSilence({ exitCode, signal }: ExecEnd, lost: boolean): string {
  if (lost) return 'the connection was lost';
  return `the script ended with ${signal === null ? `code ${exitCode}` : signal}`;
}

function createNoShellError({ preamble }: Answer['reply'], stderr: string, end: ExecEnd): OutlastError {
  const said = `${preamble}${stderr}`.trim();
  const how = end.signal === null ? `exit code ${end.exitCode}` : `signal ${end.signal}`;
  const message =
    said === '' ? `the host ran no shell for us (${how})` : `the host ran no shell for us, it said: ${said}`;
  return new OutlastError('E_NO_SHELL', message, {
    hint: 'check the login shell of the user, a forced command or a restricted key, and try: ssh HOST true',
  });
}
