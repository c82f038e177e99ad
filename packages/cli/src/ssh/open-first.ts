import type { HostSettings } from './configuration/host-settings.js';
import type { HostResolver } from './configuration/ssh-config.js';
import { addHost } from './connect-errors.js';
import { buildAbortReason, raceSignal } from './deadline.js';
import { openUnlessAborted } from './lost-host.js';
import type { ConnectedExec, Connection, ConnectOptions, ExecChannel, Target } from './transport.js';

/** Resolves how a target is reached, or gives up when the caller does. */
export async function resolveTarget(
  resolve: HostResolver,
  target: Target,
  { signal }: ConnectOptions,
): Promise<HostSettings> {
  const resolving = resolve(target);
  try {
    return await (signal === undefined ? resolving : raceSignal(resolving, signal));
  } catch (error) {
    throw addHost(signal?.aborted === true ? buildAbortReason(signal.reason) : error, target.name);
  }
}

/** Waits for the first channel of a fresh connection, which ends with it where there is none. */
export async function openFirst(
  target: Target,
  connection: Connection,
  opening: Promise<ExecChannel>,
  { signal }: ConnectOptions,
): Promise<ConnectedExec> {
  try {
    return { connection, channel: await openUnlessAborted(opening, signal) };
  } catch (error) {
    await connection.close();
    throw addHost(error, target.name);
  }
}
