import { OutlastError } from '@outlast/core';
import { parseJumpChain } from './configuration/destination.js';
import type { HostSettings } from './configuration/host-settings.js';
import type { HostResolver } from './configuration/ssh-config.js';
import { addHost, formatHost } from './connect-errors.js';
import { type Deadline, explainWhile, raceSignal, startSharedDeadline } from './deadline.js';
import type { Connection, SshOptions, Target } from './transport.js';

// A configuration in which hosts jump through each other has no end of its own.
const MAX_DEPTH = 8;

/** What a connection through hops is given along. */
export interface HopOptions {
  /** Of the one that waits for the hop: should its time be over, it is told what is wrong with the hop. */
  readonly deadline: Deadline;
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
  reach(settings: HostSettings, options: HopOptions): Promise<Hop<C>>;
  /** Lets go of all hops. */
  close(): Promise<void>;
}

/** What hops are made of. */
export interface HopPoolContext<C> {
  readonly resolve: HostResolver;
  readonly sshOptions: SshOptions;
  /** Aborts when the run is over. */
  readonly end: AbortSignal;
  connect(target: Target, settings: HostSettings, options: HopConnectOptions): Promise<C>;
}

/** What the connection of a hop is given along. */
export interface HopConnectOptions extends HopOptions {
  /** The flags that hold for the hop. */
  readonly sshOptions: SshOptions;
}

/** Creates the hops of a run. */
export function createHopPool<C extends Connection>(context: HopPoolContext<C>): HopPool<C> {
  const store: HopStore<C> = { shared: new Map(), all: new Set() };
  return {
    async reach(settings, { deadline, depth = 0 }) {
      const resolving = resolveLastHop(settings, context);
      const { hop, settings: hopSettings, sshOptions } = await raceSignal(resolving, deadline.signal);
      // However a chain spells a hop, it is one.
      const { sshArgs: _spelling, ...way } = hopSettings;
      const key = JSON.stringify([way, depth]);
      try {
        if (depth >= MAX_DEPTH) throw buildLoopError(settings);
        const start = (own: Deadline): Promise<C> =>
          context.connect(hop, hopSettings, { deadline: own, depth: depth + 1, sshOptions });
        const to = `the jump host ${formatHost(hop.name, hopSettings)}`;
        const shared = store.shared.get(key) ?? shareHop(store, key, startSharedDeadline(to, context.end), start);
        const explain = (ms: number): OutlastError =>
          addHost(shared.deadline.judge(ms), settings.destination, hop.name);
        const connection = await explainWhile(deadline, explain, () => awaitHop(shared, deadline.signal));
        return { name: hop.name, connection };
      } catch (error) {
        throw addHost(error, settings.destination, hop.name);
      }
    },
    async close() {
      const connections = await Promise.allSettled(store.all);
      await Promise.all(connections.map((hop) => (hop.status === 'fulfilled' ? hop.value.close() : undefined)));
    },
  };
}

interface HopStore<C> {
  /** Those that more hosts may join. */
  readonly shared: Map<string, SharedHop<C>>;
  /** With those that are on their way out. */
  readonly all: Set<Promise<C>>;
}

/** A hop for all that go through it. */
interface SharedHop<C> {
  readonly connecting: Promise<C>;
  readonly deadline: Deadline;
  /** How many wait for it. */
  waiting: number;
  /** Nobody waits any more: gives it up unless it stands. */
  leave(): void;
}

function shareHop<C extends Connection>(
  { shared, all }: HopStore<C>,
  key: string,
  deadline: Deadline,
  start: (deadline: Deadline) => Promise<C>,
): SharedHop<C> {
  const connecting = start(deadline);
  let stands = false;
  const retire = (): unknown => shared.get(key) === hop && shared.delete(key);
  const hop: SharedHop<C> = {
    connecting,
    deadline,
    waiting: 0,
    leave() {
      if (stands) return;
      // Whoever comes now must not join one that ends.
      retire();
      deadline.giveUp(new OutlastError('E_CONNECT_CLOSED', 'nobody waits for this jump host any more'));
    },
  };
  shared.set(key, hop);
  all.add(connecting);
  const forget = (): void => {
    retire();
    all.delete(connecting);
  };
  connecting.then(({ closed }) => {
    stands = true;
    closed.then(forget);
  }, forget);
  return hop;
}

/** The hop has no clock of its own: it goes on for as long as somebody has time to wait for it. */
async function awaitHop<C>(hop: SharedHop<C>, signal: AbortSignal): Promise<C> {
  hop.waiting++;
  try {
    return await raceSignal(hop.connecting, signal);
  } finally {
    hop.waiting--;
    if (hop.waiting === 0) hop.leave();
  }
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
