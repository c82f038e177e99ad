import type { OutlastError } from '@outlast/core';
import type { AnyAuthMethod, AuthHandlerMiddleware } from 'ssh2';
import { createDeferred } from '../deferred.js';
import { readKeyType } from '../host-keys/fingerprint.js';
import { buildAuthError } from './authentication-error.js';
import { buildKeyboardSteps, buildPasswordSteps } from './authentication-prompts.js';
import {
  type AuthenticationContext,
  type AuthenticationState,
  type AuthenticationStep,
  answerSafely,
  beginIdentity,
  beginOther,
  mayTry,
  noteRefusal,
  type Refusal,
} from './authentication-state.js';
import type { Identity } from './identities.js';

/** One session's way through the methods that the host accepts. */
export interface Authentication {
  readonly handler: AuthHandlerMiddleware;
  /** True once the first method was begun. */
  readonly begun: boolean;
  /** Once the session stands: the identity that was enough by itself; undefined when it took anything else. */
  readonly accepted: Identity | undefined;
  /** Hears of a refusal as it comes: what ssh2 passes on to its handler leaves out those of an agent's keys. */
  noteRefusal(refusal: Refusal): void;
  /** Takes the first identity out of the methods, for a request that is sent ahead; ssh2 is given nothing else until that is settled. */
  takeFirst(): AheadIdentity | undefined;
  /** Leaves out the RSA keys: nothing keeps ssh2 from signing with SHA-1 for them. */
  leaveOutRsa(): void;
  /** Builds `E_AUTH`, or `E_NEEDS_OPENSSH` where nothing could be tried but OpenSSH had something. */
  buildError(cause?: Error): OutlastError;
}

/** An identity whose signature is sent before the host has said that it knows the key. */
export interface AheadIdentity {
  readonly identity: Identity;
  /** The host wants another method, or one more. */
  refuse(refusal: Refusal): void;
  /** It could not be sent after all. */
  withdraw(): void;
}

/** Creates the authentication of one session: keys first, then what a person can answer. */
export function createAuthentication(context: AuthenticationContext): Authentication {
  const state: AuthenticationState = {
    methodsLeft: undefined,
    tried: [],
    isInformed: false,
    isPartial: false,
    accepted: undefined,
    gaveUp: false,
    skipped: [],
    withoutRsa: false,
    ahead: Promise.resolve(),
  };
  const steps = planSteps(context, state);
  const handler: AuthHandlerMiddleware = (methodsLeft, isPartial, next) => {
    // ssh2 passes null until the host has named the methods that it accepts.
    if (methodsLeft !== null && !state.isInformed) noteRefusal(state, { methodsLeft, isPartial });
    const taken = state.ahead.then(() => takeNextStep(steps, context.signal));
    taken.then(
      (method) => answerSafely(() => next(method ?? (false as never))),
      () => answerSafely(() => next(false as never)),
    );
  };
  return {
    handler,
    get begun() {
      return state.tried.length > 0;
    },
    get accepted() {
      // The last one of two keys is not enough by itself.
      return state.isPartial ? undefined : state.accepted;
    },
    noteRefusal(refusal) {
      state.isInformed = true;
      noteRefusal(state, refusal);
    },
    takeFirst: () => takeFirst(context, state, steps),
    leaveOutRsa() {
      state.withoutRsa = true;
    },
    buildError: (cause) => buildAuthError(context, state, cause),
  };
}

function takeFirst(
  context: AuthenticationContext,
  state: AuthenticationState,
  steps: AuthenticationStep[],
): AheadIdentity | undefined {
  const [identity] = context.plan.identities;
  if (identity === undefined || !isKeyFirst(context) || state.tried.length > 0) return undefined;
  const settled = createDeferred<void>();
  // The identities come first of all methods.
  steps.shift();
  beginIdentity(state, identity);
  state.ahead = settled.promise;
  return {
    identity,
    refuse(refusal) {
      noteRefusal(state, refusal);
      settled.resolve();
    },
    withdraw: () => settled.resolve(),
  };
}

async function takeNextStep(steps: AuthenticationStep[], signal: AbortSignal): Promise<AnyAuthMethod | undefined> {
  for (let step = steps.shift(); step !== undefined; step = steps.shift()) {
    signal.throwIfAborted();
    const method = await step();
    if (method !== undefined) return method;
  }
  return undefined;
}

// As ssh has it, where PreferredAuthentications says nothing else.
const METHODS = ['publickey', 'keyboard-interactive', 'password'];

function planSteps(context: AuthenticationContext, state: AuthenticationState): AuthenticationStep[] {
  const { settings, questions } = context;
  const asks = questions.interactive && !settings.batchMode;
  const steps: Record<string, AuthenticationStep[]> = {
    publickey: buildKeySteps(context, state),
    'keyboard-interactive': asks && settings.kbdInteractiveAuthentication ? buildKeyboardSteps(context, state) : [],
    password: asks && settings.passwordAuthentication ? buildPasswordSteps(context, state) : [],
  };
  const { preferredAuthentications: preferred } = settings;
  const planned = (preferred.length === 0 ? METHODS : preferred).flatMap((method) => steps[method] ?? []);
  // Only to learn what the host accepts, and only where no key tells us.
  return isKeyFirst(context) ? planned : [buildProbeStep(context, state), ...planned];
}

/** Tells whether the first thing to be tried is a key. */
function isKeyFirst({ settings, plan }: AuthenticationContext): boolean {
  const order = settings.preferredAuthentications.filter((method) => METHODS.includes(method));
  return plan.identities.length > 0 && (order[0] ?? 'publickey') === 'publickey';
}

function buildKeySteps({ settings, plan }: AuthenticationContext, state: AuthenticationState): AuthenticationStep[] {
  return plan.identities.map((identity) => async () => {
    if (!mayTry(state, 'publickey')) return undefined;
    if (state.withoutRsa && mayBeRsa(identity)) {
      state.skipped.push(`${identity.label}: this ssh2 may sign with SHA-1 for RSA keys`);
      return undefined;
    }
    beginIdentity(state, identity);
    return identity.buildMethod(settings.user);
  });
}

function mayBeRsa({ publicKey }: Identity): boolean {
  return publicKey === undefined || readKeyType(publicKey) === 'ssh-rsa';
}

function buildProbeStep({ settings }: AuthenticationContext, state: AuthenticationState): AuthenticationStep {
  return async () => {
    beginOther(state, 'none');
    return { type: 'none', username: settings.user };
  };
}
