import { formatSuggestion, OutlastError, quoteForMessage } from '@outlast/core';
import type { Config, ConfiguredHost } from '../config/config.js';
import { resolveGroup } from './configured-members.js';
import { expandHostLists } from './host-ranges.js';
import { parseHostWord } from './host-spec.js';
import type { SelectedHost } from './selected-host.js';

/**
 * Finds the hosts of a selection that words stand for. A word without user and port stands for every entry of that host.
 *
 * @param words host words, ranges, groups and `tag:…`, comma separated.
 * @param flag the flag behind which the words stand, for messages.
 * @throws OutlastError `E_USAGE` for a word that is neither selected nor configured.
 */
export function matchHosts(
  hosts: readonly SelectedHost[],
  words: readonly string[],
  { config, flag }: { readonly config: Config; readonly flag: string },
): ReadonlySet<SelectedHost> {
  const found = new Set<SelectedHost>();
  const index = indexHosts(hosts);
  for (const word of expandHostLists(words)) {
    const matching = findMatching(word, index, config);
    if (matching === undefined) throw refuseWord(word, flag, { index, config });
    for (const host of matching) found.add(host);
  }
  return found;
}

type HostIndex = ReadonlyMap<string, readonly SelectedHost[]>;

function findMatching(word: string, index: HostIndex, config: Config): readonly SelectedHost[] | undefined {
  if (word.startsWith('tag:') || config.groups.has(word)) {
    return resolveGroup(config, word).flatMap((host) => findConfigured(host, index, config));
  }
  const { user, host, destination, port } = parseHostWord(word);
  const configured = config.hosts.get(host);
  const found = configured === undefined ? index.get(destination) : findConfigured(configured, index, config);
  const matching = (found ?? []).filter(
    ({ target }) => (user === undefined || target.user === user) && (port === undefined || target.port === port),
  );
  return matching.length === 0 && configured === undefined ? undefined : matching;
}

// Several hosts may share an address and differ in their ports or users; one of them is known by its name, or by all of these: where it was
// written as an address, by that and the port.
function findConfigured(host: ConfiguredHost, index: HostIndex, config: Config): SelectedHost[] {
  const { name, destination, user, port } = host.target;
  return (index.get(destination) ?? []).filter(({ target }) => {
    const written = parseHostWord(target.name).host;
    const isSameUser = target.user === user || !config.hosts.has(written);
    return written === name || (target.port === port && isSameUser);
  });
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

function refuseWord(
  word: string,
  flag: string,
  { index, config }: { readonly index: HostIndex; readonly config: Config },
): OutlastError {
  const names = [...index.values()].flat().map(({ target }) => target.name);
  const known = new Set([...names, ...config.hosts.keys(), ...config.groups.keys()]);
  return new OutlastError(
    'E_USAGE',
    `${flag} ${quoteForMessage(word)} is not among the hosts${formatSuggestion(word, known)}`,
    { hint: 'name hosts that are chosen, or hosts and groups of the configuration' },
  );
}
