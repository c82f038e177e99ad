import { type AppResult, OutlastError, parseSignalName, type SignalOptions, signal } from '@outlast/core';
import type { HostSession } from '../fleet/host-session.js';
import { getLocalName } from '../fleet/local-name.js';
import { createRequestId } from '../fleet/nonce.js';
import type { Outcome } from '../fleet/outcome.js';
import { completeHint } from '../output/complete-hint.js';
import { CHANGED_APP_ROWS } from '../output/row-shapes.js';
import { parseAppNames } from './app-names.js';
import { buildFinding, changeApps } from './app-results.js';
import type { Context } from './context.js';
import { addFleetFlags, type FleetFlags } from './flags.js';
import { planFleet } from './fleet-plan.js';
import { PREVIEW_NONCE, showPreview } from './preview.js';
import { addRowFlags } from './row-flags.js';
import type { Verb } from './verb.js';

interface SignalFlags extends FleetFlags {
  readonly tree?: boolean;
  readonly main?: boolean;
}

const SIGNAL_TIMEOUT_MS = 60_000;

/** `outlast signal <SIG> <app…>` */
export const signalVerb: Verb = {
  configure(command) {
    command.argument('<signal>', 'name with or without SIG, or number').argument('<app...>', 'names of the apps');
    command.option('--main', "the app's own process alone, which is the default");
    command.option('--tree', "every process of the app, not only the app's own");
    addFleetFlags(command);
    addRowFlags(command, CHANGED_APP_ROWS);
  },
  run: (context, [name = '', ...apps], flags: SignalFlags) =>
    sendSignal(context, apps, { signal: parseSignalName(name), scope: chooseScope(flags) }, flags),
};

/** `outlast kill <app…>` */
export const killVerb: Verb = {
  configure(command) {
    command.argument('<app...>', 'names of the apps');
    addFleetFlags(command);
    addRowFlags(command, CHANGED_APP_ROWS);
  },
  run: (context, apps, flags: FleetFlags) => sendSignal(context, apps, { signal: 'KILL', scope: 'tree' }, flags),
};

function chooseScope({ tree, main }: SignalFlags): SignalOptions['scope'] {
  if (!tree || !main) return tree ? 'tree' : 'main';
  throw new OutlastError('E_USAGE', '--main and --tree exclude each other', {
    hint: "--main reaches the app's own process alone, --tree all that belong to it",
  });
}

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
  const { outcomes, exit } = await changeApps(context, plan, job, what.signal);
  noteRestarts(context, outcomes);
  return exit;
}

/** An app that is started again by its policy lives on, with another pid: that is not what everybody expects of a kill. */
function noteRestarts({ output, repeated }: Context, outcomes: readonly Outcome<readonly AppResult[]>[]): void {
  for (const { host, value = [] } of outcomes)
    for (const { report, startsAgain, changed } of value)
      if (changed && startsAgain) output.note(`${host}: ${completeHint(describeRestart(report.app), repeated)}`);
}

function describeRestart(app: string): string {
  return `the restart policy of ${app} starts it again. To end it for good: outlast stop ${app}`;
}
