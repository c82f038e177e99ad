import { type AppReport, type ErrorCode, isLive, OutlastError } from '@outlast/core';
import { classifyOutcome, isUnread, type Outcome, type OutcomeClass } from '../fleet/outcome.js';
import type { Context } from './context.js';

/** All that the program's end can tell a script. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  notRunning: 3,
  unreachable: 4,
  timedOut: 124,
  interrupted: 130,
} as const;

const USAGE_CODES: ReadonlySet<ErrorCode> = new Set(['E_USAGE', 'E_CONFIG']);

/** The exit code for an error that ended the whole run. */
export function resolveErrorExit(error: unknown): number {
  return error instanceof OutlastError && USAGE_CODES.has(error.code) ? EXIT.usage : EXIT.failed;
}

/** The exit code for the outcomes of all hosts. */
export function resolveExit({ interrupt }: Context, all: readonly Outcome<unknown>[]): number {
  if (interrupt.aborted) return EXIT.interrupted;
  const outcomes = all.filter((outcome) => !isUnread(outcome));
  // A configuration that ssh refuses has reached no host, and neither could have.
  if (outcomes.length > 0 && outcomes.every(isUsageError)) return EXIT.usage;
  const classes = outcomes.map(classifyOutcome);
  // Where it is not known what was done, something was sent at least.
  if (outcomes.length > 0 && classes.every(isUnreached)) return EXIT.unreachable;
  return classes.every((each) => each === 'ok') ? EXIT.ok : EXIT.failed;
}

function isUnreached(outcome: OutcomeClass): boolean {
  return outcome === 'unreachable' || outcome === 'skipped';
}

function isUsageError({ error }: Outcome<unknown>): boolean {
  return error !== undefined && USAGE_CODES.has(error.code);
}

/** As {@link resolveExit}, and 3 when all is well but every host asked knows none of the apps. */
export function resolveKnownExit(context: Context, outcomes: readonly Outcome<readonly AppReport[]>[]): number {
  const code = resolveExit(context, outcomes);
  const apps = outcomes.flatMap(({ value }) => value ?? []);
  const unknown = apps.length > 0 && apps.every(({ state }) => state === 'unknown');
  return code === EXIT.ok && unknown ? EXIT.notRunning : code;
}

/** As {@link resolveExit}, and 3 when all is well but none of the named apps runs on any host. */
export function resolveRunningExit(
  context: Context,
  outcomes: readonly Outcome<readonly AppReport[]>[],
  named: boolean,
): number {
  const code = resolveExit(context, outcomes);
  const running = outcomes.some(({ value }) => value?.some(({ state }) => isLive(state)));
  return code === EXIT.ok && named && !running && outcomes.length > 0 ? EXIT.notRunning : code;
}
