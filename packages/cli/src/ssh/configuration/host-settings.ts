import type { TransportName } from '../transports.js';
import { selectDefaultIdentities } from './default-identities.js';
import { type RawSettings, readFlag, readList, readNumber, readText } from './raw-settings.js';
import { findUnhonoured } from './unhonoured.js';

// A cut link is to be noticed within a minute.
const KEEPALIVE_SECONDS = 15;

/** What to do about a host key that no known_hosts file lists. */
export type StrictHostKeyChecking = 'yes' | 'ask' | 'accept-new' | 'no';

/** How to reach one host, with the names of `ssh_config(5)`; paths are absolute, absent values are null. */
export interface HostSettings {
  /** What was asked for: the name, address or alias before any configuration. */
  readonly destination: string;
  /** What a person gives to `ssh` to reach it in the same way; it says nothing that the other settings do not. */
  readonly sshArgs: readonly string[];
  readonly hostname: string;
  readonly user: string;
  readonly port: number;
  readonly addressFamily: 'any' | 'inet' | 'inet6';
  readonly bindAddress: string | null;
  readonly hostKeyAlias: string | null;
  readonly strictHostKeyChecking: StrictHostKeyChecking;
  readonly userKnownHostsFiles: readonly string[];
  readonly globalKnownHostsFiles: readonly string[];
  readonly hashKnownHosts: boolean;
  readonly hostKeyAlgorithms: readonly string[];
  readonly kexAlgorithms: readonly string[];
  readonly ciphers: readonly string[];
  readonly macs: readonly string[];
  /** Files of keys that no host may present. */
  readonly revokedHostKeysFiles: readonly string[];
  /** Bits that an RSA key needs at least, whether a host's or the user's. */
  readonly requiredRsaSize: number;
  /** In the order in which they are to be tried. */
  readonly identityFiles: readonly string[];
  /** Those of them that nobody named: ssh looks for them on its own account. */
  readonly defaultIdentityFiles: readonly string[];
  readonly certificateFiles: readonly string[];
  readonly identitiesOnly: boolean;
  /** The agent's socket; null where no agent is to be asked. */
  readonly identityAgent: string | null;
  readonly pubkeyAuthentication: boolean;
  /** What may be signed with; empty where ssh did not say. */
  readonly pubkeyAcceptedAlgorithms: readonly string[];
  /** The methods, in the order in which they are to be tried; empty for ssh's own order. */
  readonly preferredAuthentications: readonly string[];
  readonly passwordAuthentication: boolean;
  readonly kbdInteractiveAuthentication: boolean;
  readonly numberOfPasswordPrompts: number;
  /** True: nothing may be asked, terminal or not. */
  readonly batchMode: boolean;
  /** As written: comma separated hops, nearest to us first. */
  readonly proxyJump: string | null;
  /** With its tokens expanded, for `/bin/sh`. */
  readonly proxyCommand: string | null;
  readonly proxyUseFdpass: boolean;
  /** Seconds; null where ssh has none. */
  readonly connectTimeout: number | null;
  /** Seconds between keepalives; ours where ssh would send none. */
  readonly serverAliveInterval: number;
  readonly serverAliveCountMax: number;
  /** Keywords that are set and have no effect over the transport, as `ssh_config(5)` writes them. */
  readonly notHonoured: readonly string[];
  /** As with `ssh -f`; false where ssh does not know it. */
  readonly forkAfterAuthentication: boolean;
}

/** What `buildHostSettings` needs besides the raw values. */
export interface SettingsContext {
  readonly destination: string;
  /** What will speak SSH to the host; `ssh2` unless given. */
  readonly transport?: TransportName | undefined;
  readonly sshArgs: readonly string[];
  /** Expands `~`, ssh's %-tokens and `${VARIABLE}` in a path. */
  expandPath(path: string): string;
  /** Expands the tokens that ProxyCommand may hold. */
  expandProxyCommand(line: string): string;
  /** The socket that SSH_AUTH_SOCK names, if any. */
  readonly authSock: string | undefined;
  readEnv(name: string): string | undefined;
}

/** Builds the settings from what ssh, or the flags alone, say of a host. Pure. */
export function buildHostSettings(raw: RawSettings, context: SettingsContext): HostSettings {
  return {
    ...buildAddress(raw, context),
    ...buildTrust(raw, context),
    ...buildCredentials(raw, context),
    notHonoured: findUnhonoured(raw, context.transport ?? 'ssh2'),
  };
}

type Address =
  | 'destination'
  | 'sshArgs'
  | 'hostname'
  | 'user'
  | 'port'
  | 'addressFamily'
  | 'bindAddress'
  | 'proxyJump'
  | 'proxyCommand'
  | 'proxyUseFdpass'
  | 'connectTimeout'
  | 'serverAliveInterval'
  | 'serverAliveCountMax'
  | 'forkAfterAuthentication';

function buildAddress(raw: RawSettings, context: SettingsContext): Pick<HostSettings, Address> {
  const family = readText(raw, 'addressfamily');
  const proxyCommand = readText(raw, 'proxycommand');
  const connectTimeout = readNumber(raw, 'connecttimeout', 0);
  return {
    destination: context.destination,
    sshArgs: context.sshArgs,
    hostname: readText(raw, 'hostname') ?? context.destination,
    user: readText(raw, 'user') ?? '',
    port: readNumber(raw, 'port', 22),
    addressFamily: family === 'inet' || family === 'inet6' ? family : 'any',
    bindAddress: readText(raw, 'bindaddress'),
    proxyJump: readText(raw, 'proxyjump'),
    proxyCommand: proxyCommand === null ? null : context.expandProxyCommand(proxyCommand),
    proxyUseFdpass: readFlag(raw, 'proxyusefdpass', false),
    connectTimeout: connectTimeout > 0 ? connectTimeout : null,
    serverAliveInterval: readNumber(raw, 'serveraliveinterval', 0) || KEEPALIVE_SECONDS,
    serverAliveCountMax: readNumber(raw, 'serveralivecountmax', 3),
    forkAfterAuthentication: readFlag(raw, 'forkafterauthentication', false),
  };
}

