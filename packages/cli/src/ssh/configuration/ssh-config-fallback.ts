import { OutlastError } from '@outlast/core';
import type { SshOptions, Target } from '../transport.js';
import { readLocalUser } from './local-user.js';
import type { RawSettings } from './raw-settings.js';
import { listNamedIdentities } from './reach-arguments.js';
import { UNHONOURED_KEYWORDS } from './unhonoured.js';

const REPEATABLE = new Set(['identityfile', 'certificatefile']);

// What stands where ssh would look: no algorithm lists, so that our own count.
const DEFAULTS: readonly (readonly [string, string])[] = [
  ['identityfile', '~/.ssh/id_ed25519'],
  ['identityfile', '~/.ssh/id_ecdsa'],
  ['identityfile', '~/.ssh/id_rsa'],
  ['userknownhostsfile', '~/.ssh/known_hosts ~/.ssh/known_hosts2'],
  ['globalknownhostsfile', '/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2'],
];

const KEYWORDS = new Set([
  ...['hostname', 'user', 'port', 'addressfamily', 'bindaddress', 'proxyjump', 'proxycommand', 'proxyusefdpass'],
  ...['connecttimeout', 'serveraliveinterval', 'serveralivecountmax', 'batchmode', 'numberofpasswordprompts'],
  ...['hostkeyalias', 'stricthostkeychecking', 'userknownhostsfile', 'globalknownhostsfile', 'hashknownhosts'],
  ...['hostkeyalgorithms', 'kexalgorithms', 'ciphers', 'macs', 'identityfile', 'certificatefile', 'identitiesonly'],
  ...['identityagent', 'pubkeyauthentication', 'passwordauthentication', 'kbdinteractiveauthentication'],
  ...['pubkeyacceptedalgorithms', 'preferredauthentications', 'revokedhostkeys', 'requiredrsasize'],
  ...UNHONOURED_KEYWORDS.map((keyword) => keyword.toLowerCase()),
  // Of these nothing would be seen: they are taken, so that one set of flags serves everywhere.
  ...['controlmaster', 'controlpath', 'controlpersist', 'loglevel', 'sendenv', 'updatehostkeys', 'ipqos'],
  'permitlocalcommand',
]);

/**
 * Builds from the flags alone what `ssh -G` would say, for machines without `ssh`. Reads no file.
 *
 * @throws OutlastError `E_CONFIG` for an `-o` that it does not know.
 */
export function buildExplicitSettings(target: Target, options: SshOptions): RawSettings {
  const raw = new Map<string, string[]>();
  const user = target.user ?? options.user;
  if (user !== undefined) raw.set('user', [user]);
  if (target.port !== undefined) raw.set('port', [String(target.port)]);
  if (options.jump !== undefined) raw.set('proxyjump', [options.jump]);
  const named = listNamedIdentities(target, options);
  if (named.length > 0) raw.set('identityfile', named);
  for (const option of options.options) addOption(raw, option);
  if (!raw.has('user')) raw.set('user', [readLocalUser().name]);
  addDefaults(raw);
  return raw;
}

function addOption(raw: Map<string, string[]>, option: string): void {
  const match = /^\s*([A-Za-z0-9]+)(?:\s*=\s*|\s+)(.+?)\s*$/.exec(option);
  const keyword = match?.[1]?.toLowerCase() ?? '';
  if (match === null || !KEYWORDS.has(keyword)) {
    throw new OutlastError('E_CONFIG', `-o ${JSON.stringify(option)} is not understood without the ssh program`, {
      hint: 'write -o Keyword=value with a keyword of ssh_config(5), or install the OpenSSH client',
    });
  }
  const value = (match[2] ?? '').replaceAll('"', '');
  // The first value of a keyword wins, as in ssh.
  if (REPEATABLE.has(keyword)) raw.set(keyword, [...(raw.get(keyword) ?? []), value]);
  else if (!raw.has(keyword)) raw.set(keyword, [value]);
}

function addDefaults(raw: Map<string, string[]>): void {
  const missing = DEFAULTS.filter(([keyword]) => !raw.has(keyword));
  for (const [keyword, value] of missing) raw.set(keyword, [...(raw.get(keyword) ?? []), value]);
}
