import { quoteForMessage } from '@outlast/core';
import type { DraftGroup, DraftHost, InventoryDraft } from './inventory-draft.js';

/**
 * Settles what Ansible settles once everything is read: a group without parents belongs to `all`, a host in no other group to
 * `ungrouped`. Reports a group that contains itself.
 */
export function settleGroups(draft: InventoryDraft): void {
  const all = draft.addGroup('all', undefined);
  const ungrouped = draft.addGroup('ungrouped', undefined);
  for (const group of draft.groups.values()) {
    if (group !== all && group.parents.size === 0) {
      all.children.add(group);
      group.parents.add(all);
    }
  }
  reportCycles(draft);
  for (const host of draft.hosts.values()) {
    const isGrouped = [...host.groups].some((group) => group !== all && group !== ungrouped);
    if (!isGrouped) {
      host.groups.add(ungrouped);
      ungrouped.hosts.add(host);
    } else if (host.groups.delete(ungrouped)) {
      ungrouped.hosts.delete(host);
    }
  }
}

/** Lists the hosts of a group and of those below it: its own first, then level by level, each host once. */
export function listGroupHosts(group: DraftGroup): DraftHost[] {
  const hosts = new Set<DraftHost>();
  const reached = new Set([group]);
  // A set goes on over what is added to it meanwhile.
  for (const { hosts: own, children } of reached) {
    for (const host of own) hosts.add(host);
    for (const child of children) reached.add(child);
  }
  return [...hosts];
}

/**
 * Makes the function that lists the groups of a host whose variables count, what counts least first: by depth below `all`,
 * then by `ansible_group_priority`, then by name. `all` itself is not among them. Wants groups without cycles.
 */
export function createGroupRanking(draft: InventoryDraft): (host: DraftHost) => DraftGroup[] {
  const depths = measureDepths(draft);
  return (host) => {
    const reached = new Set(host.groups);
    for (const group of reached) for (const parent of group.parents) reached.add(parent);
    const depthOf = (group: DraftGroup): number => depths.get(group) ?? 0;
    return [...reached]
      .filter(({ name }) => name !== 'all')
      .sort((a, b) => depthOf(a) - depthOf(b) || a.priority - b.priority || compareNames(a.name, b.name));
  };
}

/** The longest way from `all` to each group. */
function measureDepths(draft: InventoryDraft): Map<DraftGroup, number> {
  const depths = new Map<DraftGroup, number>();
  for (const group of sortByParents(draft)) {
    const above = [...group.parents].map((parent) => depths.get(parent) ?? 0);
    depths.set(group, Math.max(-1, ...above) + 1);
  }
  return depths;
}

/** Lists the groups so that each stands behind its parents; those of a cycle, and what is below them, are left out. */
function sortByParents(draft: InventoryDraft): Set<DraftGroup> {
  const waiting = new Map([...draft.groups.values()].map((group) => [group, group.parents.size]));
  const sorted = new Set([...draft.groups.values()].filter((group) => group.parents.size === 0));
  for (const { children } of sorted) {
    for (const child of children) {
      const left = (waiting.get(child) ?? 0) - 1;
      waiting.set(child, left);
      if (left === 0) sorted.add(child);
    }
  }
  return sorted;
}

function reportCycles(draft: InventoryDraft): void {
  const sorted = sortByParents(draft);
  const start = [...draft.groups.values()].find((group) => !sorted.has(group));
  if (start === undefined) return;
  // Every group that is left has a parent that is left: going up comes back to where it was.
  const path = new Set<DraftGroup>();
  let group = start;
  while (!path.has(group)) {
    path.add(group);
    group = [...group.parents].find((parent) => !sorted.has(parent)) ?? group;
  }
  const upwards = [...path].slice([...path].indexOf(group));
  const names = [...upwards, group].reverse().map(({ name }) => quoteForMessage(name));
  const place = group.place ?? start.place ?? { file: 'the inventory', line: 0, column: 0 };
  draft.report(place, `the group ${quoteForMessage(group.name)} contains itself: ${names.join(' > ')}`);
}

// As Python compares: by code point.
function compareNames(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  const index = left.findIndex((character, at) => character !== right[at]);
  if (index < 0) return left.length - right.length;
  return (left[index]?.codePointAt(0) ?? 0) - (right[index]?.codePointAt(0) ?? -1);
}
