import { OutlastError } from '@outlast/core';
import type { Config } from '../config/config.js';
import { matchHosts } from './match-hosts.js';
import type { SelectedHost } from './selected-host.js';

/**
 * Takes hosts out of a selection.
 *
 * @param words as matchHosts takes them.
 * @throws OutlastError `E_USAGE` as matchHosts does, and when no host is left.
 */
export function excludeHosts(hosts: readonly SelectedHost[], words: readonly string[], config: Config): SelectedHost[] {
  if (words.length === 0) return [...hosts];
  const excluded = matchHosts(hosts, words, { config, flag: '-x' });
  const left = hosts.filter((host) => !excluded.has(host));
  if (left.length === 0) {
    throw new OutlastError('E_USAGE', 'every chosen host is excluded', { hint: 'take something out of -x' });
  }
  return left;
}
