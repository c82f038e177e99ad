import { formatSuggestion, OutlastError, parseAppName, parseDuration, start } from '@outlast/core';
import { DEFAULT_SETTLE_MS } from '../fleet/defaults.js';
import { getLocalName } from '../fleet/local-name.js';
import { createRequestId } from '../fleet/nonce.js';
import { proveDetached } from '../fleet/prove-detached.js';
import { CHANGED_APP_ROWS } from '../output/row-shapes.js';
import { buildFinding, changeApps } from './app-results.js';
import { addSpecFlags, maskSpec, resolveSpec, type SpecFlags, warnOfPlaceholders } from './app-spec.js';
import { addFleetFlags, type FleetFlags } from './flags.js';
import { planFleet } from './fleet-plan.js';
import { noteSafety } from './note-safety.js';
import { PREVIEW_NONCE, showPreview } from './preview.js';
import { addRowFlags } from './row-flags.js';
import type { Verb } from './verb.js';

interface StartFlags extends FleetFlags, SpecFlags {
  readonly settle?: number;
}

/** What a start may take beyond the settle time: connecting, waiting for others, and the second look. */
const START_TIMEOUT_MS = 60_000;

/** `outlast start <app> [-- argv…]` */
export const startVerb: Verb = {
  configure(command) {
    command.argument('<app>', 'name of the app').usage('<app> [flags] [-- argv…]');
    addSpecFlags(command);
    command.option('--settle <duration>', 'how long it has to live to count as started (1s)', parseDuration);
    addFleetFlags(command);
    addRowFlags(command, CHANGED_APP_ROWS);
  },
  async run(context, [name = ''], flags: StartFlags) {
    const app = parseAppName(name);
    const plan = await planFleet(context, flags, [app]);
    const specFor = await resolveSpec(context, plan.config, app, flags);
    if (specFor === undefined) throw createNoProgramError(app, [...plan.config.apps.keys()]);
    const settleMs = flags.settle ?? DEFAULT_SETTLE_MS;
    const base = { app, by: getLocalName(), settleMs };
    const action = `start ${app}: ${plan.hosts[0] === undefined ? '' : specFor(plan.hosts[0]).argv.join(' ')}`;
    const buildScript = (host: (typeof plan.hosts)[number]) =>
      start.build({ ...base, request: null, spec: maskSpec(specFor(host)) }, { nonce: PREVIEW_NONCE });
    warnOfPlaceholders(context, flags, plan.hosts[0] && specFor(plan.hosts[0]));
    if (await showPreview(context, plan, { action, buildScript })) return 0;
    const proven = new Set<string>();
    const { outcomes, exit } = await changeApps(context, plan, {
      label: `starting ${app}`,
      timeoutMs: START_TIMEOUT_MS + settleMs,
      work: async (session, host) =>
        buildFinding([
          await proveDetached(
            session,
            await session.run(start, { ...base, request: createRequestId(), spec: specFor(host) }),
            proven,
          ),
        ]),
    });
    noteSafety(context, outcomes, proven);
    return exit;
  },
};

function createNoProgramError(app: string, configured: readonly string[]): OutlastError {
  const message = configured.includes(app)
    ? `the configuration does not say what ${app} runs`
    : `nothing says what ${app} runs${formatSuggestion(app, configured)}`;
  return new OutlastError('E_USAGE', message, {
    hint: `give its argv: outlast start ${app} … -- PROGRAM ARGUMENTS, or \`run:\` in outlast.yaml`,
  });
}
