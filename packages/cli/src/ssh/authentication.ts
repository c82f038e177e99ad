import { OutlastError } from '@outlast/core';
import type { AnyAuthMethod, AuthHandlerMiddleware, KeyboardInteractiveAuthMethod } from 'ssh2';
import type { HostSettings } from './host-settings.js';
import { formatTried, type IdentityPlan } from './identities.js';
import { formatRemotePrompt, type Questions } from './questions.js';

/** What an authentication needs. */
export interface AuthenticationContext {
  /** The host as the user named it. */
  readonly name: string;
  readonly settings: HostSettings;
  readonly plan: IdentityPlan;
  readonly questions: Questions;
  readonly signal: AbortSignal;
}

/** One session's way through the methods that the host accepts. */
export interface Authentication {
  readonly handler: AuthHandlerMiddleware;
  /** True once the first method was begun. */
  readonly begun: boolean;
  /** Builds `E_AUTH`, or `E_NEEDS_OPENSSH` where nothing could be tried but OpenSSH had something. */
  buildError(cause?: Error): OutlastError;
}

type Step = () => Promise<AnyAuthMethod | undefined>;

/** Creates the authentication of one session: keys first, then what a person can answer. */
export function createAuthentication(context: AuthenticationContext): Authentication {
  const state: State = { methodsLeft: undefined, tried: [], keyAccepted: false, gaveUp: false };
  const steps = planSteps(context, state);
  const handler: AuthHandlerMiddleware = (methodsLeft, _partial, next) => {
    // ssh2 passes null until the host has named the methods that it accepts.
    if (methodsLeft !== null) state.methodsLeft = methodsLeft;
    takeNextStep(steps, context.signal).then(
      (method) => answerSafely(() => next(method ?? (false as never))),
      () => answerSafely(() => next(false as never)),
    );
  };
  return {
    handler,
    get begun() {
      return state.tried.length > 0;
    },
    buildError: (cause) => buildAuthError(context, state, cause),
  };
}

interface State {
  methodsLeft: readonly string[] | undefined;
  tried: string[];
  /** A key was signed with, and yet the host wants more. */
  keyAccepted: boolean;
  gaveUp: boolean;
}

// The session may have ended while somebody was being asked; ssh2 then throws at the answer.
function answerSafely(answer: () => void): void {
  try {
    answer();
  } catch {
    // The session's own end is what gets reported.
  }
}

async function takeNextStep(steps: Step[], signal: AbortSignal): Promise<AnyAuthMethod | undefined> {
  for (let step = steps.shift(); step !== undefined; step = steps.shift()) {
    signal.throwIfAborted();
    const method = await step();
    if (method !== undefined) return method;
  }
  return undefined;
}

function planSteps(context: AuthenticationContext, state: State): Step[] {
  const { settings, plan, questions } = context;
  const asks = questions.interactive && !settings.batchMode;
  const password = asks && settings.passwordAuthentication;
  return [
    ...buildKeySteps(context, state),
    // Only to learn what the host accepts, and only where no key has told us.
    ...(plan.identities.length === 0 ? [buildProbeStep(context, state)] : []),
    ...(asks && settings.kbdInteractiveAuthentication ? [buildKeyboardStep(context, state)] : []),
    ...(password
      ? Array.from({ length: settings.numberOfPasswordPrompts }, () => buildPasswordStep(context, state))
      : []),
  ];
}

function mayTry(state: State, method: string): boolean {
  return !state.gaveUp && (state.methodsLeft?.includes(method) ?? true);
}

function buildKeySteps({ settings, plan }: AuthenticationContext, state: State): Step[] {
  return plan.identities.map((identity) => async () => {
    if (state.keyAccepted || !mayTry(state, 'publickey')) return undefined;
    state.tried.push(identity.label);
    return identity.buildMethod(settings.user, () => {
      state.keyAccepted = true;
    });
  });
}

function buildProbeStep({ settings }: AuthenticationContext, state: State): Step {
  return async () => {
    state.tried.push('none');
    return { type: 'none', username: settings.user };
  };
}

function buildPasswordStep({ name, settings, questions, signal }: AuthenticationContext, state: State): Step {
  return async () => {
    if (!mayTry(state, 'password')) return undefined;
    const again = state.tried.includes('password') ? ' (that was not it)' : '';
    const question = `Password of ${settings.user} at ${name}${again}: `;
    const password = await questions.ask(signal, (prompter) => prompter.secret(question));
    if (password === undefined) {
      state.gaveUp = true;
      return undefined;
    }
    state.tried.push('password');
    return { type: 'password', username: settings.user, password };
  };
}

function buildKeyboardStep(context: AuthenticationContext, state: State): Step {
  const { settings } = context;
  const prompt: KeyboardInteractiveAuthMethod['prompt'] = (_name, _instructions, _lang, prompts, finish) => {
    askAll(context, prompts, state).then((answers) => answerSafely(() => finish(answers)));
  };
  return async () => {
    if (!mayTry(state, 'keyboard-interactive')) return undefined;
    state.tried.push('keyboard-interactive');
    return { type: 'keyboard-interactive', username: settings.user, prompt };
  };
}

async function askAll(
  { name, settings, questions, signal }: AuthenticationContext,
  prompts: readonly { prompt: string }[],
  state: State,
): Promise<string[]> {
  const ask = async (): Promise<string[]> =>
    questions.ask(signal, async (prompter) => {
      const answers: string[] = [];
      for (const { prompt } of prompts) {
        const question = `${settings.user} at ${name}: ${formatRemotePrompt(prompt)}`;
        const answer = await prompter.secret(question);
        if (answer === undefined) throw new Error('gave up');
        answers.push(answer);
      }
      return answers;
    });
  return ask().catch(() => {
    state.gaveUp = true;
    return prompts.map(() => '');
  });
}

function buildAuthError({ name, settings, plan }: AuthenticationContext, state: State, cause?: Error): OutlastError {
  const tried = state.tried.filter((label) => label !== 'none');
  const parts = [
    `tried: ${formatTried(tried)}`,
    ...(plan.skipped.length === 0 ? [] : [`skipped ${plan.skipped.join('; ')}`]),
    ...(state.methodsLeft === undefined ? [] : [`it accepts: ${state.methodsLeft.join(', ') || 'nothing more'}`]),
  ];
  const onlyOpenssh = tried.length === 0 && plan.needsOpenssh;
  const message = `${name} did not let ${settings.user} in (${parts.join('; ')})`;
  return new OutlastError(onlyOpenssh ? 'E_NEEDS_OPENSSH' : 'E_AUTH', message, {
    hint: buildAuthHint(settings, plan),
    cause,
  });
}

function buildAuthHint(settings: HostSettings, plan: IdentityPlan): string {
  const port = settings.port === 22 ? '' : `-p ${settings.port} `;
  const byHand = `try it by hand: ssh ${port}${settings.user}@${settings.hostname}`;
  const encrypted = plan.skipped.some((text) => text.endsWith('encrypted and no terminal'));
  if (encrypted) return `unlock the key with ssh-add, or run outlast on a terminal; ${byHand}`;
  if (plan.needsOpenssh) {
    return `certificates and security keys need OpenSSH itself: --transport openssh, or a plain key with -i; ${byHand}`;
  }
  return `check the user (-l) and the key (-i); ${byHand}`;
}
