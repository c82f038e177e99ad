import { type AppResult, remove } from '@outlast/core';
import type { Outcome } from '../fleet/outcome.js';
import { CHANGED_APP_ROWS } from '../output/row-shapes.js';
import { parseAppNames } from './app-names.js';
import { buildFinding, changeApps, resolveResultsExit } from './app-results.js';
import type { Context } from './context.js';
import { EXIT } from './exit-code.js';
import { addFleetFlags, type FleetFlags } from './flags.js';
import { planFleet } from './fleet-plan.js';
import { PREVIEW_NONCE, showPreview } from './preview.js';
import { addRowFlags } from './row-flags.js';
import type { Verb } from './verb.js';

const REMOVE_TIMEOUT_MS = 60_000;

/** `outlast rm <app…>` */
export const rmVerb: Verb = {
  configure(command) {
    command.argument('<app...>', 'names of the apps');
    addFleetFlags(command);
    addRowFlags(command, CHANGED_APP_ROWS);
  },
  async run(context, names, flags: FleetFlags) {
    const apps = parseAppNames(names);
    const plan = await planFleet(context, flags, apps);
    const preview = {
      action: `forget ${apps.join(' ')}`,
      buildScript: () => remove.build({ apps }, { nonce: PREVIEW_NONCE }),
    };
    if (await showPreview(context, plan, preview)) return 0;
    const { exit } = await changeApps(context, plan, {
      label: `forgetting ${apps.join(' ')}`,
      timeoutMs: REMOVE_TIMEOUT_MS,
      work: async (session) => buildFinding(await session.run(remove, { apps })),
      resolveExit: (outcomes) => resolveRemoveExit(context, outcomes),
    });
    return exit;
  },
};

/** As of any verb that changes apps, but here "unknown" is what was wanted. */
export function resolveRemoveExit(context: Context, outcomes: readonly Outcome<readonly AppResult[]>[]): number {
  const exit = resolveResultsExit(context, outcomes);
  const removed = outcomes.some(({ value }) => value?.some(({ changed }) => changed));
  return removed && exit === EXIT.notRunning ? EXIT.ok : exit;
}
