import type { Config } from '../../config/config.js';
import type { Inventory } from './load-inventories.js';

/** Puts an inventory before a configuration: its hosts come first, and its names, be they of hosts or groups, win. */
export function mergeInventory(inventory: Inventory, config: Config): Config {
  const isFree = ([name]: readonly [string, unknown]): boolean =>
    !inventory.hosts.has(name) && !inventory.groups.has(name);
  return {
    ...config,
    hosts: new Map([...inventory.hosts, ...[...config.hosts].filter(isFree)]),
    groups: new Map([...inventory.groups, ...[...config.groups].filter(isFree)]),
  };
}
