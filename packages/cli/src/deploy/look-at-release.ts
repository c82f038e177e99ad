import { type DeployResult, isLive, type SeenApp, status } from '@outlast/core';
import type { HostSession } from '../fleet/host-session.js';

/** What a host says of a release, or what was seen there by a look. */
export interface ReleaseFinding extends Omit<DeployResult, 'changed'> {
  /** Null where nobody knows. */
  readonly changed: boolean | null;
}

/** Whom to ask for. */
export interface ReleaseQuestion extends Pick<ReleaseFinding, 'attemptedRelease' | 'changed'> {
  readonly app: string;
}

/**
 * Looks which release runs on a host that did not say, as one whose answer was lost, or that was not deployed to.
 *
 * @throws OutlastError where it cannot be asked.
 */
export async function lookAtRelease(session: HostSession, asked: ReleaseQuestion): Promise<ReleaseFinding | undefined> {
  await session.close();
  const [seen] = await session.run(status, { apps: [asked.app] });
  return seen && describe(seen, asked);
}

function describe({ report, ...seen }: SeenApp, { attemptedRelease, changed }: ReleaseQuestion): ReleaseFinding {
  return {
    ...seen,
    report: { ...report, release: isLive(report.state) ? report.release : null },
    changed,
    previousRelease: null,
    attemptedRelease,
    rolledBack: false,
    steps: [],
    notices: [],
  };
}
