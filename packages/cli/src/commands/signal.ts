import { parseSignalName, type SignalOptions, signal } from '@outlast/core';
import { createRequestId, type HostSession } from '../fleet/host-session.js';
import { parseAppNames } from './app-names.js';
import { buildFinding, changeApps } from './app-results.js';
import type { Context } from './context.js';
import { addFleetFlags, type FleetFlags } from './flags.js';
import { planFleet } from './fleet-plan.js';
import { getLocalName } from './local-user.js';
import { PREVIEW_NONCE, showPreview } from './preview.js';
import type { Verb } from './verb.js';

interface SignalFlags extends FleetFlags {
  readonly tree?: boolean;
}

const SIGNAL_TIMEOUT_MS = 60_000;

/** `outlast signal <SIG> <app…>` */
export const signalVerb: Verb = {
  configure(command) {
    command.argument('<signal>', 'name with or without SIG, or number').argument('<app...>', 'names of the apps');
    command.option('--tree', "every process of the app, not only the app's own");
    addFleetFlags(command);
  },
  run: (context, [name = '', ...apps], flags: SignalFlags) =>
    sendSignal(context, apps, { signal: parseSignalName(name), scope: flags.tree ? 'tree' : 'main' }, flags),
};

/** `outlast kill <app…>` */
export const killVerb: Verb = {
  configure(command) {
    command.argument('<app...>', 'names of the apps');
    addFleetFlags(command);
  },
  run: (context, apps, flags: FleetFlags) => sendSignal(context, apps, { signal: 'KILL', scope: 'tree' }, flags),
};

async function sendSignal(
  context: Context,
  names: readonly string[],
  what: Pick<SignalOptions, 'signal' | 'scope'>,
  flags: FleetFlags,
): Promise<number> {
  const apps = parseAppNames(names);
  const plan = await planFleet(context, flags, apps);
  const options: SignalOptions = { apps, by: getLocalName(), ...what };
  const action = `send ${what.signal} to ${apps.join(' ')}`;
  if (await showPreview(context, plan, { action, buildScript: () => signal.build(options, { nonce: PREVIEW_NONCE }) }))
    return 0;
  const job = {
    label: `signalling ${apps.join(' ')}`,
    timeoutMs: SIGNAL_TIMEOUT_MS,
    work: async (session: HostSession) =>
      buildFinding(await session.run(signal, { ...options, request: createRequestId() })),
  };
  return (await changeApps(context, plan, job, what.signal)).exit;
}
