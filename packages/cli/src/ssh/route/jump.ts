import type { Duplex } from 'node:stream';
import type { HostSettings } from '../configuration/host-settings.js';
import { addHost } from '../connect-errors.js';
import { raceSignal } from '../deadline.js';
import { createHopPool, type HopOptions, type HopPoolContext } from '../hop-pool.js';
import type { Connection } from '../transport.js';

/** The jump hosts of a run, as ways to other hosts. */
export interface Hops {
  /**
   * Opens a stream to a host through the jump hosts of its settings, each verified and authenticated on its own.
   *
   * @throws OutlastError of the hop that failed, which it names in `via`.
   */
  openTunnel(settings: HostSettings, options: HopOptions): Promise<Duplex>;
  /** Lets go of all hops. */
  close(): Promise<void>;
}

/** Creates the hops of a run. */
export function createHops(context: HopPoolContext<Connection>): Hops {
  const pool = createHopPool(context);
  return {
    async openTunnel(settings, options) {
      const hop = await pool.reach(settings, options);
      try {
        return await openGuarded(hop.connection, settings, options.deadline.signal);
      } catch (error) {
        throw addHost(error, settings.destination, hop.name);
      }
    },
    close: pool.close,
  };
}

async function openGuarded(hop: Connection, settings: HostSettings, signal: AbortSignal): Promise<Duplex> {
  const tunnel = hop.openTunnel(settings.hostname, settings.port);
  try {
    return await raceSignal(tunnel, signal);
  } catch (error) {
    // One that opens after all is nobody's.
    tunnel.then((stream) => stream.destroy()).catch(() => undefined);
    throw error;
  }
}
