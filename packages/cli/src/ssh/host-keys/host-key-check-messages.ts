import { OutlastError, quoteWord } from '@outlast/core';
import type { HostSettings } from '../configuration/host-settings.js';
import { formatHost, formatSshCommand } from '../connect-errors.js';
import { formatKey, readKeyType } from './fingerprint.js';
import type { UnknownHostKey } from './known-hosts.js';
import type { KnownHost } from './known-hosts-file.js';
import { formatKnownHostName } from './known-hosts-name.js';

/** The host that a message is about. */
export interface CheckedHost {
  /** As the user named it. */
  readonly name: string;
  readonly settings: HostSettings;
}

/** Formats the question about a key that is not on file. */
export function formatHostKeyQuestion(host: CheckedHost, key: Buffer, { twin }: UnknownHostKey): string {
  return formatTrustQuestion(host, `${formatKey(key)}${formatTwin(twin)}`);
}

/** Formats the question about a key, given as people read it. */
export function formatTrustQuestion({ name, settings }: CheckedHost, key: string): string {
  const [file] = settings.userKnownHostsFiles;
  const where = file === undefined || file === '/dev/null' ? '' : ` and add it to ${file}`;
  return `${formatHost(name, settings)} is not known yet. Its key is ${key}. Trust it${where}? (yes/no)`;
}

/** Formats how a person makes sure of a key and puts it on file: ssh has to ask about it, whatever is set for runs in which nobody answers. */
export function formatTrustHint(settings: HostSettings, keyType = 'ssh-ed25519'): string {
  const type = keyType.replace(/^ssh-|^ecdsa-.*/g, (part) => (part === 'ssh-' ? '' : 'ecdsa'));
  const asking = [
    ...(settings.batchMode ? ['-o', 'BatchMode=no'] : []),
    ...(settings.strictHostKeyChecking === 'yes' ? ['-o', 'StrictHostKeyChecking=ask'] : []),
  ];
  const compare = `compare it with ssh-keygen -lf /etc/ssh/ssh_host_${type}_key.pub on the host`;
  return `${compare}, then connect once with: ${formatSshCommand(settings, ...asking)}`;
}

/** Builds the refusal of a key that is not on file. */
export function buildUnknownError(host: CheckedHost, key: Buffer, { certified, twin }: UnknownHostKey): OutlastError {
  const { settings } = host;
  const presented = `${formatKey(key)}${formatTwin(twin)}`;
  const message = `no known_hosts file lists ${formatHost(host.name, host.settings)}, which presented ${presented}`;
  const hint = certified
    ? 'a certificate authority is known for it, and only OpenSSH itself can check host certificates: --transport openssh'
    : formatTrustHint(settings, readKeyType(key));
  return new OutlastError('E_HOST_KEY_UNKNOWN', message, { hint });
}

/** Builds the refusal of a key where `entry` lists another one. */
export function buildChangedError(host: CheckedHost, entry: KnownHost, key: Buffer): OutlastError {
  const known = `${formatKey(entry.key)} (${formatLine(entry)})`;
  const message = `the host key of ${formatHost(host.name, host.settings)} has changed: known is ${known}, presented was ${formatKey(key)}`;
  return new OutlastError('E_HOST_KEY_CHANGED', message, {
    hint: `somebody may be listening in. ${formatRepair(entry, formatKnownHostName(host.settings))}`,
  });
}

/** Builds the error for an RSA key that is shorter than the configuration allows. */
export function buildShortKeyError(host: CheckedHost, bits: number): OutlastError {
  const least = host.settings.requiredRsaSize;
  const message = `the RSA host key of ${formatHost(host.name, host.settings)} has ${bits} bits, fewer than ${least}`;
  return new OutlastError('E_NO_COMMON_ALGORITHM', message, {
    hint: 'give the host a longer key, or one of type ed25519; RequiredRSASize of the ssh configuration says how long',
  });
}

/** Builds the refusal of a second key in the middle of a session. */
export function buildSwappedError(host: CheckedHost, key: Buffer): OutlastError {
  const message = `${formatHost(host.name, host.settings)} presented another host key in the middle of the session: ${formatKey(key)}`;
  return new OutlastError('E_HOST_KEY_CHANGED', message, { hint: 'somebody may be listening in: ask its keeper' });
}

/** Builds the refusal of a key that `entry` revokes. */
export function buildRevokedError(host: CheckedHost, entry: KnownHost): OutlastError {
  const message = `the host key of ${formatHost(host.name, host.settings)} is revoked: ${formatKey(entry.key)} (${formatLine(entry)})`;
  return new OutlastError('E_HOST_KEY_REVOKED', message, {
    hint: 'somebody may have stolen the key: ask the keeper of the host, do not connect',
  });
}

function formatRepair({ file, line, patterns }: KnownHost, name: string): string {
  if (line === 0) return 'Two machines answer to this name within one run: ask its keeper';
  const confirmed = 'If its keeper confirms the new fingerprint';
  // ssh-keygen -R takes the whole line away, with whatever other names and patterns it holds.
  if (patterns !== name && !patterns.startsWith('|')) {
    return `${confirmed}: correct line ${line} of ${file} by hand, it speaks of more than this host`;
  }
  return `${confirmed}: ssh-keygen -f ${quoteWord(file)} -R ${quoteWord(name)}`;
}

// A host that has got another name or address shows its old key: worth knowing, and no proof.
function formatTwin(twin: KnownHost | undefined): string {
  if (twin === undefined) return '';
  if (twin.line === 0) return ', as a host accepted in this run has';
  return `, as another host has (${formatLine(twin)})`;
}

function formatLine({ file, line }: KnownHost): string {
  return line === 0 ? 'accepted in this run' : `${file}:${line}`;
}
