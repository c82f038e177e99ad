import type { Outcome } from '../fleet/outcome.js';
import { completeHint } from '../output/complete-hint.js';
import { describeError, type ErrorFacts } from '../output/describe-error.js';
import { buildDocument, buildOutcomeJson, type ShardEnd } from '../output/document.js';
import { formatHostErrors } from '../output/format-error.js';
import { formatJson, formatNdjson } from '../output/json.js';
import type { Context } from './context.js';

/** How the answers of a verb are shown. */
export interface OutcomeView<T> {
  /** The verb's own fields of one host's outcome in the JSON. */
  toJson(value: T): Readonly<Record<string, unknown>>;
  /** What people see on stdout when all is done. */
  format(outcomes: readonly Outcome<T>[]): Promise<string>;
  /** The exit code of the verb. */
  resolveExit(outcomes: readonly Outcome<T>[]): number;
}

/**
 * Prints all outcomes: one document with `--json`, nothing more with `--ndjson`, else the table, and then what went wrong. Resolves to
 * the exit code.
 */
export async function reportOutcomes<T>(
  context: Context,
  outcomes: readonly Outcome<T>[],
  view: OutcomeView<T>,
): Promise<number> {
  const end = resolveShardEnd(context, () => view.resolveExit(outcomes));
  await printOutcomes(context, outcomes, view, end);
  return end?.exitCode ?? view.resolveExit(outcomes);
}

/** What a shard's document says of its end; undefined where the run is a whole one. */
export function resolveShardEnd({ shard }: Context, resolveExit: () => number): ShardEnd | undefined {
  return shard === undefined ? undefined : { ...shard, exitCode: resolveExit() };
}

async function printOutcomes<T>(
  context: Context,
  outcomes: readonly Outcome<T>[],
  view: OutcomeView<T>,
  end: ShardEnd | undefined,
): Promise<void> {
  const { output, verb } = context;
  if (output.flags.json) await output.data(formatJson(buildDocument(verb, outcomes, view.toJson, end)));
  if (output.flags.json || output.flags.ndjson) return;
  await output.data(await view.format(outcomes));
  if (output.closed) return;
  const errors = outcomes.flatMap(({ host, error }) =>
    error === undefined ? [] : [{ host, error: completeFacts(describeError(error), context.repeated) }],
  );
  output.report(formatHostErrors(errors, { palette: output.stderr.palette, verbose: output.flags.verbose === true }));
}

function completeFacts(facts: ErrorFacts, repeated: string): ErrorFacts {
  return facts.hint ? { ...facts, hint: completeHint(facts.hint, repeated) } : facts;
}

/** Prints one outcome at once, with `--ndjson`. */
export async function streamOutcome<T>(
  { output }: Context,
  outcome: Outcome<T>,
  toJson: OutcomeView<T>['toJson'],
): Promise<void> {
  if (output.flags.ndjson && !output.flags.json) await output.data(formatNdjson(buildOutcomeJson(outcome, toJson)));
}
