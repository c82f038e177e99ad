import type { AnyAuthMethod } from 'ssh2';
import type { HostSettings } from '../configuration/host-settings.js';
import type { Questions } from '../questions.js';
import type { Identity, IdentityPlan } from './identities.js';

/** What an authentication needs. */
export interface AuthenticationContext {
  /** The host as the user named it. */
  readonly name: string;
  readonly settings: HostSettings;
  readonly plan: IdentityPlan;
  readonly questions: Questions;
  readonly signal: AbortSignal;
}

/** One thing to try; undefined when it is not to be tried after all. */
export type AuthenticationStep = () => Promise<AnyAuthMethod | undefined>;

/** How far a session's authentication has come. */
export interface AuthenticationState {
  methodsLeft: readonly string[] | undefined;
  tried: string[];
  accepted: Identity | undefined;
  /** Settled when nothing that was sent ahead is under way. */
  ahead: Promise<void>;
  /** A key was signed with, and yet the host wants more. */
  keyAccepted: boolean;
  gaveUp: boolean;
}

/** Notes that a key is tried. */
export function beginIdentity(state: AuthenticationState, identity: Identity): void {
  state.tried.push(identity.label);
  state.accepted = identity;
}

/** Notes that anything else than a key is tried: what is let in is then no key alone. */
export function beginOther(state: AuthenticationState, method: string): void {
  state.tried.push(method);
  state.accepted = undefined;
}

/** Tells whether the host accepts a method, as far as that is known, and nobody has given up. */
export function mayTry(state: AuthenticationState, method: string): boolean {
  return !state.gaveUp && (state.methodsLeft?.includes(method) ?? true);
}

/** Gives ssh2 an answer; the session may have ended while somebody was being asked, and ssh2 then throws at it. */
export function answerSafely(answer: () => void): void {
  try {
    answer();
  } catch {
    // The session's own end is what gets reported.
  }
}
