import {
  DEFAULT_HEALTH,
  DEPLOY_LIMIT_MS,
  NOT_DEPLOYED,
  parseAppName,
  parseReleaseId,
  type RollbackOptions,
  rollback,
} from '@outlast/core';
import { resolveHealth } from '../config/resolve-deploy.js';
import { converse, Partner } from '../deploy/converse.js';
import { createRequestId } from '../fleet/nonce.js';
import { proveDetached } from '../fleet/prove-detached.js';
import type { SelectedHost } from '../inventory/selected-host.js';
import { isCode } from '../ssh/connect-errors.js';
import { maskSpec, resolveSpec } from './app-spec.js';
import { changeReleases } from './deploy-results.js';
import { planFleet } from './fleet-plan.js';
import { noteSafety } from './note-safety.js';
import { PREVIEW_NONCE, showPreview } from './preview.js';
import { addReleaseFlags, CAREFUL, pickReleaseFlags, type ReleaseFlags } from './release-flags.js';
import type { Verb } from './verb.js';

interface RollbackFlags extends ReleaseFlags {
  readonly to?: string;
  readonly health?: boolean;
}

/** Where nothing is configured, nothing is known of its environment, nor of what makes it healthy. */
const BARE = { cwd: null, env: {}, secretEnv: {}, ...NOT_DEPLOYED };

/** `outlast rollback <app>` */
export const rollbackVerb: Verb = {
  configure(command) {
    command.argument('<app>', 'name of the app');
    command.option('--to <id>', 'this release, in place of the one that was healthy before', parseReleaseId);
    command.option('--no-health', 'it is healthy if it lives, whatever the configuration says of what runs now');
    addReleaseFlags(command);
  },
  async run(context, [name = ''], given: RollbackFlags) {
    const flags = { ...CAREFUL, ...given };
    const app = parseAppName(name);
    const plan = await planFleet(context, flags, [app], { ofOneApp: true });
    const health = given.health === false ? DEFAULT_HEALTH : resolveHealth(plan.config.apps.get(app)?.settings ?? {});
    const specFor = await resolveSpec(context, plan.config, app, {}).catch((error: unknown) => {
      // It runs with what was recorded: a secret that is not at hand now is needed for a probe of ours alone.
      if (health.exec === null && (isCode(error, 'E_USAGE') || isCode(error, 'E_CONFIG'))) return undefined;
      throw error;
    });
    const buildOptions = (host: SelectedHost): Omit<RollbackOptions, 'request'> => ({
      ...pickReleaseFlags(given),
      app,
      to: given.to ?? null,
      health,
      surroundings: specFor?.(host) ?? BARE,
    });
    const buildScript = (host: SelectedHost) => {
      const options = buildOptions(host);
      const surroundings = specFor === undefined ? BARE : maskSpec(specFor(host));
      return rollback.build({ ...options, surroundings, request: null }, { nonce: PREVIEW_NONCE });
    };
    const action = `roll ${app} back to ${given.to ?? 'the release before'}`;
    if (await showPreview(context, plan, { action, buildScript })) return 0;
    const proven = new Set<string>();
    const { outcomes, exit } = await changeReleases(context, plan, {
      app,
      attempted: given.to ?? null,
      label: `rolling back ${app}`,
      done: 'rolled back',
      timeoutMs: DEPLOY_LIMIT_MS + (given.wait ?? 0),
      work: async (session, host, { onAttempt }) =>
        proveDetached(
          session,
          await converse(
            session,
            rollback,
            { ...buildOptions(host), request: createRequestId() },
            (channel) => new Partner(session, channel, { onAttempt }),
          ),
          proven,
        ),
    });
    noteSafety(context, outcomes, proven);
    return exit;
  },
};
