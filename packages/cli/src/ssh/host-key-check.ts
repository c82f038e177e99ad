import { OutlastError } from '@outlast/core';
import { formatEndpoint } from './connect-errors.js';
import { formatKey, readKeyType } from './fingerprint.js';
import type { HostSettings } from './host-settings.js';
import { formatKnownHostName, judgeHostKey, type KnownHost } from './known-hosts.js';
import type { KnownHostsStore } from './known-hosts-store.js';
import type { Questions } from './questions.js';

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

/** Creates the judge for one session from the entries of the known_hosts files. */
export function createHostKeyCheck(entries: readonly KnownHost[], context: HostKeyContext): HostKeyCheck {
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
      const verdict = decideAtOnce(entries, context, key);
      if (verdict !== 'ask') settle(verdict);
      else askOrAccept(context, key).then(settle, (error: OutlastError) => settle(error));
    },
  };
}

/** Undefined accepts; `ask` when the key is unknown and the settings leave it open. */
function decideAtOnce(
  entries: readonly KnownHost[],
  context: HostKeyContext,
  key: Buffer,
): OutlastError | undefined | 'ask' {
  const { settings, questions } = context;
  const verdict = judgeHostKey(entries, settings, key);
  if (verdict.state !== 'unknown') {
    if (verdict.state === 'known') return undefined;
    const { entry } = verdict;
    return verdict.state === 'revoked' ? buildRevokedError(context, entry) : buildChangedError(context, entry, key);
  }
  const mayAsk = settings.strictHostKeyChecking === 'ask' && questions.interactive && !settings.batchMode;
  // `no` accepts what is unknown, as ssh does; unlike ssh it goes no further: a changed key was refused above.
  const mayAccept = ['accept-new', 'no'].includes(settings.strictHostKeyChecking);
  return mayAsk || mayAccept ? 'ask' : buildUnknownError(context, key, verdict.certified);
}

async function askOrAccept(context: HostKeyContext, key: Buffer): Promise<OutlastError | undefined> {
  const { settings, questions, signal } = context;
  if (settings.strictHostKeyChecking !== 'ask') return acceptUnlessDecided(context, key);
  return questions.ask(signal, async (prompter) => {
    const decided = await judgeAgain(context, key);
    if (decided !== 'ask') return decided;
    const accepted = await prompter.confirm(formatQuestion(context, key));
    return accepted ? acceptKey(context, key) : buildUnknownError(context, key, false);
  });
}

// Another connection of this run, or another program, may have filed a key for the host meanwhile.
async function judgeAgain(context: HostKeyContext, key: Buffer): Promise<OutlastError | undefined | 'ask'> {
  return decideAtOnce(await context.store.load(context.settings), context, key);
}

async function acceptUnlessDecided(context: HostKeyContext, key: Buffer): Promise<OutlastError | undefined> {
  const decided = await judgeAgain(context, key);
  return decided === 'ask' ? acceptKey(context, key) : decided;
}

async function acceptKey(context: HostKeyContext, key: Buffer): Promise<undefined> {
  const failure = await context.store.accept(context.settings, key);
  if (failure !== undefined) {
    context.warn(`${context.name}: its host key could not be added to known_hosts: ${failure.message}`);
  }
}

function formatQuestion({ name, settings }: HostKeyContext, key: Buffer): string {
  const file = settings.userKnownHostsFiles[0];
  const where = file === undefined ? '' : ` and add it to ${file}`;
  return `${formatName(name, settings)} is not known yet. Its key is ${formatKey(key)}. Trust it${where}? (yes/no)`;
}

function formatName(name: string, settings: HostSettings): string {
  return name === settings.hostname ? formatEndpoint(settings) : `${name} (${formatEndpoint(settings)})`;
}

function buildUnknownError({ name, settings }: HostKeyContext, key: Buffer, certified: boolean): OutlastError {
  const message = `no known_hosts file lists ${formatName(name, settings)}, which presented ${formatKey(key)}`;
  const type = readKeyType(key)?.replace(/^ssh-|^ecdsa-.*/g, (part) => (part === 'ssh-' ? '' : 'ecdsa')) ?? 'ed25519';
  const port = settings.port === 22 ? '' : `-p ${settings.port} `;
  const compare = `compare it with ssh-keygen -lf /etc/ssh/ssh_host_${type}_key.pub on the host`;
  const hint = certified
    ? 'a certificate authority is known for it, and only OpenSSH itself can check host certificates: --transport openssh'
    : `${compare}, then connect once with: ssh ${port}${settings.user}@${settings.hostname}`;
  return new OutlastError('E_HOST_KEY_UNKNOWN', message, { hint });
}

function buildChangedError({ name, settings }: HostKeyContext, entry: KnownHost, key: Buffer): OutlastError {
  const known = `${formatKey(entry.key)} (${formatLine(entry)})`;
  const message = `the host key of ${formatName(name, settings)} has changed: known is ${known}, presented was ${formatKey(key)}`;
  const remove = `ssh-keygen -f ${quote(entry.file)} -R ${quote(formatKnownHostName(settings))}`;
  return new OutlastError('E_HOST_KEY_CHANGED', message, {
    hint: `somebody may be listening in. If its keeper confirms the new fingerprint: ${remove}`,
  });
}

function buildSwappedError({ name, settings }: HostKeyContext, key: Buffer): OutlastError {
  const message = `${formatName(name, settings)} presented another host key in the middle of the session: ${formatKey(key)}`;
  return new OutlastError('E_HOST_KEY_CHANGED', message, { hint: 'somebody may be listening in: ask its keeper' });
}

function buildRevokedError({ name, settings }: HostKeyContext, entry: KnownHost): OutlastError {
  const key = formatKey(entry.key);
  const message = `the host key of ${formatName(name, settings)} is revoked: ${key} (${formatLine(entry)})`;
  return new OutlastError('E_HOST_KEY_REVOKED', message, {
    hint: 'somebody may have stolen the key: ask the keeper of the host, do not connect',
  });
}

function formatLine({ file, line }: KnownHost): string {
  return line === 0 ? 'accepted in this run' : `${file}:${line}`;
}

function quote(text: string): string {
  return /^[A-Za-z0-9_./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
