import { type AppReport, type AppResult, OutlastError } from '@outlast/core';
import type { Finding, Outcome } from '../fleet/outcome.js';
import { formatOutcomes } from '../output/format-outcomes.js';
import { CHANGED_APP_ROWS } from '../output/row-shapes.js';
import { resolveTableWidth } from '../output/table-width.js';
import type { Context } from './context.js';
import { resolveKnownExit } from './exit-code.js';
import type { FleetPlan } from './fleet-plan.js';
import { type OutcomeView, reportOutcomes, streamOutcome } from './report-outcomes.js';
import { type HostWork, runOverHosts } from './run-over-hosts.js';

type Results = readonly AppResult[];

/** Turns what became of a host's apps into what became of the host: the first app's error is the host's. */
export function buildFinding(results: Results): Finding<Results> {
  const failed = results.find(({ error }) => error !== undefined);
  const error = failed?.error && (results.length > 1 ? addAppName(failed.error, failed.report.app) : failed.error);
  if (error === undefined) return { ok: true, value: results };
  return { ok: error.code === 'E_UNKNOWN_RESULT' ? null : false, value: results, error };
}

function addAppName(error: OutlastError, app: string): OutlastError {
  return new OutlastError(error.code, `${app}: ${error.message}`, error.details);
}

/** Runs a verb that changes apps over all hosts, prints what became of them, and gives the outcomes and the exit code. */
export async function changeApps(
  context: Context,
  plan: FleetPlan,
  job: Omit<HostWork<Results>, 'onOutcome'> & Partial<Pick<OutcomeView<Results>, 'resolveExit'>>,
  sent?: string,
): Promise<{ readonly outcomes: readonly Outcome<Results>[]; readonly exit: number }> {
  const onOutcome = (outcome: Outcome<Results>) => streamOutcome(context, outcome, toJson);
  const outcomes = await runOverHosts(context, plan, { ...job, onOutcome });
  const exit = await reportOutcomes(context, outcomes, {
    toJson,
    format: (all) => formatResults(context, all, sent),
    rows: { shape: CHANGED_APP_ROWS, split: (results) => results.map((result) => [result]) },
    resolveExit: job.resolveExit ?? ((all) => resolveResultsExit(context, all)),
  });
  return { outcomes, exit };
}

/** As {@link resolveKnownExit}, of what became of apps. */
export function resolveResultsExit(context: Context, outcomes: readonly Outcome<Results>[]): number {
  return resolveKnownExit(context, outcomes.map(keepReports));
}

function toJson(results: Results): Readonly<Record<string, unknown>> {
  return { apps: results.map(({ report, changed }) => ({ ...report, changed })) };
}

/** The lines for people: one an app. */
export function formatResults(
  { output, verb }: Context,
  outcomes: readonly Outcome<Results>[],
  sent: string | undefined,
): Promise<string> {
  // What is wrong is said beneath; that the app is unknown is only its consequence, unless it was forgotten just now.
  const rows = outcomes.flatMap(({ host, value = [], error }) =>
    value
      .filter(({ report, changed }) => error === undefined || changed || report.state !== 'unknown')
      .map(({ report, changed }) => ({
        host,
        app: { ...report, changed },
        verb,
        ...(sent === undefined ? {} : { sent }),
      })),
  );
  const { palette } = output.stdout;
  return formatOutcomes(rows, { palette, width: resolveTableWidth(output), nowMs: Date.now() });
}

function keepReports({ value, ...outcome }: Outcome<Results>): Outcome<readonly AppReport[]> {
  return value === undefined ? outcome : { ...outcome, value: value.map(({ report }) => report) };
}
