import type { Duplex } from 'node:stream';
import { OutlastError } from '@outlast/core';
import type { HostSettings } from '../configuration/host-settings.js';
import { isCode } from '../connect-errors.js';
import { raceSignal } from '../deadline.js';
import type { HopOptions } from '../hop-pool.js';
import { dial } from './dial.js';
import type { Hops } from './jump.js';
import { startProxyCommand } from './proxy-command.js';

/** A byte stream to a host's sshd. */
export interface Route {
  readonly stream: Duplex;
  /** What an error on this route really was, where the route itself knows better. */
  explain?(error: unknown): Promise<unknown>;
}

/** What opening a route needs. */
export interface RouteContext extends HopOptions {
  readonly hops: Hops;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Opens the way to a host as its settings say: through jump hosts, through a ProxyCommand, or directly.
 *
 * @throws OutlastError of dialling, or that of the hop that failed, with `via`.
 */
export async function openRoute(settings: HostSettings, context: RouteContext): Promise<Route> {
  if (settings.proxyJump !== null) return { stream: await context.hops.openTunnel(settings, context) };
  if (settings.proxyCommand !== null) return openProxy(settings, settings.proxyCommand, context);
  return { stream: await dial(settings, context.deadline.signal) };
}

async function openProxy(settings: HostSettings, line: string, { env, deadline }: RouteContext): Promise<Route> {
  if (settings.proxyUseFdpass) {
    throw new OutlastError(
      'E_NEEDS_OPENSSH',
      'ProxyUseFdpass hands over a descriptor, which only OpenSSH itself takes',
      {
        hint: 'leave the connection to OpenSSH: --transport openssh; or use ProxyJump, or a ProxyCommand that passes the bytes on',
      },
    );
  }
  const { stream, explainEnd } = await startProxyCommand(line, env);
  return {
    stream,
    async explain(error) {
      return isCode(error, 'E_THROTTLED') ? raceSignal(explainEnd(), deadline.signal).catch(() => error) : error;
    },
  };
}
