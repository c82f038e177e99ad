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

/** What a host says when it does not let us in yet. */
export interface Refusal {
  /** The methods that it goes on to accept. */
  readonly methodsLeft: readonly string[];
  /** True when it took what was tried, and wants one more. */
  readonly isPartial: boolean;
}

/** How far a session's authentication has come. */
export interface AuthenticationState {
  methodsLeft: readonly string[] | undefined;
  /** True once refusals are heard of as they come, so that what ssh2 passes on of them is old. */
  isInformed: boolean;
  /** True once the host took something and wanted one more. */
  isPartial: boolean;
  tried: string[];
  accepted: Identity | undefined;
  /** Settled when nothing that was sent ahead is under way. */
  ahead: Promise<void>;
  gaveUp: boolean;
  /** Keys that were left out after all, each with its reason. */
  skipped: string[];
  withoutRsa: boolean;
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

/** Notes what the host said of what was tried. */
export function noteRefusal(state: AuthenticationState, { methodsLeft, isPartial }: Refusal): void {
  state.methodsLeft = methodsLeft;
  state.isPartial ||= isPartial;
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
