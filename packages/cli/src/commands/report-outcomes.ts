import type { OutlastError } from '@outlast/core';
import type { Outcome } from '../fleet/outcome.js';
import { describeError } from '../output/describe-error.js';
import { buildDocument, buildOutcomeJson, type ShardEnd } from '../output/document.js';
import { formatHostErrors } from '../output/format-error.js';
import { formatLines, sortRows } from '../output/format-rows.js';
import { formatSummary } from '../output/format-summary.js';
import { formatJson, formatNdjson } from '../output/json.js';
import type { RowView } from '../output/rows.js';
import type { Context } from './context.js';

/** How the answers of a verb are shown. */
export interface OutcomeView<T> {
  /** The verb's own fields of one host's outcome in the JSON. */
  toJson(value: T): Readonly<Record<string, unknown>>;
  /** What people see on stdout when all is done. */
  format(outcomes: readonly Outcome<T>[]): Promise<string>;
  /** The exit code of the verb. */
  resolveExit(outcomes: readonly Outcome<T>[]): number;
  /** How the answers are taken apart into the rows that `--sort` and `--format` are about. */
  readonly rows?: RowView<T>;
  /** What is said of a host that answered, has no error and still is not ok. */
  explain?(value: T): OutlastError;
  /** False for what asks no host anything, so that there are none to count. */
  readonly counts?: boolean;
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
  await output.data(await formatOutcomes(context, outcomes, view));
  if (output.closed) return;
  reportErrors(context, outcomes, view);
}

async function formatOutcomes<T>(
  { output: { flags } }: Context,
  outcomes: readonly Outcome<T>[],
  { rows, toJson, format }: OutcomeView<T>,
): Promise<string> {
  if (rows === undefined) return format(outcomes);
  const arrangement = { rows, order: flags.sort, toJson };
  return flags.format === undefined
    ? format(sortRows(outcomes, arrangement))
    : formatLines(outcomes, flags.format, arrangement);
}

function reportErrors<T>(
  { output, repeated }: Context,
  outcomes: readonly Outcome<T>[],
  { explain, counts = true }: OutcomeView<T>,
): void {
  const { palette, width } = output.stderr;
  const errors = outcomes.flatMap(({ host, ok, value, error }) => {
    const known = error ?? (ok === false && value !== undefined ? explain?.(value) : undefined);
    return known === undefined ? [] : [{ host, error: describeError(known) }];
  });
  output.report(formatHostErrors(errors, { palette, width, verbose: output.flags.verbose === true, repeated }));
  if (counts && !output.flags.quiet) output.report(formatSummary(outcomes, palette));
}

/** Prints one outcome at once, with `--ndjson`. */
export async function streamOutcome<T>(
  { output }: Context,
  outcome: Outcome<T>,
  toJson: OutcomeView<T>['toJson'],
): Promise<void> {
  if (output.flags.ndjson && !output.flags.json) await output.data(formatNdjson(buildOutcomeJson(outcome, toJson)));
}
