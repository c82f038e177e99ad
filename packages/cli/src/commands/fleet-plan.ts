import { homedir } from 'node:os';
import { join } from 'node:path';
import { formatSuggestion, OutlastError, quoteForMessage } from '@outlast/core';
import type { Config } from '../config/config.js';
import { createLastRunStore, type LastRunStore } from '../fleet/last-run.js';
import { type AppHosts, type HostSelection, selectHosts } from '../inventory/select-hosts.js';
import type { SelectedHost } from '../inventory/selected-host.js';
import { formatShard, type Shard, takeShard } from '../inventory/shard.js';
import { foldHosts } from '../output/fold-hosts.js';
import { DEFAULT_TRANSPORT, type TransportName } from '../ssh/transports.js';
import { describeKnown } from './app-names.js';
import type { Context } from './context.js';
import type { FleetFlags } from './flags.js';
import { loadConfiguration } from './load-configuration.js';
import { readHostsFile } from './read-hosts-file.js';

const MOST_SHOWN = 5;

/** What a verb is going to do, decided before any socket opens. */
export interface FleetPlan {
  readonly config: Config;
  readonly hosts: readonly SelectedHost[];
  /** How many hosts the whole run is about, all its shards together: what is told of a single host goes by that. */
  readonly selected: number;
  readonly flags: FleetFlags;
  readonly lastRun: LastRunStore;
  /** Where this laptop keeps what it remembers of hosts and runs. */
  readonly clientFolder: string;
}

/** What a verb says of its plan. */
interface PlanOptions {
  readonly mayBeEmpty?: boolean;
  /** The configuration, where it was read before. */
  readonly loaded?: Config;
  /** `--retry-failed` is about the last run for this very app. */
  readonly ofOneApp?: boolean;
}

/**
 * Loads the configuration and chooses the hosts: those of the flags, else those that the configuration gives the apps.
 *
 * `loaded` is the configuration where the caller has needed it before. `mayBeEmpty` is for what can be done without any host: where neither
 * flags nor configuration name one, none is chosen.
 *
 * @throws OutlastError `E_USAGE` or `E_CONFIG`; nothing was sent.
 */
export async function planFleet(
  context: Context,
  flags: FleetFlags,
  apps: readonly string[] = [],
  { mayBeEmpty = false, loaded, ofOneApp = false }: PlanOptions = {},
): Promise<FleetPlan> {
  checkBatchFlags(context, flags);
  const config = loaded ?? (await loadConfiguration(context, flags));
  const appHosts = listAppHosts(config, apps);
  const selection = await buildSelection(context, flags);
  const chosenOrNamed = isChosen(selection) || apps.length > 0 || appHosts.some(({ hosts }) => hosts.length > 0);
  // Where neither a flag nor an app says which hosts, a question about no app in particular is about all of them.
  const all = selection.all || (!chosenOrNamed && config.hosts.size > 0);
  if (!all && !isChosen(selection)) refuseUnknownApps(config, apps);
  const clientFolder = findClientFolder(context.env);
  const lastRun = createLastRunStore(clientFolder, context.shard, ofOneApp ? apps[0] : undefined);
  const narrowed = flags.retryFailed === true || selection.exclude.length + (selection.limit ?? []).length > 0;
  if (mayBeEmpty && !all && !chosenOrNamed && !narrowed)
    return { config, hosts: [], selected: 0, flags, lastRun, clientFolder };
  const chosen = selectHosts({ ...selection, all }, config, appHosts);
  const own = context.shard === undefined ? chosen : takeOwn(context, chosen, context.shard);
  const hosts = flags.retryFailed && own.length > 0 ? await keepFailed(context, own, lastRun) : own;
  warnNotFollowed(context, hosts);
  // What failed on other machines is not known here.
  const selected = context.shard === undefined ? hosts.length : chosen.length;
  return { config, hosts, selected, flags, lastRun, clientFolder };
}

/** What lies between batches needs batches, and a question somebody who answers. */
function checkBatchFlags({ prompter }: Context, { serial, pause, ask }: FleetFlags): void {
  const flag = ask ? '--ask' : '--pause';
  if ((ask || pause !== undefined) && serial === undefined)
    throw new OutlastError('E_USAGE', `${flag} comes between batches of hosts, and there is only one`, {
      hint: 'say how many hosts make a batch: --serial N or N%',
    });
  if (ask && !prompter.interactive)
    throw new OutlastError('E_USAGE', '--ask has nobody to ask: this is no terminal', {
      hint: '--pause lets time pass between batches, --max-fail 0 ends the run at the first failure',
    });
}

