import { createLaptop, startEmbeddedHost } from './fixtures.mjs';
import { installOutlast } from './install-outlast.mjs';
import { watchConnections } from './watch-connections.mjs';

const HOST_NAMES = ['web1', 'web2'];

/** Something that was made could not be removed. */
export class CleanupFailure extends Error {
  name = 'CleanupFailure';
}

/**
 * Brings up two SSH hosts with fresh keys, and two laptops that know them. Everything is below the folder for temporary
 * files, and goes away with `close`, or with this process should it be killed.
 */
export async function openStage() {
  const closers = [];
  const close = () => closeAll(closers);
  try {
    const connections = watchConnections();
    closers.push(async () => connections.stop());
    const hosts = [];
    for (const alias of HOST_NAMES) {
      const host = await startEmbeddedHost({ alias });
      hosts.push(host);
      closers.push(host.stop);
    }
    const [laptop, otherLaptop] = [await openLaptop(hosts, closers), await openLaptop(hosts, closers)];
    return { hosts, hostList: HOST_NAMES.join(','), laptop, otherLaptop, connections, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openLaptop(hosts, closers) {
  const laptop = await createLaptop(hosts);
  closers.push(laptop.remove);
  return { ...laptop, outlastPath: await installOutlast(laptop, hosts) };
}

async function closeAll(closers) {
  const problems = [];
  // Clients before their hosts.
  for (const close of closers.splice(0).reverse()) await close().catch((error) => problems.push(error));
  if (problems.length > 0) throw new CleanupFailure(`something may be left behind: ${problems[0].message}`);
}
