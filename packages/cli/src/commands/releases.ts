import { type AppReleases, releases } from '@outlast/core';
import type { Outcome } from '../fleet/outcome.js';
import { formatReleases } from '../output/format-releases.js';
import { resolveTableWidth } from '../output/table-width.js';
import { parseAppNames } from './app-names.js';
import { askHosts } from './ask-hosts.js';
import type { Context } from './context.js';
import { EXIT, resolveExit } from './exit-code.js';
import { addFleetFlags, type FleetFlags } from './flags.js';
import { planFleet } from './fleet-plan.js';
import { PREVIEW_NONCE, showPreview } from './preview.js';
import type { Verb } from './verb.js';

type Results = readonly AppReleases[];

const RELEASES_TIMEOUT_MS = 30_000;

/** `outlast releases <app…>` */
export const releasesVerb: Verb = {
  configure(command) {
    command.argument('<app...>', 'names of the apps');
    addFleetFlags(command);
  },
  async run(context, names, flags: FleetFlags) {
    const apps = parseAppNames(names);
    const plan = await planFleet(context, flags, apps);
    const preview = {
      action: `list the releases of ${apps.join(' ')}`,
      buildScript: () => releases.build({ apps }, { nonce: PREVIEW_NONCE }),
    };
    if (await showPreview(context, plan, preview)) return 0;
    const { outcomes, exit } = await askHosts<Results>(context, plan, {
      label: 'asking for the releases',
      timeoutMs: RELEASES_TIMEOUT_MS,
      ask: (session) => session.run(releases, { apps }),
      toJson,
      format: (all) => formatAll(context, all),
      resolveExit: (all) => resolveReleasesExit(context, all),
    });
    if (outcomes.length > 0 && outcomes.every(({ value }) => value?.every((app) => app.releases.length === 0)))
      context.output.note('Nothing was deployed there.');
    return exit;
  },
};

/** An app that was deployed to none of the hosts asked is unknown there. */
export function resolveReleasesExit(context: Context, outcomes: readonly Outcome<Results>[]): number {
  const exit = resolveExit(context, outcomes);
  const isAny = outcomes.some(({ value }) => value?.some((app) => app.releases.length > 0));
  return exit === EXIT.ok && !isAny && outcomes.length > 0 ? EXIT.notRunning : exit;
}

function toJson(results: Results): Readonly<Record<string, unknown>> {
  return { apps: results.map(({ report, releases: list }) => ({ ...report, releases: list })) };
}

function formatAll({ output }: Context, outcomes: readonly Outcome<Results>[]): Promise<string> {
  const rows = outcomes.flatMap(({ host, value = [] }) =>
    value.flatMap(({ report, releases: list }) => list.map((release) => ({ host, app: report.app, release }))),
  );
  if (rows.length === 0) return Promise.resolve('');
  return formatReleases(rows, { palette: output.stdout.palette, width: resolveTableWidth(output), nowMs: Date.now() });
}
