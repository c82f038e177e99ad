import type { HostSession } from '../fleet/host-session.js';
import type { Outcome } from '../fleet/outcome.js';
import type { Context } from './context.js';
import type { FleetPlan } from './fleet-plan.js';
import { type OutcomeView, reportOutcomes, streamOutcome } from './report-outcomes.js';
import { runOverHosts } from './run-over-hosts.js';

/** What a verb that changes nothing asks of every host, and how the answers are shown. */
export interface Question<T> extends OutcomeView<T> {
  /** What the spinner says: `asking for the status`. */
  readonly label: string;
  /** In milliseconds; undefined for as long as it takes. */
  readonly timeoutMs: number | undefined;
  ask(session: HostSession): Promise<T>;
}

/** Asks all hosts of the plan, prints their answers as they are wanted, and gives the outcomes and the exit code. */
export async function askHosts<T>(
  context: Context,
  plan: FleetPlan,
  question: Question<T>,
): Promise<{ readonly outcomes: readonly Outcome<T>[]; readonly exit: number }> {
  const outcomes = await runOverHosts<T>(context, plan, {
    label: question.label,
    timeoutMs: question.timeoutMs,
    forReader: true,
    work: async (session) => ({ ok: true, value: await question.ask(session) }),
    onOutcome: (outcome) => streamOutcome(context, outcome, question.toJson),
  });
  return { outcomes, exit: await reportOutcomes(context, outcomes, question) };
}
