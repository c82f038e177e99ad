import { type AppReport, type Inspection, inspect } from '@outlast/core';
import type { Outcome } from '../fleet/outcome.js';
import { formatInspection } from '../output/format-inspection.js';
import { parseAppNames } from './app-names.js';
import { askHosts } from './ask-hosts.js';
import { resolveKnownExit } from './exit-code.js';
import { addFleetFlags, type FleetFlags } from './flags.js';
import { planFleet } from './fleet-plan.js';
import { PREVIEW_NONCE, showPreview } from './preview.js';
import type { Verb } from './verb.js';

const INSPECT_TIMEOUT_MS = 30_000;

/** `outlast inspect <app…>` */
export const inspectVerb: Verb = {
  configure(command) {
    command.argument('<app...>', 'names of the apps');
    addFleetFlags(command);
  },
  async run(context, names, flags: FleetFlags) {
    const apps = parseAppNames(names);
    const plan = await planFleet(context, flags, apps);
    const preview = {
      action: `inspect ${apps.join(' ')}`,
      buildScript: () => inspect.build({ apps }, { nonce: PREVIEW_NONCE }),
    };
    if (await showPreview(context, plan, preview)) return 0;
    const { exit } = await askHosts(context, plan, {
      label: `inspecting ${apps.join(' ')}`,
      timeoutMs: INSPECT_TIMEOUT_MS,
      ask: (session) => session.run(inspect, { apps }),
      toJson,
      format: async (all) => formatAll(all),
      resolveExit: (all) => resolveKnownExit(context, all.map(keepReports)),
    });
    return exit;
  },
};

function keepReports({ value, ...outcome }: Outcome<readonly Inspection[]>): Outcome<readonly AppReport[]> {
  return value === undefined ? outcome : { ...outcome, value: value.map(({ report }) => report) };
}

function toJson(inspections: readonly Inspection[]): Readonly<Record<string, unknown>> {
  return { apps: inspections.map(({ report, ...details }) => ({ ...report, changed: false, ...details })) };
}

function formatAll(outcomes: readonly Outcome<readonly Inspection[]>[]): string {
  return outcomes
    .flatMap(({ host, value = [] }) => value.map((inspection) => formatInspection(host, inspection)))
    .join('\n');
}
