import { OutlastError } from '@outlast/core';
import type { HostSettings } from '../configuration/host-settings.js';
import { formatHangUp, formatSshCommand, HANG_UP_HINT, type HangUp } from '../connect-errors.js';
import type { AuthenticationContext, AuthenticationState } from './authentication-state.js';
import { formatTried, type IdentityPlan } from './identities.js';

/** Builds `E_AUTH` with what was tried, or `E_NEEDS_OPENSSH` where nothing could be tried but OpenSSH had something. */
export function buildAuthError(
  { name, settings, plan }: AuthenticationContext,
  state: AuthenticationState,
  cause?: Error,
): OutlastError {
  const tried = state.tried.filter((label) => label !== 'none');
  const hangUp = findHangUp(tried, cause);
  const parts = [
    `tried: ${formatTried(tried)}`,
    ...(hangUp === undefined ? [] : [formatHangUp(hangUp)]),
    ...(plan.skipped.length === 0 ? [] : [`skipped ${plan.skipped.join('; ')}`]),
    ...(state.methodsLeft === undefined ? [] : [`it accepts: ${state.methodsLeft.join(', ') || 'nothing more'}`]),
  ];
  const onlyOpenssh = tried.length === 0 && plan.needsOpenssh;
  const message = `${name} did not let ${settings.user} in (${parts.join('; ')})`;
  return new OutlastError(onlyOpenssh ? 'E_NEEDS_OPENSSH' : 'E_AUTH', message, {
    hint: buildAuthHint(settings, plan, { hangUp, methodsLeft: state.methodsLeft ?? [] }),
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

interface Refusal {
  readonly hangUp: HangUp | undefined;
  readonly methodsLeft: readonly string[];
}

function buildAuthHint(settings: HostSettings, plan: IdentityPlan, { hangUp, methodsLeft }: Refusal): string {
  const byHand = `try it by hand: ${formatSshCommand(settings)}`;
  if (hangUp !== undefined) return `${HANG_UP_HINT}; ${byHand}`;
  const encrypted = plan.skipped.some((text) => text.endsWith('encrypted and no terminal'));
  if (encrypted) return `unlock the key with ssh-add, or run outlast on a terminal; ${byHand}`;
  if (plan.needsOpenssh) {
    return `certificates and security keys need OpenSSH itself: --transport openssh, or a plain key with -i; ${byHand}`;
  }
  const beyond = methodsLeft.filter((method) => OPENSSH_METHODS.test(method));
  const otherwise = beyond.length === 0 ? '' : `, or take --transport openssh for ${beyond.join(' and ')}`;
  return `check the user (-l) and the key (-i)${otherwise}; ${byHand}`;
}
