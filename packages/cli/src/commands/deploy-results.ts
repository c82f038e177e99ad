import { type DeployResult, OutlastError } from '@outlast/core';
import type { ReleaseWatcher } from '../deploy/converse.js';
import { lookAtRelease, type ReleaseFinding } from '../deploy/look-at-release.js';
import type { HostSession } from '../fleet/host-session.js';
import { classifyOutcome, type Finding, type Outcome } from '../fleet/outcome.js';
import type { SelectedHost } from '../inventory/selected-host.js';
import { formatDeploys } from '../output/format-deploys.js';
import { DEPLOYED_APP_ROWS } from '../output/row-shapes.js';
import { resolveTableWidth } from '../output/table-width.js';
import type { Context } from './context.js';
import { resolveExit } from './exit-code.js';
import type { FleetPlan } from './fleet-plan.js';
import { reportOutcomes, streamOutcome } from './report-outcomes.js';
import { runOverHosts } from './run-over-hosts.js';

type Results = readonly ReleaseFinding[];

/** Those that a host which had begun is broken off with, where nothing was switched. */
const NOT_SWITCHED: ReadonlySet<string> = new Set(['E_BROKEN_OFF', 'E_TIMEOUT', 'E_CONNECTION_LOST']);

/** What a verb does that puts one release in the place of another. */
export interface ReleaseWork {
  readonly app: string;
  /** The release that is to run unless the host says otherwise, where it is known beforehand. */
  readonly attempted: string | null;
  /** What the spinner says. */
  readonly label: string;
  /** What it is called when it went well. */
  readonly done: string;
  /** How long one host may take, in milliseconds. */
  readonly timeoutMs: number;
  work(session: HostSession, host: SelectedHost, progress: HostProgress): Promise<DeployResult>;
}

/** Told how it goes on one host. */
interface HostProgress extends ReleaseWatcher {
  note(text: string): void;
}

/**
 * Runs it over all hosts, prints what became of them, and gives the outcomes and the exit code. A host that did not say which release runs there is
 * asked once more, and so is one that was not begun because others had failed.
 */
export async function changeReleases(
  context: Context,
  plan: FleetPlan,
  { app, attempted, label, done, timeoutMs, work }: ReleaseWork,
): Promise<{ readonly outcomes: readonly Outcome<Results>[]; readonly exit: number }> {
  const outcomes = await runOverHosts<Results>(context, plan, {
    label,
    timeoutMs,
    work: async (session, host, note) => {
      let attemptedRelease = attempted;
      const onAttempt = (release: string) => {
        attemptedRelease = release;
      };
      const result = await work(session, host, { note, onAttempt }).catch(async (error: unknown) => {
        // Where it has not begun nothing has changed, and the same would be in the way again.
        if (!session.isReached || !(error instanceof OutlastError)) throw error;
        const changed = NOT_SWITCHED.has(error.code) ? false : null;
        const seen = await lookAtRelease(session, { app, attemptedRelease, changed }).catch(() => undefined);
        if (seen === undefined) throw error;
        return { ...seen, error };
      });
      for (const notice of result.notices) context.output.note(`${host.target.name}: ${notice}`);
      return buildFinding(result);
    },
    lookAtSkipped: async (session) => {
      const seen = await lookAtRelease(session, { app, attemptedRelease: null, changed: false });
      return seen && [seen];
    },
    onOutcome: (outcome) => streamOutcome(context, outcome, toJson),
  });
  const exit = await reportOutcomes(context, outcomes, {
    toJson,
    format: (all) => formatResults(context, all, done),
    rows: { shape: DEPLOYED_APP_ROWS, split: (results) => results.map((result) => [result]) },
    resolveExit: (all) => resolveExit(context, all),
  });
  return { outcomes, exit };
}

function buildFinding(result: ReleaseFinding): Finding<Results> {
  const { error } = result;
  if (error === undefined) return { ok: true, value: [result] };
  return { ok: error.code === 'E_UNKNOWN_RESULT' ? null : false, value: [result], error };
}

function toJson(results: Results): Readonly<Record<string, unknown>> {
  return {
    apps: results.map(({ report, changed, previousRelease, attemptedRelease, rolledBack, steps }) => ({
      ...report,
      changed,
      previousRelease,
      attemptedRelease,
      rolledBack,
      steps,
    })),
  };
}

/** One line for each host that was reached. */
function formatResults({ output }: Context, outcomes: readonly Outcome<Results>[], done: string): Promise<string> {
  const rows = outcomes.flatMap((outcome) =>
    (outcome.value ?? []).map(({ report, changed, attemptedRelease, rolledBack, steps }) => ({
      host: outcome.host,
      became: classifyOutcome(outcome),
      done,
      app: { ...report, changed, attemptedRelease, rolledBack, steps },
    })),
  );
  return formatDeploys(rows, { palette: output.stdout.palette, width: resolveTableWidth(output), nowMs: Date.now() });
}
