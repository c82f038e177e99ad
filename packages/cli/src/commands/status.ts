import { type AppReport, status } from '@outlast/core';
import type { Outcome } from '../fleet/outcome.js';
import { SEEN_APP_ROWS } from '../output/row-shapes.js';
import type { Output } from '../output/streams.js';
import { parseAppNames } from './app-names.js';
import { askHosts } from './ask-hosts.js';
import { resolveRunningExit } from './exit-code.js';
import { addFleetFlags, type FleetFlags } from './flags.js';
import { planFleet } from './fleet-plan.js';
import { formatReports } from './format-reports.js';
import { PREVIEW_NONCE, showPreview } from './preview.js';
import { addRowFlags } from './row-flags.js';
import type { Verb } from './verb.js';

const STATUS_TIMEOUT_MS = 30_000;

/** `outlast status [app…]` */
export const statusVerb: Verb = {
  configure(command) {
    command.argument('[app...]', 'names of the apps; none: all');
    addFleetFlags(command);
    addRowFlags(command, SEEN_APP_ROWS);
  },
  async run(context, names, flags: FleetFlags) {
    const apps = parseAppNames(names);
    const plan = await planFleet(context, flags, apps);
    const buildScript = () => status.build({ apps }, { nonce: PREVIEW_NONCE });
    if (await showPreview(context, plan, { action: 'ask for the status', buildScript })) return 0;
    const { outcomes, exit } = await askHosts(context, plan, {
      label: 'asking for the status',
      timeoutMs: STATUS_TIMEOUT_MS,
      ask: async (session) => (await session.run(status, { apps })).map(({ report }) => report),
      toJson: (reports) => ({ apps: reports }),
      format: (all) => formatReports(context, all),
      rows: { shape: SEEN_APP_ROWS, split: (reports) => reports.map((report) => [report]) },
      resolveExit: (all) => resolveRunningExit(context, all, apps.length > 0),
    });
    if (outcomes.length > 0 && outcomes.every(({ value }) => value?.length === 0)) context.output.note('No apps.');
    noteBeside(context.output, outcomes);
    return exit;
  },
};

/** Two releases of an app at once are as they should be for as long as a deploy tries the one. */
function noteBeside(output: Output, outcomes: readonly Outcome<readonly AppReport[]>[]): void {
  for (const { host, value = [] } of outcomes) {
    for (const { app, beside } of value) {
      if (beside === null) continue;
      const what = beside.release === null ? 'another run' : `release ${beside.release}`;
      const pid = beside.pid === null ? '' : ` (pid ${beside.pid})`;
      output.note(
        `${host}: beside ${app} runs ${what}${pid}: a deploy tries it, or was killed at that: outlast history ${app}`,
      );
    }
  }
}
