import { OutlastError } from '@outlast/core';
import { exchangeBanners } from './banner.js';
import { addHost, formatEndpoint } from './connect-errors.js';
import { buildAbortReason, type Deadline, raceSignal, startDeadline } from './deadline.js';
import type { HostSettings } from './host-settings.js';
import { createHops, type Hops } from './jump.js';
import { createKeyring } from './keyring.js';
import { createKnownHostsStore } from './known-hosts-store.js';
import { loadSsh2 } from './load-ssh2.js';
import { createQuestions, type Questions } from './questions.js';
import { retryThrottled } from './retry-throttled.js';
import { openRoute } from './route.js';
import { type PreparedSession, prepareSession, type SessionTools } from './session.js';
import { createHostResolver } from './ssh-config.js';
import { buildConnection, type TunnelConnection } from './ssh2-connection.js';
import type { ConnectOptions, Prompter, SshOptions, Target, Transport } from './transport.js';

/** What the ssh2 transport is made of. */
export interface Ssh2TransportOptions {
  readonly sshOptions: SshOptions;
  readonly prompter: Prompter;
  /** Environment in which `ssh` and ProxyCommands run, and in which SSH_AUTH_SOCK is looked up. */
  readonly env: NodeJS.ProcessEnv;
  /** Told what is worth knowing and no error. */
  warn?(message: string): void;
}

/** Creates the transport that speaks SSH through the ssh2 library, configured as `ssh` would be. */
export function createSsh2Transport(options: Ssh2TransportOptions): Transport {
  const run = createRun(options);
  return {
    async connect(target, connectOptions) {
      const resolving = run.resolve(target);
      const { signal } = connectOptions;
      const settings = await (signal === undefined ? resolving : raceSignal(resolving, signal)).catch((error) => {
        throw addHost(signal?.aborted === true ? buildAbortReason(signal.reason) : error, target.name);
      });
      return connectHost(target, settings, run, connectOptions);
    },
    async close() {
      run.end.abort(new OutlastError('E_CONNECT_CLOSED', 'the transport was closed'));
      await run.hops.close();
    },
  };
}

/** What all connections of one transport share. */
interface Run {
  readonly resolve: ReturnType<typeof createHostResolver>;
  readonly questions: Questions;
  readonly env: NodeJS.ProcessEnv;
  readonly end: AbortController;
  readonly hops: Hops;
  loadTools(): Promise<SessionTools>;
}

function createRun({ sshOptions, prompter, env, warn = () => undefined }: Ssh2TransportOptions): Run {
  const resolve = createHostResolver({ sshOptions, env, warn });
  const questions = createQuestions(prompter);
  const end = new AbortController();
  let tools: Promise<SessionTools> | undefined;
  const run: Run = {
    resolve,
    questions,
    env,
    end,
    hops: createHops({
      resolve,
      sshOptions,
      connect: (target, settings, options) => connectHost(target, settings, run, options),
    }),
    loadTools() {
      tools ??= loadSsh2().then((ssh2) => {
        const keyring = createKeyring(ssh2, questions, end.signal);
        return { ssh2, keyring, questions, warn, store: createKnownHostsStore() };
      });
      return tools;
    },
  };
  return run;
}

async function connectHost(
  target: Target,
  settings: HostSettings,
  run: Run,
  options: ConnectOptions & { readonly depth?: number },
): Promise<TunnelConnection> {
  const signals = [run.end.signal, ...(options.signal === undefined ? [] : [options.signal])];
  const tools = await run.loadTools();
  const deadline = startDeadline(options.connectTimeoutMs, run.questions, AbortSignal.any(signals));
  try {
    const session = await raceSignal(prepareSession(target.name, settings, tools, deadline), deadline.signal);
    return await retryThrottled(deadline, () => connectOnce(settings, session, run, deadline, options));
  } catch (error) {
    throw addHost(error, target.name);
  } finally {
    deadline.end();
  }
}

async function connectOnce(
  settings: HostSettings,
  session: PreparedSession,
  run: Run,
  deadline: Deadline,
  options: ConnectOptions & { readonly depth?: number },
): Promise<TunnelConnection> {
  deadline.stage = `dialling ${formatEndpoint(settings)}`;
  const route = await openRoute(settings, { ...options, hops: run.hops, env: run.env, signal: deadline.signal });
  try {
    deadline.stage = 'waiting for the banner';
    await exchangeBanners(route.stream, formatEndpoint(settings), deadline.signal);
    deadline.stage = 'exchanging keys';
    return buildConnection(await session.start(route.stream), route.stream);
  } catch (error) {
    route.stream.destroy();
    throw (await route.explain?.(error)) ?? error;
  }
}
