import type { AppReport } from '@outlast/core';
import type { Outcome } from '../fleet/outcome.js';
import { formatStatus } from '../output/format-status.js';
import { resolveTableWidth } from '../output/table-width.js';
import type { Context } from './context.js';

/** Formats the table of all apps that the hosts reported. */
export function formatReports(
  { output }: Context,
  outcomes: readonly Outcome<readonly AppReport[]>[],
): Promise<string> {
  const { palette } = output.stdout;
  const hosts = outcomes.map(({ host, value = [] }) => ({ host, apps: value }));
  return formatStatus(hosts, {
    palette,
    width: resolveTableWidth(output),
    wide: output.flags.wide === true,
    nowMs: Date.now(),
  });
}