/** Chooses what speaks SSH to a host: the flag, else the configuration of the host, else that of all hosts. */
export function chooseTransport(
  { flags, config }: { readonly flags: Pick<FleetFlags, 'transport'>; readonly config: Pick<Config, 'transport'> },
  host: Pick<SelectedHost, 'transport'> = {},
): TransportName {
  return flags.transport ?? host.transport ?? config.transport ?? DEFAULT_TRANSPORT;
}

async function buildSelection(context: Context, flags: FleetFlags): Promise<HostSelection> {
  const { host = [], group = [], all = false, exclude = [], limit = [], hostsFile } = flags;
  const selection = { hosts: host, groups: group, all, exclude, limit };
  if (hostsFile === undefined) return selection;
  return { ...selection, hostsFile: await readHostsFile(context, hostsFile) };
}

/** Without flags, hosts come from the app's configuration: where there is none of that name, that is what is wrong. */
function refuseUnknownApps(config: Config, apps: readonly string[]): void {
  const known = [...config.apps.keys()];
  const unknown = apps.find((app) => !config.apps.has(app));
  if (unknown === undefined || known.length === 0) return;
  throw new OutlastError(
    'E_USAGE',
    `the configuration has no app ${quoteForMessage(unknown)}${formatSuggestion(unknown, known)}`,
    {
      hint: `${describeKnown(known)}; an app that is not configured needs hosts: -H, -g or -a`,
    },
  );
}

/** Says once for each variable of an inventory which hosts it would have reached in another way. */
function warnNotFollowed({ output }: Context, hosts: readonly SelectedHost[]): void {
  const hostsOf = new Map<string, string[]>();
  for (const { target, notFollowed = [] } of hosts) {
    for (const name of notFollowed) {
      const names = hostsOf.get(name) ?? [];
      names.push(target.name);
      hostsOf.set(name, names);
    }
  }
  for (const [name, names] of hostsOf) {
    const folded = foldHosts(names);
    const shown = folded.slice(0, MOST_SHOWN).join(', ') + (folded.length > MOST_SHOWN ? ', …' : '');
    const count = names.length === 1 ? '1 host' : `${names.length} hosts`;
    output.warn(`${name} of the inventory is not followed (${count}: ${shown})`);
  }
}

function isChosen({ hosts, groups, hostsFile }: HostSelection): boolean {
  return hosts.length > 0 || groups.length > 0 || hostsFile !== undefined;
}

/** The hosts of the named apps; of all apps where none is named. */
function listAppHosts(config: Config, apps: readonly string[]): AppHosts[] {
  const named = apps.length > 0 ? apps : [...config.apps.keys()];
  return named.map((app) => ({ app, hosts: config.apps.get(app)?.hosts ?? [] }));
}

function takeOwn({ output }: Context, whole: readonly SelectedHost[], shard: Shard): SelectedHost[] {
  const own = takeShard(whole, shard);
  if (own.length === 0) output.note(`Shard ${formatShard(shard)} has no hosts: the selection has ${whole.length}.`);
  return own;
}

async function keepFailed(
  { verb, shard, output }: Context,
  hosts: readonly SelectedHost[],
  lastRun: LastRunStore,
): Promise<SelectedHost[]> {
  const failed = await lastRun.load(verb);
  const name = shard === undefined ? verb : `${verb} --shard ${formatShard(shard)}`;
  if (failed === undefined) {
    throw new OutlastError('E_USAGE', `there is no last run of ${name} on this laptop to retry`, {
      hint: 'run it without --retry-failed',
    });
  }
  const kept = hosts.filter(({ target }) => failed.has(target.name));
  if (kept.length === 0) output.note(`Nothing to retry: no host of this selection failed in the last run of ${name}.`);
  return kept;
}

function findClientFolder(env: NodeJS.ProcessEnv): string {
  const stateHome = env.XDG_STATE_HOME;
  const base = stateHome?.startsWith('/') ? stateHome : join(env.HOME ?? homedir(), '.local', 'state');
  return join(base, 'outlast', 'client');
}
