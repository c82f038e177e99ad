import { type KeptReason, type PruneResult, parseAge, prune } from '@outlast/core';
import type { Finding, Outcome } from '../fleet/outcome.js';
import { completeHint } from '../output/complete-hint.js';
import { PRUNED_APP_ROWS } from '../output/row-shapes.js';
import { buildFinding, formatResults } from './app-results.js';
import type { Context } from './context.js';
import { resolveExit } from './exit-code.js';
import { addFleetFlags, type FleetFlags } from './flags.js';
import { planFleet } from './fleet-plan.js';
import { PREVIEW_NONCE, showPreview } from './preview.js';
import { reportOutcomes, streamOutcome } from './report-outcomes.js';
import { addRowFlags } from './row-flags.js';
import { runOverHosts } from './run-over-hosts.js';
import type { Verb } from './verb.js';

interface PruneFlags extends FleetFlags {
  readonly olderThan?: number;
}

const DEFAULT_AGE_MS = 7 * 86_400_000;
const PRUNE_TIMEOUT_MS = 120_000;

/** `outlast prune` */
export const pruneVerb: Verb = {
  configure(command) {
    command.option('--older-than <age>', 'whose end is at least that long ago (7d)', parseAge);
    addFleetFlags(command);
    addRowFlags(command, PRUNED_APP_ROWS);
  },
  async run(context, _args, flags: PruneFlags) {
    const plan = await planFleet(context, flags);
    const ageMs = flags.olderThan ?? DEFAULT_AGE_MS;
    const dryRun = flags.dryRun === true;
    const options = { olderThanSeconds: Math.ceil(ageMs / 1000), dryRun };
    const action = 'forget apps that ended long ago';
    // What would go only the hosts know: --dry-run asks them.
    const previewPlan = { ...plan, flags: { ...flags, dryRun: false } };
    const buildScript = () => prune.build(options, { nonce: PREVIEW_NONCE });
    if (await showPreview(context, previewPlan, { action, buildScript })) return 0;
    const outcomes = await runOverHosts<PruneResult>(context, plan, {
      label: dryRun ? 'looking for what ended long ago' : 'forgetting what ended long ago',
      timeoutMs: PRUNE_TIMEOUT_MS,
      work: async (session) => buildPruneFinding(await session.run(prune, options)),
      onOutcome: (outcome) => streamOutcome(context, outcome, toJson),
    });
    const exit = await reportOutcomes(context, outcomes, {
      toJson,
      format: (all) => formatPruned(context, all),
      rows: {
        shape: PRUNED_APP_ROWS,
        split: ({ results, kept }) => results.map((result) => ({ results: [result], kept })),
      },
      resolveExit: (all) => resolveExit(context, all),
    });
    noteKept(context, outcomes);
    return exit;
  },
};

function buildPruneFinding(value: PruneResult): Finding<PruneResult> {
  return { ...buildFinding(value.results), value };
}

function toJson({ results, kept }: PruneResult): Readonly<Record<string, unknown>> {
  return { apps: results.map(({ report, changed }) => ({ ...report, changed })), kept };
}

function formatPruned(context: Context, outcomes: readonly Outcome<PruneResult>[]): Promise<string> {
  const all = outcomes.map(({ value, ...rest }) => (value === undefined ? rest : { ...rest, value: value.results }));
  return formatResults(context, all, undefined);
}

const REASONS: Readonly<Record<KeptReason, string>> = {
  undated: 'nobody knows when it ended',
  'processes-left': 'it left processes behind',
  damaged: 'its records are not whole',
};

const REMEDIES: Readonly<Record<KeptReason, (app: string) => string>> = {
  undated: (app) => `To forget it: outlast rm ${app}`,
  'processes-left': (app) => `To end them: outlast stop ${app}`,
  damaged: (app) => `To look at it: outlast inspect ${app}; once nothing of it runs, remove its folder on the host`,
};

function noteKept({ output, repeated }: Context, outcomes: readonly Outcome<PruneResult>[]): void {
  for (const { host, value } of outcomes)
    for (const { app, reason } of value?.kept ?? [])
      output.note(`${host}: ${app} is kept: ${REASONS[reason]}. ${completeHint(REMEDIES[reason](app), repeated)}`);
  const nothing = outcomes.every(({ ok, value }) => ok === true && value?.results.length === 0);
  if (nothing && outcomes.length > 0) output.note('Nothing ended that long ago.');
}
