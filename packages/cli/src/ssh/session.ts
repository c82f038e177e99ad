import type { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import { buildAlgorithms } from './algorithms.js';
import { type Authentication, createAuthentication } from './authentication.js';
import { dropSecondIdent, IDENT } from './banner.js';
import { buildSessionError, formatEndpoint } from './connect-errors.js';
import type { Deadline } from './deadline.js';
import { createHostKeyCheck, type HostKeyCheck } from './host-key-check.js';
import type { HostSettings } from './host-settings.js';
import { planIdentities } from './identities.js';
import type { Keyring } from './keyring.js';
import { listKnownTypes } from './known-hosts.js';
import type { KnownHostsStore } from './known-hosts-store.js';
import type { Ssh2 } from './load-ssh2.js';
import type { Questions } from './questions.js';

const KEEPALIVE_SECONDS = 15;

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
  /** Takes a stream that begins with the server's `SSH-` line to an authenticated client. */
  start(stream: Duplex): Promise<Client>;
}

/** Reads known_hosts and keys and decides what is offered, so that nothing is left to wait for once the stream is open. */
export async function prepareSession(
  name: string,
  settings: HostSettings,
  tools: SessionTools,
  deadline: Deadline,
): Promise<PreparedSession> {
  const { store, keyring, questions } = tools;
  const mayAsk = questions.interactive && !settings.batchMode;
  const [entries, plan] = await Promise.all([store.load(settings), planIdentities(settings, keyring, { mayAsk })]);
  const algorithms = buildAlgorithms(settings, listKnownTypes(entries, settings));
  const { signal } = deadline;
  return {
    start(stream) {
      const check = createHostKeyCheck(entries, { ...tools, name, settings, signal });
      const authentication = createAuthentication({ name, settings, plan, questions, signal });
      return startSession(stream, { settings, ssh2: tools.ssh2, algorithms, check, authentication, deadline });
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

function startSession(stream: Duplex, parts: SessionParts): Promise<Client> {
  const { settings, check, authentication, deadline } = parts;
  const client = new parts.ssh2.Client();
  return new Promise((resolve, reject) => {
    let settled = false;
    const fail = (error: Error | undefined): void => {
      if (settled) return;
      settled = true;
      deadline.signal.removeEventListener('abort', giveUp);
      reject(explainFailure(error, parts));
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
    client.on('handshake', () => {
      deadline.stage = 'waiting for the authentication';
    });
    client.on('ready', () => {
      settled = true;
      deadline.signal.removeEventListener('abort', giveUp);
      resolve(client);
    });
    dropSecondIdent(stream);
    client.connect({
      sock: stream,
      ident: IDENT,
      username: settings.user,
      algorithms: parts.algorithms,
      hostVerifier: (key: Buffer, answer: (accepted: boolean) => void) =>
        check.verify(key, (ok) => answerHost(answer, ok)),
      authHandler: authentication.handler,
      readyTimeout: 0,
      keepaliveInterval: (settings.serverAliveInterval || KEEPALIVE_SECONDS) * 1_000,
      keepaliveCountMax: settings.serverAliveCountMax,
    });
  });
}

// The session may have ended while somebody was being asked; ssh2 then throws at the answer.
function answerHost(answer: (accepted: boolean) => void, accepted: boolean): void {
  try {
    answer(accepted);
  } catch {
    // The session's own end is what gets reported.
  }
}

function explainFailure(error: Error | undefined, { check, authentication, settings }: SessionParts): Error {
  if (check.refusal !== undefined) return check.refusal;
  const { level, code } = (error ?? {}) as { level?: string; code?: unknown };
  // Reason 2 and 14 are the server's words for too many failures and no method left.
  const refused = level === 'client-authentication' || (authentication.begun && (code === 2 || code === 14));
  if (refused) return authentication.buildError(error);
  const phase = authentication.begun ? 'authentication' : 'key exchange';
  return buildSessionError(error, formatEndpoint(settings), phase);
}
