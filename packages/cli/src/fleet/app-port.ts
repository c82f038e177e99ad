import { inspect, isLive, OutlastError } from '@outlast/core';
import type { HostSession } from './host-session.js';

/**
 * Asks a host which port of an app is meant: the one that it was to listen on, else the only one that it does listen on.
 *
 * @throws OutlastError `E_NOT_RUNNING` where it does not run, `E_NO_PORT` where it listens on none, or on several.
 */
export async function askAppPort(session: HostSession, app: string): Promise<number> {
  const [seen] = await session.run(inspect, { apps: [app] });
  const state = seen?.report.state ?? 'unknown';
  if (seen === undefined || !isLive(state))
    throw new OutlastError('E_NOT_RUNNING', state === 'unknown' ? `no app ${app} is there` : `${app} is ${state}`, {
      hint: `see what there is with: outlast status; how it ended: outlast logs ${app}`,
    });
  const { port, report } = seen;
  if (port !== null) return port;
  const [only, ...others] = report.ports ?? [];
  if (only !== undefined && others.length === 0) return only;
  const which = only === undefined ? 'listens on none that can be seen' : `listens on ${report.ports?.join(', ')}`;
  throw new OutlastError('E_NO_PORT', `which port of ${app}? It ${which}`, {
    hint: 'say it with --port, or with `port:` in outlast.yaml',
  });
}
