import { createHash } from 'node:crypto';
import {
  DEPLOY_LIMIT_MS,
  type DeployOptions,
  deploy,
  formatSuggestion,
  OutlastError,
  parseAppName,
} from '@outlast/core';
import type { Config } from '../config/config.js';
import { type DeployDefinition, resolveDeployDefinition } from '../config/resolve-deploy.js';
import { createReleaseId, deployToHost } from '../deploy/deploy-host.js';
import { readCommit } from '../deploy/read-commit.js';
import { readSource } from '../deploy/read-source.js';
import type { UploadProgress } from '../deploy/send-release.js';
import type { SourceTree } from '../deploy/source-tree.js';
import { createRequestId } from '../fleet/nonce.js';
import { proveDetached } from '../fleet/prove-detached.js';
import type { SelectedHost } from '../inventory/selected-host.js';
import { formatBytes } from '../output/format-bytes.js';
import { formatUpload } from '../output/format-upload.js';
import { describeKnown } from './app-names.js';
import { maskSpec, resolveSpec, warnOfPlaceholders } from './app-spec.js';
import { changeReleases } from './deploy-results.js';
import { planFleet } from './fleet-plan.js';
import { loadConfiguration } from './load-configuration.js';
import { noteSafety } from './note-safety.js';
import { PREVIEW_NONCE, showPreview } from './preview.js';
import { addReleaseFlags, CAREFUL, pickReleaseFlags, type ReleaseFlags } from './release-flags.js';
import type { Verb } from './verb.js';

interface DeployFlags extends ReleaseFlags {
  readonly force?: boolean;
}

/** `outlast deploy [app]` */
export const deployVerb: Verb = {
  configure(command) {
    command.argument('[app]', 'name of the app; the only one with a source unless given');
    command.option('--force', 'a new release although the same is current already');
    addReleaseFlags(command);
  },
  async run(context, names, given: DeployFlags) {
    const flags = { ...CAREFUL, ...given };
    const config = await loadConfiguration(context, flags);
    const app = chooseApp(config, names[0]);
    const plan = await planFleet(context, flags, [app], { loaded: config, ofOneApp: true });
    const definition = resolveDeployDefinition(plan.config, app);
    const specFor = await resolveSpec(context, plan.config, app, {});
    if (specFor === undefined)
      throw new OutlastError('E_USAGE', `the configuration does not say what ${app} runs`, {
        hint: 'add `run:` to it in outlast.yaml',
      });
    const source = await readSource(definition.source, { excluded: definition.excluded, signal: context.interrupt });
    const content = hashContent(source, definition);
    const release = createReleaseId(new Date());
    const commit = await readCommit(definition.source);
    const buildOptions = (host: SelectedHost): DeployOptions => ({
      ...pickReleaseFlags(given),
      app,
      spec: specFor(host),
      setup: definition.setup,
      sharedPaths: definition.sharedPaths,
      request: createRequestId(),
      release,
      manifestHash: source.manifestHash,
      content,
      commit,
      health: definition.health,
      keepReleases: definition.keepReleases,
      force: given.force ?? false,
    });
    const buildScript = (host: SelectedHost) => {
      const options = buildOptions(host);
      return deploy.build({ ...options, request: null, spec: maskSpec(options.spec) }, { nonce: PREVIEW_NONCE });
    };
    warnOfPlaceholders(context, flags, plan.hosts[0] && specFor(plan.hosts[0]));
    if (await showPreview(context, plan, { action: describeAction(app, release, source), buildScript })) return 0;
    const proven = new Set<string>();
    const { outcomes, exit } = await changeReleases(context, plan, {
      app,
      attempted: release,
      label: `deploying ${app}`,
      done: 'deployed',
      timeoutMs: DEPLOY_LIMIT_MS + (given.wait ?? 0),
      work: async (session, host, { note, onAttempt }) => {
        const watcher = {
          onAttempt,
          onStep: (name: string) => note(name),
          onUpload: (progress: UploadProgress) => note(formatUpload(progress)),
        };
        return proveDetached(session, await deployToHost(session, buildOptions(host), source, watcher), proven);
      },
    });
    noteSafety(context, outcomes, proven);
    return exit;
  },
};

/** The named app, or the only one that can be deployed. */
function chooseApp({ apps }: Config, name: string | undefined): string {
  const known = [...apps.keys()];
  if (name !== undefined) {
    const app = parseAppName(name);
    if (apps.has(app)) return app;
    throw new OutlastError('E_USAGE', `the configuration has no app ${app}${formatSuggestion(app, known)}`, {
      hint:
        known.length > 0
          ? describeKnown(known)
          : 'what is deployed is described in outlast.yaml, which outlast init writes',
    });
  }
  const deployed = known.filter((each) => apps.get(each)?.settings.source !== undefined);
  const [only] = deployed;
  if (only !== undefined && deployed.length === 1) return only;
  throw new OutlastError(
    'E_USAGE',
    deployed.length === 0 ? 'the configuration has no app with a `source:`' : `which app? ${deployed.join(', ')}`,
    {
      hint:
        deployed.length === 0
          ? 'outlast init --streamlit writes one of the app in a folder; `source:` says which folder that is'
          : 'name it: outlast deploy APP',
    },
  );
}

/** Of everything that makes a release what it is: its files, and what prepares them. */
function hashContent({ manifestHash }: SourceTree, { runtime, setup, sharedPaths }: DeployDefinition): string {
  return createHash('sha256')
    .update(JSON.stringify([manifestHash, runtime, setup, sharedPaths]))
    .digest('hex');
}

function describeAction(app: string, release: string, { entries }: SourceTree): string {
  const files = entries.filter(({ kind }) => kind === 'file');
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  return `deploy ${app}: ${files.length} ${files.length === 1 ? 'file' : 'files'}, ${formatBytes(bytes)}; where they are not what runs already, as release ${release}`;
}
