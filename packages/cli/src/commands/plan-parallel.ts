import { OutlastError } from '@outlast/core';
import { readOpenFileLimit } from '../fleet/open-files.js';
import { chooseParallel, countFiles, countHosts } from '../fleet/parallel.js';
import { TRANSPORTS } from '../ssh/transports.js';
import type { Context } from './context.js';
import { chooseTransport, type FleetPlan } from './fleet-plan.js';

/**
 * Says how many hosts are done at the same time: as many as asked for, or as suits this machine, but no more than it may open files for.
 *
 * @param atOnce all of them have to be, since none ends by itself.
 * @throws OutlastError `E_USAGE` when all at once are too many.
 */
export async function planParallel({ output }: Context, plan: FleetPlan, atOnce: boolean): Promise<number> {
  const { flags, hosts } = plan;
  const asked = atOnce ? hosts.length : (flags.parallel ?? chooseParallel());
  const wanted = Math.max(1, Math.min(asked, hosts.length));
  // Nothing is to be shared out, whatever the limit is.
  if (wanted === 1) return wanted;
  const openFiles = await readOpenFileLimit();
  const used = new Set(hosts.map((host) => chooseTransport(plan, host)));
  const transports = TRANSPORTS.filter((name) => used.has(name));
  const possible = Math.max(1, countHosts(openFiles, transports));
  if (possible >= wanted) return wanted;
  const needed = countFiles(wanted, transports);
  if (atOnce) {
    throw new OutlastError(
      'E_USAGE',
      `this laptop may open ${openFiles} files, and ${wanted} hosts at once take ${needed}`,
      {
        hint: `raise it with ulimit -n ${needed}, or choose at most ${possible} hosts`,
      },
    );
  }
  if (flags.parallel !== undefined) {
    output.warn(
      `${openFiles} files may be open (ulimit -n): ${possible} hosts are done at the same time, not ${wanted}, which takes ${needed}`,
    );
  }
  return possible;
}
