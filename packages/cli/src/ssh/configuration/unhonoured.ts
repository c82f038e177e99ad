import { type ErrorCode, OutlastError } from '@outlast/core';
import type { TransportName } from '../transports.js';
import { type RawSettings, readFlag, readNumber, readText } from './raw-settings.js';

/** When it is said that a keyword has no effect; all of them are shown by `outlast hosts`. */
export type SaidWhen = 'in a run' | 'host key unknown' | 'not let in' | 'only in hosts';

interface Rule {
  readonly said: SaidWhen;
  /** True when the value is more than what ssh prints without anybody's doing. */
  isSet(raw: RawSettings, keyword: string): boolean;
}

const isYes: Rule['isSet'] = (raw, keyword) => readFlag(raw, keyword, false);
const isGiven: Rule['isSet'] = (raw, keyword) => readText(raw, keyword) !== null;
const isNot =
  (...values: readonly string[]): Rule['isSet'] =>
  (raw, keyword) => {
    const text = readText(raw, keyword);
    return text !== null && !values.includes(text.toLowerCase());
  };
const isNotNo = isNot('no', 'false');

/**
 * What ssh would follow and ssh2 cannot. What is missing here is either followed, or makes no difference to a program
 * that runs in the background of a host: see docs/ssh-configuration.md, which a test compares with this table.
 */
const RULES: Readonly<Record<string, Rule>> = {
  RekeyLimit: { said: 'in a run', isSet: isNot('0 0', 'default none', 'default') },
  BindInterface: { said: 'in a run', isSet: isGiven },
  KnownHostsCommand: { said: 'host key unknown', isSet: isGiven },
  VerifyHostKeyDNS: { said: 'host key unknown', isSet: isNotNo },
  GSSAPIKeyExchange: { said: 'host key unknown', isSet: isYes },
  NoHostAuthenticationForLocalhost: { said: 'host key unknown', isSet: isYes },
  PKCS11Provider: { said: 'not let in', isSet: isGiven },
  SecurityKeyProvider: { said: 'not let in', isSet: isNot('internal', '$ssh_sk_provider') },
  UseKeychain: { said: 'not let in', isSet: isYes },
  // Debian sets the first for everybody. Who is not let in is told which methods the host accepts.
  GSSAPIAuthentication: { said: 'only in hosts', isSet: isYes },
  HostbasedAuthentication: { said: 'only in hosts', isSet: isYes },
  AddKeysToAgent: { said: 'only in hosts', isSet: isNotNo },
  CheckHostIP: { said: 'only in hosts', isSet: isYes },
  Compression: { said: 'only in hosts', isSet: isYes },
  ConnectionAttempts: { said: 'only in hosts', isSet: (raw, keyword) => readNumber(raw, keyword, 1) > 1 },
  DynamicForward: { said: 'only in hosts', isSet: isGiven },
  FingerprintHash: { said: 'only in hosts', isSet: isNot('sha256') },
  ForwardAgent: { said: 'only in hosts', isSet: isNotNo },
  ForwardX11: { said: 'only in hosts', isSet: isYes },
  LocalCommand: {
    said: 'only in hosts',
    isSet: (raw, keyword) => isGiven(raw, keyword) && isYes(raw, 'permitlocalcommand'),
  },
  LocalForward: { said: 'only in hosts', isSet: isGiven },
  RemoteCommand: { said: 'only in hosts', isSet: isGiven },
  RemoteForward: { said: 'only in hosts', isSet: isGiven },
  SetEnv: { said: 'only in hosts', isSet: isGiven },
  TCPKeepAlive: {
    said: 'only in hosts',
    isSet: (raw, keyword) => isGiven(raw, keyword) && !isYes(raw, keyword),
  },
  Tunnel: { said: 'only in hosts', isSet: isNotNo },
};

// Over `openssh` we open the channels ourselves and forward nothing: its arguments take these back, all else ssh follows.
const WITHOUT_EFFECT_OVER_OPENSSH = new Set([
  ...['ConnectionAttempts', 'LocalCommand', 'RemoteCommand', 'SetEnv'],
  ...['DynamicForward', 'LocalForward', 'RemoteForward', 'Tunnel', 'ForwardAgent', 'ForwardX11'],
]);

/** The keywords that have no effect over ssh2, as `ssh_config(5)` writes them. */
export const UNHONOURED_KEYWORDS: readonly string[] = Object.keys(RULES);

/** Finds the keywords that somebody has set and that have no effect over the transport. Pure. */
export function findUnhonoured(raw: RawSettings, transport: TransportName): string[] {
  const set = UNHONOURED_KEYWORDS.filter((keyword) => RULES[keyword]?.isSet(raw, keyword.toLowerCase()));
  return transport === 'openssh' ? set.filter((keyword) => WITHOUT_EFFECT_OVER_OPENSSH.has(keyword)) : set;
}

/** Selects those of the keywords that are said at that moment. Pure. */
export function selectSaid(keywords: readonly string[], when: SaidWhen): string[] {
  return keywords.filter((keyword) => RULES[keyword]?.said === when);
}

const SAID_WITH: Partial<Record<ErrorCode, SaidWhen>> = {
  E_HOST_KEY_UNKNOWN: 'host key unknown',
  E_AUTH: 'not let in',
};

/** Adds to an error the keywords that would have made a difference with OpenSSH; any other error stays as it is. Pure. */
export function addUnhonoured(error: unknown, notHonoured: readonly string[]): unknown {
  const when = error instanceof OutlastError ? SAID_WITH[error.code] : undefined;
  const keywords = when === undefined ? [] : selectSaid(notHonoured, when);
  if (!(error instanceof OutlastError) || keywords.length === 0) return error;
  const { hint } = error.details;
  const said = `${keywords.join(', ')} of the ssh configuration can only be followed by OpenSSH itself`;
  return new OutlastError(error.code, error.message, {
    ...error.details,
    hint: hint === undefined ? said : `${hint}; ${said}`,
  });
}
