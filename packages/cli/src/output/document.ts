import type { OutlastError } from '@outlast/core';
import type { Outcome } from '../fleet/outcome.js';
import type { Shard } from '../inventory/shard.js';

/** The name of the shape of everything that `--json` and `--ndjson` print; another shape gets another name. */
export const SCHEMA = 'outlast/1';

/** What the document of a shard says of itself, and the document of a whole run does not. */
export interface ShardEnd extends Shard {
  readonly exitCode: number;
}

/** Builds the one document of `--json`. */
export function buildDocument<T>(
  verb: string,
  outcomes: readonly Outcome<T>[],
  toJson: (value: T) => Readonly<Record<string, unknown>>,
  shard?: ShardEnd,
): Readonly<Record<string, unknown>> {
  const ok = outcomes.every((outcome) => outcome.ok === true);
  const told = outcomes.map((outcome) => buildOutcomeJson(outcome, toJson));
  return { schema: SCHEMA, verb, ...(shard === undefined ? {} : { shard }), ok, outcomes: told };
}

/** Builds one host's part of the document, which is also its line in `--ndjson`. */
export function buildOutcomeJson<T>(
  { host, ok, value, error }: Outcome<T>,
  toJson: (value: T) => Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return {
    host,
    ok,
    ...(value === undefined ? {} : toJson(value)),
    ...(error === undefined ? {} : { error: buildErrorJson(error) }),
  };
}

/** Builds the `error` of an outcome; what an error does not have is null. */
export function buildErrorJson({ code, message, details }: OutlastError): Readonly<Record<string, unknown>> {
  const { hint = null, via = null, exitCode, signal, lastLines } = details;
  const ending = exitCode === undefined ? {} : { exitCode, signal: signal ?? null, lastLines: lastLines ?? [] };
  return { code, message, hint, via, ...ending };
}
