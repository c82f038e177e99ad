import type { Config } from '../config/config.js';
import type { Context } from './context.js';
import type { FleetFlags } from './flags.js';

/** Loads the configuration that the flags name or that is found from the current folder on, and the inventories before it. */
export async function loadConfiguration(
  { cwd, env, output, interrupt }: Context,
  { config, inventory = [] }: Pick<FleetFlags, 'config' | 'inventory'>,
): Promise<Config> {
  const { loadConfig } = await import('../config/load-config.js');
  const search = { cwd, env, ...(config === undefined ? {} : { configFile: config }), ...findUserFolder(env) };
  if (inventory.length === 0) return loadConfig(search);
  const [{ loadInventories }, { mergeInventory }] = await Promise.all([
    import('../inventory/ansible/load-inventories.js'),
    import('../inventory/ansible/merge-inventory.js'),
  ]);
  const warn = (message: string): void => output.warn(message);
  const found = await loadInventories(inventory, { cwd, env, signal: interrupt, warn });
  return mergeInventory(found, await loadConfig(search, found));
}

function findUserFolder(env: NodeJS.ProcessEnv): { userFolder?: string } {
  return env.OUTLAST_CONFIG_HOME === undefined ? {} : { userFolder: env.OUTLAST_CONFIG_HOME };
}
