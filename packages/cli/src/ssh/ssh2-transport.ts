import { type ErrorCode, OutlastError } from '@outlast/core';
import type { Flight } from './ahead.js';
import { exchangeBanners } from './banner.js';
import { addHost, formatEndpoint } from './connect-errors.js';
import { buildAbortReason, type Deadline, raceSignal, startDeadline } from './deadline.js';
import { createHostMemory, type HostMemory } from './host-memory.js';
import { createHostNotes, type HostNotes } from './host-notes.js';
import type { HostSettings } from './host-settings.js';
import { createHops, type Hops } from './jump.js';
import { createKeyring } from './keyring.js';
import { createKnownHostsStore } from './known-hosts-store.js';
import { loadSsh2 } from './load-ssh2.js';
import { buildLostHost, openUnlessAborted } from './lost-host.js';
import { createQuestions, type Questions } from './questions.js';
import { openRoute } from './route.js';
import { type PreparedSession, prepareSession, type SessionTools } from './session.js';
import { createHostResolver } from './ssh-config.js';
import type { TunnelConnection } from './ssh2-connection.js';
import type { ConnectOptions, ExecChannel, ExecRequest, Prompter, SshOptions, Target, Transport } from './transport.js';

const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 2_000;

/** What the ssh2 transport is made of. */
export interface Ssh2TransportOptions {
  readonly sshOptions: SshOptions;
  readonly prompter: Prompter;
  /** Environment in which `ssh` and ProxyCommands run, and in which SSH_AUTH_SOCK is looked up. */
  readonly env: NodeJS.ProcessEnv;
  /** The file in which hosts are remembered from one run to the next; without one they are not. */
  readonly memoryFile?: string;
  /** Told what is worth knowing and no error. */
  warn?(message: string): void;
}

/** Creates the transport that speaks SSH through the ssh2 library, configured as `ssh` would be. */
export function createSsh2Transport(options: Ssh2TransportOptions): Transport {
  const run = createRun(options);
  return {
    async connect(target, connectOptions) {
      const settings = await resolveTarget(target, run, connectOptions);
      return (await connectHost(target, settings, run, connectOptions)).connection;
    },
    async connectAndExec(target, request, connectOptions) {
      const settings = await resolveTarget(target, run, connectOptions);
      const host = await connectHost(target, settings, run, { ...connectOptions, request });
      const { connection } = host;
      const opening = host.channel ?? connection.exec(request);
      try {
        return { connection, channel: await openUnlessAborted(opening, connectOptions.signal) };
      } catch (error) {
        await connection.close();
        throw addHost(error, target.name);
      }
    },
    async close() {
      run.end.abort(new OutlastError('E_CONNECT_CLOSED', 'the transport was closed'));
      await Promise.all([run.hops.close(), run.memory.save()]);
    },
  };
}

async function resolveTarget(target: Target, run: Run, { signal }: ConnectOptions): Promise<HostSettings> {
  const resolving = run.resolve(target);
  try {
    return await (signal === undefined ? resolving : raceSignal(resolving, signal));
  } catch (error) {
    throw addHost(signal?.aborted === true ? buildAbortReason(signal.reason) : error, target.name);
  }
}

/** What all connections of one transport share. */
interface Run {
  readonly resolve: ReturnType<typeof createHostResolver>;
  readonly questions: Questions;
  readonly env: NodeJS.ProcessEnv;
  readonly end: AbortController;
  readonly hops: Hops;
  readonly memory: HostMemory;
  loadTools(): Promise<SessionTools>;
}

function createRun({ sshOptions, prompter, env, memoryFile, warn = () => undefined }: Ssh2TransportOptions): Run {
  const resolve = createHostResolver({ sshOptions, env, warn });
  const questions = createQuestions(prompter);
  const end = new AbortController();
  const memory = createHostMemory(memoryFile);
  let tools: Promise<SessionTools> | undefined;
  const run: Run = {
    resolve,
    questions,
    env,
    end,
    memory,
    hops: createHops({
      resolve,
      sshOptions,
      connect: async (target, settings, options) => (await connectHost(target, settings, run, options)).connection,
    }),
    loadTools() {
      tools ??= Promise.all([loadSsh2(), memory.load()]).then(([ssh2]) => {
        const keyring = createKeyring(ssh2, questions, end.signal);
        return { ssh2, keyring, questions, warn, store: createKnownHostsStore() };
      });
      return tools;
    },
  };
  return run;
}

