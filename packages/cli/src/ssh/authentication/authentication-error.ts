import { OutlastError } from '@outlast/core';
import type { HostSettings } from '../configuration/host-settings.js';
import { formatHangUp, formatSshCommand, HANG_UP_HINT, type HangUp, NAME_THE_KEY } from '../connect-errors.js';
import type { AuthenticationContext, AuthenticationState, Refusal } from './authentication-state.js';
import { formatTried, type IdentityPlan } from './identities.js';

/** Builds `E_AUTH` with what was tried, or `E_NEEDS_OPENSSH` where nothing could be tried but OpenSSH had something. */
export function buildAuthError(
  { name, settings, plan }: AuthenticationContext,
  state: AuthenticationState,
  cause?: Error,
): OutlastError {
  const tried = state.tried.filter((label) => label !== 'none');
  const hangUp = findHangUp(tried, cause);
  const skipped = [...plan.skipped, ...state.skipped];
  const parts = [
    `tried: ${formatTried(tried)}`,
    ...(hangUp === undefined ? [] : [formatHangUp(hangUp)]),
    ...(skipped.length === 0 ? [] : [`skipped ${skipped.join('; ')}`]),
    ...(state.methodsLeft === undefined ? [] : [`it accepts: ${state.methodsLeft.join(', ') || 'nothing more'}`]),
  ];
  const onlyOpenssh = tried.length === 0 && plan.needsOpenssh;
  const message = `${name} did not let ${settings.user} in (${parts.join('; ')})`;
  return new OutlastError(onlyOpenssh ? 'E_NEEDS_OPENSSH' : 'E_AUTH', message, {
    hint: buildAuthHint(settings, plan, { ...state, methodsLeft: state.methodsLeft ?? [], tried, hangUp }),
    login: `${settings.user} with ${formatTried(tried)}`,
    cause,
  });
}

function findHangUp(tried: readonly string[], cause: Error | undefined): HangUp | undefined {
  // Only what the server gives as its reason to disconnect has a number.
  const isReason = typeof (cause as { code?: unknown } | undefined)?.code === 'number';
  return cause !== undefined && isReason ? { tries: tried.length, words: cause.message } : undefined;
}

// ssh2 has no way to use these.
const OPENSSH_METHODS = /^(?:gssapi-.*|hostbased)$/;

// A person can answer these.
const ASKED_METHODS = new Set(['keyboard-interactive', 'password']);

interface LastWord extends Refusal {
  readonly hangUp: HangUp | undefined;
  readonly tried: readonly string[];
}

function buildAuthHint(settings: HostSettings, plan: IdentityPlan, lastWord: LastWord): string {
  const { hangUp, methodsLeft, isPartial } = lastWord;
  const byHand = `try it by hand: ${formatSshCommand(settings)}`;
  if (hangUp !== undefined) return `${HANG_UP_HINT}; ${byHand}`;
  // By hand all of them would be tried.
  if (plan.hasTooMany) return NAME_THE_KEY;
  // No other key would help.
  if (isPartial && !methodsLeft.includes('publickey')) return `${formatRemedy(lastWord)}; ${byHand}`;
  const encrypted = plan.skipped.some((text) => text.endsWith('encrypted and no terminal'));
  if (encrypted) return `unlock the key with ssh-add, or run outlast on a terminal; ${byHand}`;
  if (plan.needsOpenssh) {
    return `certificates and security keys need OpenSSH itself: --transport openssh, or a plain key with -i; ${byHand}`;
  }
  return `${formatRemedy(lastWord)}; ${byHand}`;
}

function formatRemedy({ tried, methodsLeft, isPartial }: LastWord): string {
  const check = isPartial ? formatSecondFactor(methodsLeft, tried) : 'check the user (-l) and the key (-i)';
  const beyond = methodsLeft.filter((method) => OPENSSH_METHODS.test(method));
  return beyond.length === 0 ? check : `${check}, or take --transport openssh for ${beyond.join(' and ')}`;
}

function formatSecondFactor(methodsLeft: readonly string[], tried: readonly string[]): string {
  const isToBeAsked = methodsLeft.some((method) => ASKED_METHODS.has(method) && !tried.includes(method));
  const remedies = [
    ...(methodsLeft.includes('publickey') ? ['name another key with -i'] : []),
    ...(isToBeAsked ? ['answer it on a terminal'] : []),
  ];
  return ['the host took the first factor and wants one more', remedies.join(', or ')].filter(Boolean).join(': ');
}
