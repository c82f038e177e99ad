import type { Authentication } from '../authentication/authentication.js';
import type { Identity } from '../authentication/identities.js';
import { formatFingerprint } from '../host-keys/fingerprint.js';
import type { ExecRequest } from '../transport.js';
import type { StartingConnection } from './connection.js';
import type { OwnedChannel } from './exec-channel.js';
import type { WriteGate } from './gather-writes.js';
import type { AheadLevel, HostRecord } from './host-memory.js';
import type { Ssh2Inner } from './inner.js';

// A link may be cut at any moment: one time proves nothing against a host.
export const MAX_DOUBTS = 2;
// Nor do several for ever: a firewall is mended, a bad link is not that of tomorrow.
const DOUBT_MS = 24 * 60 * 60 * 1_000;

/**
 * Plans how much of a session is sent ahead. A program only where this very software has taken one before and has let the first of
 * the identities in, so that nothing is sent for nothing and no host is surprised.
 */
export function planAhead(
  record: HostRecord | undefined,
  software: string,
  identities: readonly Identity[],
): AheadLevel {
  const [first] = identities;
  if (first?.signer === undefined) return 'nothing';
  const isLetIn = record !== undefined && record.identity === formatIdentity(first);
  // An agent may ask a person for each signature: it signs unasked-for only with what is known to fit, or is all there is.
  if (first.isHeldByAgent && identities.length > 1 && !isLetIn) return 'nothing';
  if (record === undefined || record.server !== software) return 'authentication';
  const most = limitAhead(record);
  return most === 'program' && !isLetIn ? 'authentication' : most;
}

/** For a day a host is sent less than what it has hung up on more than once in a row. */
function limitAhead({ ahead, doubts, doubted }: HostRecord): AheadLevel {
  if (doubts < MAX_DOUBTS || Math.abs(Date.now() - doubted) >= DOUBT_MS) return ahead;
  return ahead === 'program' ? 'authentication' : 'nothing';
}

/** Formats an identity for the memory of hosts; empty where its public half is not known. */
export function formatIdentity({ publicKey }: Identity): string {
  return publicKey === undefined ? '' : formatFingerprint(publicKey);
}

/** How far a flight has come. */
interface FlightState {
  /** The program, if it was sent. Rejects when the host did not let us in. */
  program: Promise<OwnedChannel> | undefined;
  /** How much of it was sent. */
  sent: AheadLevel;
  /** True from the moment at which the host may have everything, until it says yes or no. */
  isOpen: boolean;
}

/** What is sent of a session before the host has answered. */
export interface Flight extends Readonly<FlightState> {
  /** The keys are exchanged. */
  begin(): void;
  /** The host has let us in. */
  land(): void;
}

/** What a flight is made of. */
export interface FlightParts {
  readonly level: AheadLevel;
  readonly user: string;
  readonly request: ExecRequest | undefined;
  readonly gate: WriteGate;
  readonly inner: Ssh2Inner | undefined;
  readonly connection: StartingConnection;
  readonly authentication: Authentication;
}

/** Creates the flight of one session; it is sent as one write. */
export function createFlight(parts: FlightParts): Flight {
  const state: FlightState = { program: undefined, sent: 'nothing', isOpen: false };
  return Object.assign(state, {
    begin() {
      const { inner, gate, level } = parts;
      if (inner === undefined) return;
      inner.ignoreHostKeyUpdates();
      if (level === 'nothing') return;
      gate.hold();
      // ssh2 asks for the service first, as soon as it has told us.
      process.nextTick(() => send(inner, parts, state).finally(() => gate.release()));
    },
    land() {
      state.isOpen = false;
    },
  });
}

async function send(inner: Ssh2Inner, parts: FlightParts, state: FlightState): Promise<void> {
  const { level, user, request, connection, authentication } = parts;
  const first = authentication.takeFirst();
  const signer = first?.identity.signer;
  if (first === undefined || signer === undefined) return;
  try {
    await inner.authenticate({
      ...signer,
      user,
      onRefused(refusal) {
        state.isOpen = false;
        state.program = undefined;
        connection.dropAhead();
        first.refuse(refusal);
      },
    });
  } catch {
    first.withdraw();
    return;
  }
  Object.assign(state, { sent: 'authentication', isOpen: true });
  if (level !== 'program' || request === undefined) return;
  state.sent = 'program';
  state.program = connection.open(request);
  state.program.catch(() => undefined);
}