interface HostOptions extends ConnectOptions {
  readonly depth?: number;
  /** Sent as early as the host is known to take it. */
  readonly request?: ExecRequest;
}

/** A connection, and the channel that was asked for on the way; without one nothing was asked for yet. */
interface ConnectedHost {
  readonly connection: TunnelConnection;
  readonly channel?: Promise<ExecChannel>;
}

async function connectHost(
  target: Target,
  settings: HostSettings,
  run: Run,
  options: HostOptions,
): Promise<ConnectedHost> {
  const signals = [run.end.signal, ...(options.signal === undefined ? [] : [options.signal])];
  const tools = await run.loadTools();
  const deadline = startDeadline(options.connectTimeoutMs, run.questions, AbortSignal.any(signals));
  const notes = createHostNotes(run.memory, settings);
  try {
    const preparing = prepareSession(target.name, settings, tools, { deadline, prefer: notes.prefer });
    const session = await raceSignal(preparing, deadline.signal);
    const attempt = { name: target.name, settings, session, run, deadline, options, notes };
    return await retryThrottled(deadline, () => connectOnce(attempt));
  } catch (error) {
    throw addHost(error, target.name);
  } finally {
    deadline.end();
  }
}

interface Attempt {
  readonly name: string;
  readonly settings: HostSettings;
  readonly session: PreparedSession;
  readonly run: Run;
  readonly deadline: Deadline;
  readonly options: HostOptions;
  readonly notes: HostNotes;
}

/** Connects, the plain way where the host hung up on what was sent ahead and has run nothing. */
async function connectOnce(attempt: Attempt): Promise<ConnectedHost> {
  const { deadline, notes } = attempt;
  const trip: Trip = { flight: undefined, software: '' };
  try {
    return await travel(attempt, trip, notes.plan);
  } catch (error) {
    const { flight, software } = trip;
    const hungUp = isCode(error, 'E_CONNECT_CLOSED') && !deadline.signal.aborted;
    if (flight?.isOpen === true && flight.channel !== undefined) {
      if (hungUp) notes.doubt();
      return buildLostHost(addHost(error, attempt.name));
    }
    if (flight?.wasSent !== true || !hungUp) throw error;
    notes.refuse(software);
    return travel(attempt, trip, () => 'nothing');
  }
}

/** How far a connection came. */
interface Trip {
  flight: Flight | undefined;
  software: string;
}

async function travel(attempt: Attempt, trip: Trip, plan: HostNotes['plan']): Promise<ConnectedHost> {
  const { settings, session, run, deadline, options, notes } = attempt;
  deadline.stage = `dialling ${formatEndpoint(settings)}`;
  const route = await openRoute(settings, { ...options, hops: run.hops, env: run.env, signal: deadline.signal });
  try {
    deadline.stage = 'waiting for the banner';
    trip.software = await exchangeBanners(route.stream, formatEndpoint(settings), deadline.signal);
    deadline.stage = 'exchanging keys';
    const level = plan(trip.software, session.identities);
    const { flight, ready } = session.start(route.stream, { software: trip.software, level, request: options.request });
    trip.flight = flight;
    const { connection, accepted } = await ready;
    notes.accept(trip.software, accepted);
    const { channel } = flight;
    channel?.then(notes.confirm, notes.doubt);
    return { connection, ...(channel === undefined ? {} : { channel }) };
  } catch (error) {
    route.stream.destroy();
    throw (await route.explain?.(error)) ?? error;
  }
}

/** Only a server that has too many connections is tried again, with full jitter, until the deadline. */
async function retryThrottled<T>(deadline: Deadline, attempt: () => Promise<T>): Promise<T> {
  let throttled: unknown;
  for (let tries = 0; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      // What the server said is worth more than that the time is over.
      if (throttled !== undefined && isCode(error, 'E_CONNECT_TIMEOUT')) throw throttled;
      if (!isCode(error, 'E_THROTTLED') || deadline.signal.aborted) throw error;
      throttled = error;
      const backoff = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** tries);
      if (!(await waitUnlessAborted(Math.random() * backoff, deadline.signal))) throw error;
    }
  }
}

function isCode(error: unknown, code: ErrorCode): boolean {
  return error instanceof OutlastError && error.code === code;
}

function waitUnlessAborted(ms: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const done = (waited: boolean): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      resolve(waited);
    };
    const giveUp = (): void => done(false);
    const timer = setTimeout(() => done(true), ms);
    signal.addEventListener('abort', giveUp);
  });
}