type Trust =
  | 'hostKeyAlias'
  | 'strictHostKeyChecking'
  | 'userKnownHostsFiles'
  | 'globalKnownHostsFiles'
  | 'hashKnownHosts'
  | 'hostKeyAlgorithms'
  | 'kexAlgorithms'
  | 'ciphers'
  | 'macs'
  | 'revokedHostKeysFiles'
  | 'requiredRsaSize';

function buildTrust(raw: RawSettings, context: SettingsContext): Pick<HostSettings, Trust> {
  return {
    hostKeyAlias: readText(raw, 'hostkeyalias'),
    strictHostKeyChecking: parseStrictness(readText(raw, 'stricthostkeychecking')),
    userKnownHostsFiles: parsePathList(readText(raw, 'userknownhostsfile')).map(context.expandPath),
    globalKnownHostsFiles: parsePathList(readText(raw, 'globalknownhostsfile')).map(context.expandPath),
    hashKnownHosts: readFlag(raw, 'hashknownhosts', false),
    hostKeyAlgorithms: readList(raw, 'hostkeyalgorithms'),
    kexAlgorithms: readList(raw, 'kexalgorithms'),
    ciphers: readList(raw, 'ciphers'),
    macs: readList(raw, 'macs'),
    revokedHostKeysFiles: parsePathList(readText(raw, 'revokedhostkeys')).map(context.expandPath),
    // Less than this OpenSSH takes from nobody.
    requiredRsaSize: readNumber(raw, 'requiredrsasize', 1024),
  };
}

type Credentials = Exclude<keyof HostSettings, Address | Trust | 'notHonoured'>;

function buildCredentials(raw: RawSettings, context: SettingsContext): Pick<HostSettings, Credentials> {
  return {
    identityFiles: readPaths(raw, 'identityfile', context),
    defaultIdentityFiles: readDefaultIdentities(raw, context),
    certificateFiles: readPaths(raw, 'certificatefile', context),
    identitiesOnly: readFlag(raw, 'identitiesonly', false),
    identityAgent: resolveAgentSocket(readText(raw, 'identityagent', { keepNone: true }), context),
    // Newer versions also say `unbound` and `host-bound`.
    pubkeyAuthentication: !['no', 'false'].includes(readText(raw, 'pubkeyauthentication') ?? 'yes'),
    // The name before OpenSSH 8.5 had "KeyTypes" at its end.
    pubkeyAcceptedAlgorithms: readList(
      raw,
      raw.has('pubkeyacceptedalgorithms') ? 'pubkeyacceptedalgorithms' : 'pubkeyacceptedkeytypes',
    ),
    preferredAuthentications: readList(raw, 'preferredauthentications'),
    passwordAuthentication: readFlag(raw, 'passwordauthentication', true),
    kbdInteractiveAuthentication: readFlag(raw, 'kbdinteractiveauthentication', true),
    numberOfPasswordPrompts: readNumber(raw, 'numberofpasswordprompts', 3),
    batchMode: readFlag(raw, 'batchmode', false),
  };
}

/**
 * Parses a list of paths as `ssh -G` prints it: separated by spaces and never quoted.
 * A word that begins no path belongs to the path before it, whose name holds a space.
 */
function parsePathList(text: string | null): string[] {
  const paths: string[] = [];
  for (const word of text?.split(' ') ?? []) {
    const beginsPath = /^(?:[/~%$]|[A-Za-z]:|none$)/.test(word) || paths.length === 0;
    if (beginsPath) paths.push(word);
    else paths.push(`${paths.pop() ?? ''} ${word}`);
  }
  return paths.filter((path) => path !== '' && path.toLowerCase() !== 'none');
}

function parseStrictness(text: string | null): StrictHostKeyChecking {
  if (text === 'yes' || text === 'true') return 'yes';
  if (text === 'accept-new') return 'accept-new';
  if (text === 'no' || text === 'false' || text === 'off') return 'no';
  return 'ask';
}

function resolveAgentSocket(text: string | null, context: SettingsContext): string | null {
  if (text === null || text === 'SSH_AUTH_SOCK') return context.authSock ?? null;
  if (text.toLowerCase() === 'none') return null;
  const variable = /^\$([A-Za-z_][A-Za-z0-9_]*)$/.exec(text);
  if (variable !== null) return context.readEnv(variable[1] ?? '') ?? null;
  return context.expandPath(text);
}

function readPaths(raw: RawSettings, keyword: string, context: SettingsContext): string[] {
  const paths = (raw.get(keyword) ?? []).filter((path) => path.toLowerCase() !== 'none');
  return [...new Set(paths.map(context.expandPath))];
}

function readDefaultIdentities(raw: RawSettings, context: SettingsContext): string[] {
  const paths = selectDefaultIdentities(raw);
  // An `-i` file that is not there stands before the whole list, and may be one of it by its full path.
  const named = (raw.get('identityfile') ?? []).filter((path) => !paths.includes(path)).map(context.expandPath);
  return paths.map(context.expandPath).filter((path) => !named.includes(path));
}
