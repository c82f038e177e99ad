import { formatSuggestion, OutlastError, quoteForMessage } from '@outlast/core';
import type { Config, ConfiguredHost } from '../config/config.js';
import { resolveGroup } from './configured-members.js';
import { expandHostLists } from './host-ranges.js';
import { parseHostWord } from './host-spec.js';
import type { SelectedHost } from './selected-host.js';

/**
 * Takes hosts out of a selection. A word without user and port takes out every entry of that host.
 *
 * @param words host words, ranges, groups and `tag:…`, comma separated.
 * @throws OutlastError `E_USAGE` for a word that is neither selected nor configured, and when no host is left.
 */
export function excludeHosts(hosts: readonly SelectedHost[], words: readonly string[], config: Config): SelectedHost[] {
  const excluded = new Set<SelectedHost>();
  const index = indexHosts(hosts);
  for (const word of expandHostLists(words)) {
    for (const host of findExcluded(word, index, config)) excluded.add(host);
  }
  const left = hosts.filter((host) => !excluded.has(host));
  if (left.length === 0) {
    throw new OutlastError('E_USAGE', 'every chosen host is excluded', { hint: 'take something out of -x' });
  }
  return left;
}

type HostIndex = ReadonlyMap<string, readonly SelectedHost[]>;

function findExcluded(word: string, index: HostIndex, config: Config): readonly SelectedHost[] {
  if (word.startsWith('tag:') || config.groups.has(word)) {
    return resolveGroup(config, word).flatMap((host) => findConfigured(host, index));
  }
  const { user, host, destination, port } = parseHostWord(word);
  const configured = config.hosts.get(host);
  const found = configured === undefined ? index.get(destination) : findConfigured(configured, index);
  const matching = (found ?? []).filter(
    ({ target }) => (user === undefined || target.user === user) && (port === undefined || target.port === port),
  );
  if (matching.length === 0 && configured === undefined) {
    throw refuseExclusion(word, index, config);
  }
  return matching;
}

// Several hosts may share an address and differ in their ports; one of them is known by its name or by both.
function findConfigured(host: ConfiguredHost, index: HostIndex): SelectedHost[] {
  const { name, destination, port } = host.target;
  return (index.get(destination) ?? []).filter(
    ({ target }) => target.port === port || parseHostWord(target.name).host === name,
  );
}

function indexHosts(hosts: readonly SelectedHost[]): HostIndex {
  const index = new Map<string, SelectedHost[]>();
  for (const host of hosts) {
    const key = host.target.destination;
    const entry = index.get(key);
    if (entry === undefined) index.set(key, [host]);
    else entry.push(host);
  }
  return index;
}

function refuseExclusion(word: string, index: HostIndex, config: Config): OutlastError {
  const names = [...index.values()].flat().map(({ target }) => target.name);
  const known = new Set([...names, ...config.hosts.keys(), ...config.groups.keys()]);
  return new OutlastError(
    'E_USAGE',
    `-x ${quoteForMessage(word)} is not among the hosts${formatSuggestion(word, known)}`,
    {
      hint: 'exclude hosts that are chosen, or hosts and groups of the configuration',
    },
  );
}
