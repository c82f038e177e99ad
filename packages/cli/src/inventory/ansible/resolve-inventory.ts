import type { ConfiguredGroup, ConfiguredHost } from '../../config/config.js';
import type { Place } from '../../config/place.js';
import { resolveReach } from './followed-variables.js';
import type { DraftGroup, DraftHost, InventoryDraft, Variables } from './inventory-draft.js';
import type { Inventory } from './load-inventories.js';
import { createGroupRanking, listGroupHosts } from './settle-groups.js';
import type { VarsLookup } from './vars-files.js';

/** The files of variables beside one inventory. */
export interface VarsFiles {
  readonly ofGroup: VarsLookup;
  readonly ofHost: VarsLookup;
}

const NO_ENV: Readonly<Record<string, string>> = Object.freeze(Object.create(null));

/**
 * Resolves a settled draft to hosts and groups as the configuration has them.
 *
 * @param name what stands for the place of a group that nobody has written, such as `all`.
 */
export function resolveInventory(draft: InventoryDraft, files: readonly VarsFiles[], name: string): Inventory {
  const collect = createVariableCollector(draft, files);
  const all = draft.addGroup('all', undefined);
  const hosts = new Map(
    listGroupHosts(all).map((host): [string, ConfiguredHost] => [host.name, buildHost(host, collect(host))]),
  );
  const nowhere = { file: name, line: 0, column: 0 };
  const groups = new Map([...draft.groups.values()].map((group) => [group.name, buildGroup(group, nowhere)]));
  return { hosts, groups };
}

/**
 * What counts least first, as Ansible has it: `all`, the groups, the files of `all`, the files of the groups, the host, its files.
 */
function createVariableCollector(draft: InventoryDraft, files: readonly VarsFiles[]): (host: DraftHost) => Variables {
  const rank = createGroupRanking(draft);
  const ofAll = draft.addGroup('all', undefined).variables;
  const known = new Map<string, Variables>();
  const collectGroups = (host: DraftHost): Variables => {
    const key = [...host.groups]
      .map((group) => group.name)
      .sort()
      .join('\0');
    const found = known.get(key);
    if (found !== undefined) return found;
    const groups = rank(host);
    const merged = merge([
      ofAll,
      ...groups.map(({ variables }) => variables),
      ...files.map(({ ofGroup }) => ofGroup('all')),
      ...files.flatMap(({ ofGroup }) => groups.map(({ name }) => ofGroup(name))),
    ]);
    known.set(key, merged);
    return merged;
  };
  return (host) => merge([collectGroups(host), host.variables, ...files.map(({ ofHost }) => ofHost(host.name))]);
}

function merge(layers: readonly (Variables | undefined)[]): Variables {
  const merged: Variables = new Map();
  for (const layer of layers) {
    for (const [name, variable] of layer ?? []) merged.set(name, variable);
  }
  return merged;
}

function buildHost({ name, place }: DraftHost, variables: Variables): ConfiguredHost {
  const { target, problems, notFollowed } = resolveReach(name, variables);
  return {
    target,
    tags: [],
    env: NO_ENV,
    place,
    ...(problems.length === 0 ? {} : { problems }),
    ...(notFollowed.length === 0 ? {} : { notFollowed }),
  };
}

// Listed when somebody asks: all groups together may name a host very often.
function buildGroup(group: DraftGroup, nowhere: Place): ConfiguredGroup {
  let members: readonly string[] | undefined;
  return {
    get members() {
      members ??= listGroupHosts(group).map(({ name }) => name);
      return members;
    },
    place: group.place ?? nowhere,
  };
}
