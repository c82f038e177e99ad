import { type HistoryEntry, history } from '@outlast/core';
import type { Outcome } from '../fleet/outcome.js';
import { formatHistory } from '../output/format-releases.js';
import { HISTORY_ROWS } from '../output/row-shapes.js';
import { resolveTableWidth } from '../output/table-width.js';
import { parseAppNames } from './app-names.js';
import { askHosts } from './ask-hosts.js';
import type { Context } from './context.js';
import { resolveExit } from './exit-code.js';
import { addFleetFlags, type FleetFlags, parseCount } from './flags.js';
import { planFleet } from './fleet-plan.js';
import { PREVIEW_NONCE, showPreview } from './preview.js';
import { addRowFlags } from './row-flags.js';
import type { Verb } from './verb.js';

interface HistoryFlags extends FleetFlags {
  readonly lines?: number;
}

const HISTORY_TIMEOUT_MS = 30_000;
const DEFAULT_LINES = 20;

/** `outlast history [app…]` */
export const historyVerb: Verb = {
  configure(command) {
    command.argument('[app...]', 'names of the apps; none: all that were deployed');
    command.option('-n, --lines <n>', 'so many of each app, the latest (20)', parseCount);
    addFleetFlags(command);
    addRowFlags(command, HISTORY_ROWS);
  },
  async run(context, names, flags: HistoryFlags) {
    const apps = parseAppNames(names);
    const options = { apps, lines: flags.lines ?? DEFAULT_LINES };
    const plan = await planFleet(context, flags, apps);
    const preview = {
      action: 'read who deployed what',
      buildScript: () => history.build(options, { nonce: PREVIEW_NONCE }),
    };
    if (await showPreview(context, plan, preview)) return 0;
    const { outcomes, exit } = await askHosts<readonly HistoryEntry[]>(context, plan, {
      label: 'reading the history',
      timeoutMs: HISTORY_TIMEOUT_MS,
      ask: (session) => session.run(history, options),
      toJson: (entries) => ({ entries }),
      format: (all) => formatAll(context, all),
      rows: { shape: HISTORY_ROWS, split: (entries) => entries.map((entry) => [entry]) },
      resolveExit: (all) => resolveExit(context, all),
    });
    if (outcomes.length > 0 && outcomes.every(({ value }) => value?.length === 0))
      context.output.note('Nothing was deployed there.');
    return exit;
  },
};

function formatAll({ output }: Context, outcomes: readonly Outcome<readonly HistoryEntry[]>[]): Promise<string> {
  const rows = outcomes.flatMap(({ host, value = [] }) => value.map((entry) => ({ host, entry })));
  if (rows.length === 0) return Promise.resolve('');
  return formatHistory(rows, { palette: output.stdout.palette, width: resolveTableWidth(output), nowMs: Date.now() });
}
