import { OutlastError, quoteForMessage } from '@outlast/core';
import type { Config } from '../config/config.js';
import { matchHosts } from './match-hosts.js';
import type { SelectedHost } from './selected-host.js';

/**
 * Keeps of a selection only the hosts that are also among `limits`: commas within one unite, each further one narrows.
 *
 * @param limits each as matchHosts takes words.
 * @throws OutlastError `E_USAGE` as matchHosts does, and when no host is left.
 */
export function limitHosts(hosts: readonly SelectedHost[], limits: readonly string[], config: Config): SelectedHost[] {
  let left = [...hosts];
  for (const limit of limits) {
    // What is named has to be among those that were chosen, not among those that an earlier limit has left.
    const kept = matchHosts(hosts, [limit], { config, flag: '--limit' });
    left = left.filter((host) => kept.has(host));
    if (left.length === 0) {
      throw new OutlastError('E_USAGE', `--limit ${quoteForMessage(limit)} leaves none of the chosen hosts`, {
        hint: 'see which are chosen with: outlast hosts',
      });
    }
  }
  return left;
}
