import { OutlastError } from '@outlast/core';
import { parseJumpChain } from './configuration/destination.js';
import type { HostSettings } from './configuration/host-settings.js';
import type { HostResolver } from './configuration/ssh-config.js';
import { addHost } from './connect-errors.js';
import { raceSignal } from './deadline.js';
import type { Connection, SshOptions, Target } from './transport.js';

// A configuration in which hosts jump through each other has no end of its own.
const MAX_DEPTH = 8;

/** What a connection through hops is given along. */
export interface HopOptions {
  readonly connectTimeoutMs: number;
  /** How many hops already hang on this one. */
  readonly depth?: number;
}

/** A connected hop. */
export interface Hop<C> {
  /** As the jump chain names it. */
  readonly name: string;
  readonly connection: C;
}

/** The jump hosts of a run; each is connected once and shared by all that go through it. */
export interface HopPool<C> {
  /**
   * Connects the last jump host of a host's settings, through those before it; each is verified and authenticated on its own.
   *
   * @throws OutlastError of the hop that failed, which it names in `via`.
   */
  reach(settings: HostSettings, options: HopOptions & { readonly signal: AbortSignal }): Promise<Hop<C>>;
  /** Lets go of all hops. */
  close(): Promise<void>;
}

/** What hops are made of. */
export interface HopPoolContext<C> {
  readonly resolve: HostResolver;
  readonly sshOptions: SshOptions;
  connect(target: Target, settings: HostSettings, options: HopConnectOptions): Promise<C>;
}

/** What the connection of a hop is given along. */
export interface HopConnectOptions extends HopOptions {
  /** The flags that hold for the hop. */
  readonly sshOptions: SshOptions;
}

/** Creates the hops of a run. */
export function createHopPool<C extends Connection>(context: HopPoolContext<C>): HopPool<C> {
  const shared = new Map<string, Promise<C>>();
  return {
    async reach(settings, { signal, connectTimeoutMs, depth = 0 }) {
      const { hop, settings: hopSettings, sshOptions } = await resolveLastHop(settings, context);
      // However a chain spells a hop, it is one.
      const { sshArgs: _spelling, ...way } = hopSettings;
      const key = JSON.stringify([way, depth]);
      try {
        if (depth >= MAX_DEPTH) throw buildLoopError(settings);
        const existing = shared.get(key);
        const connecting =
          existing ?? context.connect(hop, hopSettings, { connectTimeoutMs, depth: depth + 1, sshOptions });
        if (existing === undefined) keepWhileAlive(shared, key, connecting);
        return { name: hop.name, connection: await raceSignal(connecting, signal) };
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

function keepWhileAlive<C extends Connection>(
  shared: Map<string, Promise<C>>,
  key: string,
  connection: Promise<C>,
): void {
  shared.set(key, connection);
  const forget = (): unknown => shared.get(key) === connection && shared.delete(key);
  connection.then(({ closed }) => closed.then(forget), forget);
}

/**
 * Resolves the hop that is next to the host. As in ssh, it reaches back through the hops before it; the first one
 * goes its own configured way; and of the flags only `-F` holds for hops.
 */
async function resolveLastHop(
  settings: HostSettings,
  { resolve, sshOptions }: { readonly resolve: HostResolver; readonly sshOptions: SshOptions },
): Promise<{ hop: Target; settings: HostSettings; sshOptions: SshOptions }> {
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
  return { hop, settings: await resolve(hop, hopOptions), sshOptions: hopOptions };
}

function buildLoopError(settings: HostSettings): OutlastError {
  return new OutlastError('E_CONFIG', `more than ${MAX_DEPTH} jump hosts lead to ${settings.destination}`, {
    hint: 'does a ProxyJump lead back to itself? Add "ProxyJump none" to the first hop',
  });
}
