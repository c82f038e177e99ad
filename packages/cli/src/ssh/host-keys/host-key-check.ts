import { OutlastError } from '@outlast/core';
import type { HostSettings } from '../configuration/host-settings.js';
import type { Questions } from '../questions.js';
import { readRsaBits } from './fingerprint.js';
import {
  buildChangedError,
  buildRevokedError,
  buildShortKeyError,
  buildSwappedError,
  buildUnknownError,
  formatHostKeyQuestion,
} from './host-key-check-messages.js';
import { judgeHostKey, type UnknownHostKey } from './known-hosts.js';
import type { KnownHosts } from './known-hosts-index.js';
import type { KnownHostsStore } from './known-hosts-store.js';

/** What a host-key check needs. */
export interface HostKeyContext {
  /** The host as the user named it. */
  readonly name: string;
  readonly settings: HostSettings;
  readonly store: KnownHostsStore;
  readonly questions: Questions;
  readonly signal: AbortSignal;
  warn(message: string): void;
}

/** The judge of one session's host key. */
export interface HostKeyCheck {
  /**
   * For ssh2's `hostVerifier`. A key that is on file is judged at once; the first answer holds for the whole
   * session, so that a rekey is neither asked nor judged again.
   */
  verify(key: Buffer, answer: (accepted: boolean) => void): void;
  /** Why the key was refused. */
  readonly refusal: OutlastError | undefined;
}

/** Creates the judge for one session from what the known_hosts files say. */
export function createHostKeyCheck(knownHosts: KnownHosts, context: HostKeyContext): HostKeyCheck {
  let accepted: Buffer | undefined;
  let refusal: OutlastError | undefined;
  return {
    get refusal() {
      return refusal;
    },
    verify(presented, answer) {
      // ssh2 goes on using its buffer.
      const key = Buffer.from(presented);
      const settle = (error: OutlastError | undefined): void => {
        refusal = error;
        if (error === undefined) accepted = key;
        answer(error === undefined);
      };
      if (accepted !== undefined || refusal !== undefined) {
        const same = accepted?.equals(key) === true;
        if (!same) refusal ??= buildSwappedError(context, key);
        answer(same);
        return;
      }
      const verdict = decideAtOnce(knownHosts, context, key);
      if (!isOpen(verdict)) settle(verdict);
      else askOrAccept(context, key).then(settle, (error: OutlastError) => settle(error));
    },
  };
}

/** Undefined accepts, an error refuses; what is unknown comes back when the settings leave it open. */
type Decision = OutlastError | undefined | UnknownHostKey;

function isOpen(decision: Decision): decision is UnknownHostKey {
  return decision !== undefined && !(decision instanceof OutlastError);
}

function decideAtOnce(knownHosts: KnownHosts, context: HostKeyContext, key: Buffer): Decision {
  const { settings, questions } = context;
  const verdict = judgeHostKey(knownHosts, settings, key);
  if (verdict.state === 'revoked') return buildRevokedError(context, verdict.entry);
  if (verdict.state === 'changed') return buildChangedError(context, verdict.entry, key);
  const bits = readRsaBits(key);
  if (bits !== undefined && bits < settings.requiredRsaSize) return buildShortKeyError(context, bits);
  if (verdict.state !== 'unknown') return undefined;
  const mayAsk = settings.strictHostKeyChecking === 'ask' && questions.interactive && !settings.batchMode;
  // `no` accepts what is unknown, as ssh does; unlike ssh it goes no further: a changed key was refused above.
  const mayAccept = ['accept-new', 'no'].includes(settings.strictHostKeyChecking);
  return mayAsk || mayAccept ? verdict : buildUnknownError(context, key, verdict);
}

async function askOrAccept(context: HostKeyContext, key: Buffer): Promise<OutlastError | undefined> {
  const { settings, questions, signal } = context;
  if (settings.strictHostKeyChecking !== 'ask') return acceptUnlessDecided(context, key);
  return questions.ask(signal, async (prompter) => {
    const decided = await judgeAgain(context, key);
    if (!isOpen(decided)) return decided;
    const accepted = await prompter.confirm(formatHostKeyQuestion(context, key, decided));
    return accepted ? acceptKey(context, key) : buildUnknownError(context, key, decided);
  });
}

// Another connection of this run, or another program, may have filed a key for the host meanwhile.
async function judgeAgain(context: HostKeyContext, key: Buffer): Promise<Decision> {
  return decideAtOnce(await context.store.load(context.settings, { newest: true }), context, key);
}

async function acceptUnlessDecided(context: HostKeyContext, key: Buffer): Promise<OutlastError | undefined> {
  const decided = await judgeAgain(context, key);
  return isOpen(decided) ? acceptKey(context, key) : decided;
}

async function acceptKey(context: HostKeyContext, key: Buffer): Promise<undefined> {
  const failure = await context.store.accept(context.settings, key);
  if (failure !== undefined) {
    context.warn(`${context.name}: its host key could not be added to known_hosts: ${failure.message}`);
  }
}
