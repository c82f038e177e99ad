import type { Duplex } from 'node:stream';
import { OutlastError } from '@outlast/core';
import { addHost } from './connect-errors.js';
import { raceSignal } from './deadline.js';
import { parseJumpChain } from './destination.js';
import type { HostSettings } from './host-settings.js';
import type { HostResolver } from './ssh-config.js';
import type { TunnelConnection } from './ssh2-connection.js';
import type { SshOptions, Target } from './transport.js';

// A configuration in which hosts jump through each other has no end of its own.
const MAX_DEPTH = 8;

/** What a connection through hops is given along. */
export interface HopOptions {
  readonly connectTimeoutMs: number;
  /** How many hops already hang on this one. */
  readonly depth?: number;
}

/** The jump hosts of a run; each is connected once and shared by all that go through it. */
export interface Hops {
  /**
   * Opens a stream to a host through the jump hosts of its settings, each verified and authenticated on its own.
   *
   * @throws OutlastError of the hop that failed, which it names in `via`.
   */
  openTunnel(settings: HostSettings, options: HopOptions & { readonly signal: AbortSignal }): Promise<Duplex>;
  /** Lets go of all hops. */
  close(): Promise<void>;
}

/** What hops are made of. */
export interface HopsContext {
  readonly resolve: HostResolver;
  readonly sshOptions: SshOptions;
  connect(target: Target, settings: HostSettings, options: HopOptions): Promise<TunnelConnection>;
}

/** Creates the hops of a run. */
export function createHops(context: HopsContext): Hops {
  const shared = new Map<string, Promise<TunnelConnection>>();
  return {
    async openTunnel(settings, { signal, connectTimeoutMs, depth = 0 }) {
      const { hop, settings: hopSettings } = await resolveLastHop(settings, context);
      const key = JSON.stringify([hopSettings, depth]);
      try {
        if (depth >= MAX_DEPTH) throw buildLoopError(settings);
        const existing = shared.get(key);
        const hopConnection = existing ?? context.connect(hop, hopSettings, { connectTimeoutMs, depth: depth + 1 });
        if (existing === undefined) keepWhileAlive(shared, key, hopConnection);
        const connection = await raceSignal(hopConnection, signal);
        return await openGuarded(connection, settings, signal);
      } catch (error) {
        throw addHost(error, settings.destination, hop.name);
      }
    },
    async close() {
      const connections = await Promise.allSettled(shared.values());
      await Promise.all(connections.map((hop) => (hop.status === 'fulfilled' ? hop.value.close() : undefined)));
    },
  };
}

function keepWhileAlive(
  shared: Map<string, Promise<TunnelConnection>>,
  key: string,
  connection: Promise<TunnelConnection>,
): void {
  shared.set(key, connection);
  const forget = (): unknown => shared.get(key) === connection && shared.delete(key);
  connection.then(({ closed }) => closed.then(forget), forget);
}

async function openGuarded(hop: TunnelConnection, settings: HostSettings, signal: AbortSignal): Promise<Duplex> {
  const tunnel = hop.openTunnel(settings.hostname, settings.port);
  try {
    return await raceSignal(tunnel, signal);
  } catch (error) {
    // One that opens after all is nobody's.
    tunnel.then((stream) => stream.destroy()).catch(() => undefined);
    throw error;
  }
}

/**
 * Resolves the hop that is next to the host. As in ssh, it reaches back through the hops before it; the first one
 * goes its own configured way; and of the flags only `-F` holds for hops.
 */
async function resolveLastHop(
  settings: HostSettings,
  { resolve, sshOptions }: HopsContext,
): Promise<{ hop: Target; settings: HostSettings }> {
  const chain = parseJumpChain(settings.proxyJump ?? '');
  const hop = chain.at(-1);
  if (hop === undefined) throw new OutlastError('E_CONFIG', `${settings.destination} has an empty ProxyJump`);
  const before = chain.slice(0, -1).map(({ name }) => name);
  const hopOptions: SshOptions = {
    identityFiles: [],
    options: [],
    ...(sshOptions.configFile === undefined ? {} : { configFile: sshOptions.configFile }),
    ...(before.length === 0 ? {} : { jump: before.join(',') }),
  };
  return { hop, settings: await resolve(hop, hopOptions) };
}

function buildLoopError(settings: HostSettings): OutlastError {
  return new OutlastError('E_CONFIG', `more than ${MAX_DEPTH} jump hosts lead to ${settings.destination}`, {
    hint: 'does a ProxyJump lead back to itself? Add "ProxyJump none" to the first hop',
  });
}
