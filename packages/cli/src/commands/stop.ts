import { parseDuration, parseSignalName, stop } from '@outlast/core';
import { getLocalName } from '../fleet/local-name.js';
import { createRequestId } from '../fleet/nonce.js';
import { CHANGED_APP_ROWS } from '../output/row-shapes.js';
import { parseAppNames } from './app-names.js';
import { buildFinding, changeApps } from './app-results.js';
import { addFleetFlags, type FleetFlags } from './flags.js';
import { planFleet } from './fleet-plan.js';
import { PREVIEW_NONCE, showPreview } from './preview.js';
import { addRowFlags } from './row-flags.js';
import type { Verb } from './verb.js';

interface StopFlags extends FleetFlags {
  readonly signal?: string;
  readonly grace?: number;
}

/** What a stop may take beyond its grace period. */
const STOP_TIMEOUT_MS = 60_000;
/** The longest grace period that a configuration is likely to ask for; a longer one needs `--timeout`. */
const ASSUMED_GRACE_MS = 60_000;

/** `outlast stop <app…>` */
export const stopVerb: Verb = {
  configure(command) {
    command.argument('<app...>', 'names of the apps');
    command.option('--signal <signal>', 'in place of the configured signal (TERM)', parseSignalName);
    command.option('--grace <duration>', 'from the signal to KILL (10s)', parseDuration);
    addFleetFlags(command);
    addRowFlags(command, CHANGED_APP_ROWS);
  },
  async run(context, names, flags: StopFlags) {
    const apps = parseAppNames(names);
    const plan = await planFleet(context, flags, apps);
    const options = { apps, by: getLocalName(), ...pickStopFlags(flags) };
    const action = `stop ${apps.join(' ')}`;
    if (await showPreview(context, plan, { action, buildScript: () => stop.build(options, { nonce: PREVIEW_NONCE }) }))
      return 0;
    const { exit } = await changeApps(context, plan, {
      label: `stopping ${apps.join(' ')}`,
      timeoutMs: STOP_TIMEOUT_MS + (flags.grace ?? ASSUMED_GRACE_MS),
      work: async (session) => buildFinding(await session.run(stop, { ...options, request: createRequestId() })),
    });
    return exit;
  },
};

/** The flags that a stop takes on the way to a restart, too. */
export function pickStopFlags({ signal, grace }: Pick<StopFlags, 'signal' | 'grace'>): {
  signal?: string;
  graceMs?: number;
} {
  return { ...(signal === undefined ? {} : { signal }), ...(grace === undefined ? {} : { graceMs: grace }) };
}
