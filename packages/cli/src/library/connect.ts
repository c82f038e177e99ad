import { parseHostSpec } from '../inventory/host-spec.js';
import { Host } from './host.js';
import { HostLink } from './host-link.js';
import { type CallOptions, checkMilliseconds, type HostOptions } from './options.js';
import { createReach } from './reach.js';

/**
 * Connects to one host: `name`, `user@name:port`, an address (IPv6 in brackets where a port follows), or an alias of the ssh configuration.
 * The program stays alive until it is closed.
 *
 * @throws OutlastError `E_USAGE` for what is no host; `E_CONNECT_…`, `E_HOST_KEY_…`, `E_AUTH` and the like when it cannot be reached.
 */
export async function connect(host: string, options: HostOptions & CallOptions = {}): Promise<Host> {
  const { timeoutMs, signal } = options;
  checkMilliseconds('timeoutMs', timeoutMs);
  const reach = createReach(options);
  const target = parseHostSpec(host);
  const link = new HostLink({ target, reach, context: { reached: false }, signal, timeoutMs });
  const connected = new Host(link, () => reach.close());
  try {
    await link.open();
    return connected;
  } catch (error) {
    await connected.close();
    throw error;
  }
}
