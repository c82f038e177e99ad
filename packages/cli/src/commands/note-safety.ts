import type { AppResult } from '@outlast/core';
import type { Outcome } from '../fleet/outcome.js';
import type { Context } from './context.js';

type Seen = Pick<AppResult, 'report' | 'identity' | 'logoutUnknown'>;

/** Says whether the laptop may be closed, which is true of those hosts alone on which everything has been seen twice. */
export function noteSafety(
  { output }: Context,
  outcomes: readonly Outcome<readonly Seen[]>[],
  proven: ReadonlySet<string>,
): void {
  const isProven = ({ identity, logoutUnknown }: Seen) =>
    identity !== null && proven.has(identity) && logoutUnknown !== true;
  for (const { host, value = [] } of outcomes.filter(({ value = [] }) => value.some((each) => each.logoutUnknown))) {
    const apps = value.map(({ report }) => report.app).join(' ');
    output.warn(
      `${host}: whether ${apps} outlives the logout is not known: logind did not say (outlast doctor -H ${host})`,
    );
  }
  const safe = outcomes.filter(({ ok, value = [] }) => ok === true && value.length > 0 && value.every(isProven)).length;
  if (safe === 0) return;
  output.note(
    safe === outcomes.length ? 'Safe to disconnect.' : `Safe to disconnect from ${safe} of ${outcomes.length} hosts.`,
  );
}
