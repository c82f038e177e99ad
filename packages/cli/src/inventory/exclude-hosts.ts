import { OutlastError } from '@outlast/core';
import type { Config } from '../config/config.js';
import { matchHosts } from './match-hosts.js';
import type { SelectedHost } from './selected-host.js';

/**
 * Takes hosts out of a selection.
 *
 * @param chosen what the words may name: the selection before `--limit` has left some of it out.
 * @param words as matchHosts takes them.
 * @throws OutlastError `E_USAGE` as matchHosts does, and when no host is left.
 */
export function excludeHosts(
  hosts: readonly SelectedHost[],
  words: readonly string[],
  { config, chosen }: { readonly config: Config; readonly chosen: readonly SelectedHost[] },
): SelectedHost[] {
  if (words.length === 0) return [...hosts];
  const excluded = matchHosts(chosen, words, { config, flag: '-x' });
  const left = hosts.filter((host) => !excluded.has(host));
  if (left.length === 0) {
    throw new OutlastError('E_USAGE', 'every chosen host is excluded', { hint: 'take something out of -x' });
  }
  return left;
}
