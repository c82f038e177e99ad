import {
  type AppResult,
  OutlastError,
  parseDuration,
  parseSignalName,
  type RestartOptions,
  restart,
} from '@outlast/core';
import { DEFAULT_SETTLE_MS } from '../fleet/defaults.js';
import type { HostSession } from '../fleet/host-session.js';
import { getLocalName } from '../fleet/local-name.js';
import { createRequestId } from '../fleet/nonce.js';
import type { Finding } from '../fleet/outcome.js';
import { proveDetached } from '../fleet/prove-detached.js';
import type { SelectedHost } from '../inventory/selected-host.js';
import { CHANGED_APP_ROWS } from '../output/row-shapes.js';
import { parseAppNames } from './app-names.js';
import { buildFinding, changeApps } from './app-results.js';
import {
  addSpecFlags,
  maskSpec,
  resolveSpec,
  type SpecBuilder,
  type SpecFlags,
  warnOfPlaceholders,
} from './app-spec.js';
import type { Context } from './context.js';
import { addFleetFlags, type FleetFlags } from './flags.js';
import { type FleetPlan, planFleet } from './fleet-plan.js';
import { noteSafety } from './note-safety.js';
import { PREVIEW_NONCE, showPreview } from './preview.js';
import { addRowFlags } from './row-flags.js';
import { pickStopFlags } from './stop.js';
import type { Verb } from './verb.js';

interface RestartFlags extends FleetFlags, SpecFlags {
  readonly signal?: string;
  readonly grace?: number;
  readonly settle?: number;
}

const RESTART_TIMEOUT_MS = 180_000;

/** `outlast restart <app…>` */
export const restartVerb: Verb = {
  configure(command) {
    command.argument('<app...>', 'names of the apps').usage('<app...> [flags] [-- argv…]');
    addSpecFlags(command);
    command.option('--signal <signal>', 'in place of the configured signal (TERM)', parseSignalName);
    command.option('--grace <duration>', 'from the signal to KILL (10s)', parseDuration);
    command.option('--settle <duration>', 'how long it has to live to count as started (1s)', parseDuration);
    addFleetFlags(command);
    addRowFlags(command, CHANGED_APP_ROWS);
  },
  async run(context, names, flags: RestartFlags) {
    const apps = parseAppNames(names);
    if (context.argv !== undefined && apps.length > 1)
      throw new OutlastError('E_USAGE', 'an argv after -- goes with one app');
    const plan = await planFleet(context, flags, apps);
    const requests = await Promise.all(apps.map((app) => prepareRequest(context, plan, app, flags)));
    const buildScript = (host: SelectedHost) =>
      requests.map((request) => restart.build(maskRequest(request(host)), { nonce: PREVIEW_NONCE })).join('');
    const [host] = plan.hosts;
    for (const request of requests) warnOfPlaceholders(context, flags, host && request(host).spec);
    if (await showPreview(context, plan, { action: `restart ${apps.join(' ')}`, buildScript })) return 0;
    const proven = new Set<string>();
    const { outcomes, exit } = await changeApps(context, plan, {
      label: `restarting ${apps.join(' ')}`,
      timeoutMs: RESTART_TIMEOUT_MS + (flags.grace ?? 0) + (flags.settle ?? 0),
      work: (session, host) =>
        restartAll(
          session,
          requests.map((request) => request(host)),
          proven,
        ),
    });
    noteSafety(context, outcomes, proven);
    return exit;
  },
};

/** Restarts one app after another; what is known of those before a failure is kept. */
async function restartAll(
  session: HostSession,
  requests: readonly RestartOptions[],
  proven: Set<string>,
): Promise<Finding<readonly AppResult[]>> {
  const results: AppResult[] = [];
  try {
    for (const request of requests)
      results.push(await proveDetached(session, await session.run(restart, request), proven));
  } catch (error) {
    if (results.length === 0 || !(error instanceof OutlastError)) throw error;
    return { ok: error.code === 'E_UNKNOWN_RESULT' ? null : false, value: results, error };
  }
  return buildFinding(results);
}

/** What goes to a host: the configured or given spec, or none, so that the host takes the recorded one. */
async function prepareRequest(
  context: Context,
  { config }: FleetPlan,
  app: string,
  flags: RestartFlags,
): Promise<(host: SelectedHost) => RestartOptions> {
  const specFor: SpecBuilder | undefined = await resolveSpec(context, config, app, flags);
  if (specFor === undefined) refuseSpecFlags(flags);
  const base = { app, by: getLocalName(), settleMs: flags.settle ?? DEFAULT_SETTLE_MS, ...pickStopFlags(flags) };
  return (host) => ({ ...base, request: createRequestId(), ...(specFor === undefined ? {} : { spec: specFor(host) }) });
}

/** Half of a spec could only replace the recorded one by guessing the other half. */
function refuseSpecFlags(flags: RestartFlags): void {
  const { cwd, env, envFile, restart: policy, hup, launcher, logMaxSize, logKeep, logSplit } = flags;
  const given = [cwd, env, envFile, policy, hup, launcher, logMaxSize, logKeep, logSplit];
  if (given.every((flag) => flag === undefined)) return;
  throw new OutlastError('E_USAGE', 'these flags say how an app runs, but nothing says what', {
    hint: 'add its argv after --',
  });
}

function maskRequest(request: RestartOptions): RestartOptions {
  return {
    ...request,
    request: null,
    ...(request.spec === undefined ? {} : { spec: maskSpec(request.spec) }),
  };
}
