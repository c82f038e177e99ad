import { formatSuggestion, OutlastError, quoteForMessage } from '@outlast/core';
import type { Config, ConfiguredHost } from '../config/config.js';

const TAG = 'tag:';

/**
 * Finds the hosts of a group or of a tag (`tag:eu`), in the order of the configuration.
 *
 * @throws OutlastError `E_USAGE` with a suggestion when the configuration has no such group or tag.
 */
export function resolveGroup(config: Config, name: string): ConfiguredHost[] {
  if (name.startsWith(TAG)) {
    const tag = name.slice(TAG.length);
    const hosts = [...config.hosts.values()].filter((host) => host.tags.includes(tag));
    if (hosts.length === 0) {
      throw refuseName(`no host has the tag ${quoteForMessage(tag)}`, tag, listTags(config));
    }
    return hosts;
  }
  const group = config.groups.get(name);
  if (group === undefined) {
    throw refuseName(`there is no group ${quoteForMessage(name)}`, name, [...config.groups.keys()]);
  }
  return resolveMembers(config, group.members);
}

/**
 * Finds the hosts that members of a group or the hosts of an app stand for: names of hosts, groups and tags.
 *
 * @throws OutlastError `E_USAGE` with a suggestion for a name that the configuration does not have.
 */
export function resolveMembers(config: Config, members: readonly string[]): ConfiguredHost[] {
  const found = new Set<ConfiguredHost>();
  const visited = new Set<string>();
  const pending = [...members].reverse();
  for (let member = pending.pop(); member !== undefined; member = pending.pop()) {
    const host = config.hosts.get(member);
    const group = config.groups.get(member);
    if (host !== undefined) {
      found.add(host);
    } else if (group === undefined) {
      for (const tagged of resolveGroup(config, member)) found.add(tagged);
    } else if (!visited.has(member)) {
      visited.add(member);
      // One by one: a group may repeat more names than a call takes arguments.
      for (const inner of [...group.members].reverse()) pending.push(inner);
    }
  }
  return [...found];
}

function refuseName(message: string, name: string, known: readonly string[]): OutlastError {
  return new OutlastError('E_USAGE', `${message}${formatSuggestion(name, known)}`, {
    hint: known.length === 0 ? 'the configuration has none' : `the configuration has: ${known.slice(0, 20).join(', ')}`,
  });
}

function listTags(config: Config): string[] {
  return [...new Set([...config.hosts.values()].flatMap((host) => host.tags))];
}
