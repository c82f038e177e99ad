import type { HostSettings } from '../configuration/host-settings.js';
import type { HostResolver } from '../configuration/ssh-config.js';
import { addUnhonoured } from '../configuration/unhonoured.js';
import { addOwnHost, formatEndpoint, isCode } from '../connect-errors.js';
import { type Deadline, raceSignal, startHostDeadline } from '../deadline.js';
import { buildLostHost } from '../lost-host.js';
import type { Questions } from '../questions.js';
import { retryThrottled } from '../retry-throttled.js';
import { exchangeBanners } from '../route/banner.js';
import type { Hops } from '../route/jump.js';
import { openRoute } from '../route/route.js';
import type { Connection, ConnectOptions, ExecChannel, ExecRequest, Target } from '../transport.js';
import type { Flight } from './ahead.js';
import type { AheadFate } from './exec-channel.js';
import type { HostMemory } from './host-memory.js';
import { createHostNotes, type HostNotes } from './host-notes.js';
import { type PreparedSession, prepareSession, type SessionTools } from './session.js';

/** What all connections of one transport share. */
export interface Run {
  readonly resolve: HostResolver;
  readonly questions: Questions;
  readonly env: NodeJS.ProcessEnv;
  readonly end: AbortController;
  readonly hops: Hops;
  readonly memory: HostMemory;
  loadTools(): Promise<SessionTools>;
}

/** What one connection may take, and what it is for. */
export interface HostOptions extends ConnectOptions {
  readonly depth?: number;
  /** In place of one of its own. */
  readonly deadline?: Deadline;
  /** Sent as early as the host is known to take it. */
  readonly request?: ExecRequest;
}

/** A connection, and the channel that was asked for on the way; without one nothing was asked for yet. */
export interface ConnectedHost {
  readonly connection: Connection;
  readonly channel?: Promise<ExecChannel>;
}

/**
 * Connects to a host as its settings say, through all hops.
 *
 * @throws OutlastError with one of the connection codes, and the host.
 */
export async function connectHost(
  target: Target,
  settings: HostSettings,
  run: Run,
  options: HostOptions,
): Promise<ConnectedHost> {
  const tools = await run.loadTools();
  const deadline = options.deadline ?? startHostDeadline(settings, run, options);
  const notes = createHostNotes(run.memory, settings);
  try {
    const preparing = prepareSession(target.name, settings, tools, { deadline, prefer: notes.prefer });
    const session = await raceSignal(preparing, deadline.signal);
    const attempt = {
      name: target.name,
      settings,
      session,
      run,
      deadline,
      options,
      notes,
    };
    return await retryThrottled(deadline, () => connectOnce(attempt));
  } catch (error) {
    throw addOwnHost(addUnhonoured(error, settings.notHonoured), target.name, settings);
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
    // The server has let nobody in, whether it said so or hung up at once (MaxAuthTries 1): nothing of what was sent ran.
    if (isCode(error, 'E_AUTH')) throw error;
    const { flight } = trip;
    const hungUp = isCode(error, 'E_CONNECT_CLOSED') && !deadline.signal.aborted;
    if (flight?.isOpen === true && flight.program !== undefined) {
      if (hungUp) notes.doubt('program');
      return buildLostHost(addOwnHost(error, attempt.name, attempt.settings));
    }
    if (flight === undefined || flight.sent === 'nothing' || !hungUp) throw error;
    const connected = await travel(attempt, trip, () => 'nothing');
    notes.doubt(flight.sent);
    return connected;
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
  const route = await openRoute(settings, { ...options, hops: run.hops, env: run.env, deadline });
  try {
    deadline.stage = 'waiting for the banner';
    trip.software = await exchangeBanners(route.stream, formatEndpoint(settings), deadline);
    deadline.stage = 'exchanging keys';
    const level = plan(trip.software, session.identities);
    const { flight, ready } = session.start(route.stream, { software: trip.software, level, request: options.request });
    trip.flight = flight;
    const { connection, accepted } = await ready;
    if (flight.sent === 'authentication') notes.confirm('authentication');
    notes.accept(trip.software, accepted);
    const { program } = flight;
    if (program === undefined) return { connection };
    program.then(
      ({ ahead }) => noteFate(ahead, notes),
      () => notes.doubt('program'),
    );
    return { connection, channel: program.then(({ channel }) => channel) };
  } catch (error) {
    route.stream.destroy();
    throw (await route.explain?.(error)) ?? error;
  }
}

function noteFate(fate: AheadFate | undefined, notes: HostNotes): void {
  if (fate === 'lost') notes.doubt('program');
  else if (fate === 'misplaced') notes.refuseProgram();
  else notes.confirm('program');
}
