import type { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import { type Authentication, createAuthentication } from '../authentication/authentication.js';
import { answerSafely } from '../authentication/authentication-state.js';
import { type Identity, planIdentities } from '../authentication/identities.js';
import { listRsaAlgorithms } from '../authentication/key-policy.js';
import type { Keyring } from '../authentication/keyring.js';
import { createLoginNotice } from '../authentication/login-notice.js';
import type { HostSettings } from '../configuration/host-settings.js';
import { buildSessionError } from '../connect-errors.js';
import type { Deadline } from '../deadline.js';
import { createHostKeyCheck, type HostKeyCheck } from '../host-keys/host-key-check.js';
import { listKnownTypes } from '../host-keys/known-hosts.js';
import type { KnownHostsStore } from '../host-keys/known-hosts-store.js';
import type { Questions } from '../questions.js';
import { dropSecondIdent, IDENT } from '../route/banner.js';
import type { Connection, ExecRequest } from '../transport.js';
import { createFlight, type Flight } from './ahead.js';
import { buildAlgorithms } from './algorithms.js';
import { buildConnection } from './connection.js';
import { gatherWrites } from './gather-writes.js';
import type { AheadLevel } from './host-memory.js';
import { lookInside } from './inner.js';
import type { Ssh2 } from './load-ssh2.js';

/** What all sessions of a run share. */
export interface SessionTools {
  readonly ssh2: Ssh2;
  readonly store: KnownHostsStore;
  readonly keyring: Keyring;
  readonly questions: Questions;
  warn(message: string): void;
}

/** What is known of one session before its stream is open. */
export interface PreparedSession {
  /** The keys that will be tried, in their order. */
  readonly identities: readonly Identity[];
  /** Takes a stream that begins with the server's `SSH-` line to an authenticated session. */
  start(stream: Duplex, ahead: AheadRequest): SessionAttempt;
}

/** What is asked of a session besides letting us in. */
export interface AheadRequest {
  /** As the server's banner names it. */
  readonly software: string;
  readonly level: AheadLevel;
  readonly request: ExecRequest | undefined;
}

/** One way from the banner to an authenticated session. */
export interface SessionAttempt {
  readonly flight: Flight;
  /** Rejects with an OutlastError of what went wrong. */
  readonly ready: Promise<ReadySession>;
}

/** An authenticated session. */
export interface ReadySession {
  readonly connection: Connection;
  /** The identity that was enough by itself; undefined when it took anything else. */
  readonly accepted: Identity | undefined;
}

/** Reads known_hosts and keys and decides what is offered, so that nothing is left to wait for once the stream is open. */
export async function prepareSession(
  name: string,
  settings: HostSettings,
  tools: SessionTools,
  { deadline, prefer }: { readonly deadline: Deadline; prefer(identities: readonly Identity[]): readonly Identity[] },
): Promise<PreparedSession> {
  const { store, keyring, questions } = tools;
  const mayAsk = questions.interactive && !settings.batchMode;
  const [knownHosts, found] = await Promise.all([store.load(settings), planIdentities(settings, keyring, { mayAsk })]);
  const plan = { ...found, identities: prefer(found.identities) };
  const algorithms = buildAlgorithms(settings, listKnownTypes(knownHosts, settings));
  const { signal } = deadline;
  return {
    identities: plan.identities,
    start(stream, ahead) {
      const check = createHostKeyCheck(knownHosts, { ...tools, name, settings, signal });
      const authentication = createAuthentication({ name, settings, plan, questions, signal });
      return startSession(stream, ahead, { settings, ssh2: tools.ssh2, algorithms, check, authentication, deadline });
    },
  };
}

interface SessionParts {
  readonly settings: HostSettings;
  readonly ssh2: Ssh2;
  readonly algorithms: ReturnType<typeof buildAlgorithms>;
  readonly check: HostKeyCheck;
  readonly authentication: Authentication;
  readonly deadline: Deadline;
}

function startSession(stream: Duplex, { software, level, request }: AheadRequest, parts: SessionParts): SessionAttempt {
  const { authentication } = parts;
  const client = new parts.ssh2.Client();
  const gate = gatherWrites(stream);
  connectClient(client, stream, parts);
  const inner = lookInside(client);
  inner?.watchRefusals(authentication.noteRefusal);
  inner?.limitRsa(listRsaAlgorithms(parts.settings));
  if (inner === undefined) authentication.leaveOutRsa();
  const connection = buildConnection({ client, stream, inner, software });
  const { user } = parts.settings;
  const flight = createFlight({ level, user, request, gate, inner, connection, authentication });
  const ready = awaitReady(client, stream, { ...parts, flight }).then(() => ({
    connection,
    accepted: authentication.accepted,
  }));
  return { flight, ready };
}

function awaitReady(client: Client, stream: Duplex, parts: SessionParts & { readonly flight: Flight }): Promise<void> {
  const { authentication, deadline, flight } = parts;
  const notice = createLoginNotice();
  client.on('banner', notice.note);
  return new Promise((resolve, reject) => {
    let settled = false;
    const fail = (error: Error | undefined): void => {
      if (settled) return;
      settled = true;
      deadline.signal.removeEventListener('abort', giveUp);
      reject(notice.addTo(explainFailure(error, parts)));
      client.destroy();
      stream.destroy();
    };
    const giveUp = (): void => fail(deadline.signal.reason);
    deadline.signal.addEventListener('abort', giveUp, { once: true });
    client.on('error', (error) => {
      // One key that could not sign is not the end: the next one is tried.
      if (error.level !== 'agent') fail(error);
    });
    client.on('close', () => fail(undefined));
    client.on('change password', () => fail(authentication.buildError(new Error('the password has expired'))));
    client.once('handshake', () => {
      deadline.stage = 'waiting for the authentication';
      flight.begin();
    });
    client.on('ready', () => {
      settled = true;
      flight.land();
      deadline.signal.removeEventListener('abort', giveUp);
      resolve();
    });
  });
}

function connectClient(client: Client, stream: Duplex, parts: SessionParts): void {
  const { settings, check, authentication } = parts;
  dropSecondIdent(stream);
  client.connect({
    sock: stream,
    ident: IDENT,
    username: settings.user,
    algorithms: parts.algorithms,
    hostVerifier: (key: Buffer, answer: (accepted: boolean) => void) => {
      lookInside(client)?.hastenKeyExchange();
      check.verify(key, (ok) => answerSafely(() => answer(ok)));
    },
    authHandler: authentication.handler,
    readyTimeout: 0,
    keepaliveInterval: settings.serverAliveInterval * 1_000,
    keepaliveCountMax: settings.serverAliveCountMax,
  });
}

function explainFailure(error: Error | undefined, { check, authentication, settings }: SessionParts): Error {
  if (check.refusal !== undefined) return check.refusal;
  const { level, code } = (error ?? {}) as { level?: string; code?: unknown };
  // Reason 2 and 14 are the server's words for too many failures and no method left.
  const refused = level === 'client-authentication' || (authentication.begun && (code === 2 || code === 14));
  if (refused) return authentication.buildError(error);
  const phase = authentication.begun ? 'authentication' : 'key exchange';
  return buildSessionError(error, settings, phase);
}
