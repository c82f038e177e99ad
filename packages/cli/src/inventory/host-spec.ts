import { isIPv4, isIPv6 } from 'node:net';
import { domainToASCII } from 'node:url';
import { OutlastError, parsePort, quoteForMessage } from '@outlast/core';
import type { Target } from '../ssh/transport.js';

/** A host word taken apart. */
export interface HostWord {
  readonly user?: string;
  /** The host as written, without brackets. */
  readonly host: string;
  /** The host in ASCII: a name, an alias, an IPv4 or an IPv6 address without brackets. */
  readonly destination: string;
  readonly port?: number;
}

const USER = /^[A-Za-z0-9_](?:[A-Za-z0-9_.+@\\-]*[A-Za-z0-9_-])?$/;
const NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;
const LONGEST_NAME = 253;
const LONGEST_LABEL = 63;

/**
 * Parses one host as it is written after `-H`: `name`, `user@name:port`, an IPv4 or IPv6 address (in brackets where a
 * port follows), an international name, or an alias of the ssh configuration.
 *
 * @returns the target; its name is the word as written.
 * @throws OutlastError `E_USAGE` that names the broken rule and shows the word escaped.
 */
export function parseHostSpec(word: string): Target {
  const { user, destination, port } = parseHostWord(word);
  return {
    name: word,
    destination,
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port }),
  };
}

/**
 * Takes a host word apart and checks each part.
 *
 * @throws OutlastError `E_USAGE` that names the broken rule and shows the word escaped.
 */
export function parseHostWord(word: string): HostWord {
  const at = word.lastIndexOf('@');
  const { host, port } = splitPort(word.slice(at + 1), word);
  return {
    ...(at < 0 ? {} : { user: parsePart(word, () => parseHostUser(word.slice(0, at))) }),
    host,
    destination: parsePart(word, () => parseHostAddress(host)),
    ...(port === undefined ? {} : { port: parsePart(word, () => parsePort(port)) }),
  };
}

/** Names the whole word, too: the part that is wrong may be empty, and one of a hundred words. */
function parsePart<T>(word: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof OutlastError) || error.message.includes(quoteForMessage(word))) throw error;
    throw new OutlastError(error.code, `${error.message}, in ${quoteForMessage(word)}`, error.details);
  }
}

/**
 * Checks the name of a user on a host and returns it.
 *
 * @throws OutlastError `E_USAGE` when it is anything but letters, digits and `_ . + - @ \`, or begins with a sign.
 */
export function parseHostUser(user: string): string {
  if (!USER.test(user) || user.length > LONGEST_NAME) {
    throw new OutlastError('E_USAGE', `${quoteForMessage(user)} is not a user name`, {
      hint: 'a user is letters, digits and _ . + - @ \\ , and begins with a letter, a digit or _',
    });
  }
  return user;
}

/**
 * Checks a host without user and port.
 *
 * @returns it in ASCII: an international name becomes punycode.
 * @throws OutlastError `E_USAGE` that names the broken rule.
 */
export function parseHostAddress(host: string): string {
  const rule = host.includes(':') ? checkIpv6(host) : checkName(host);
  if (rule !== undefined) {
    throw refuseHost(host, rule);
  }
  return isPlainAscii(host) ? host : domainToASCII(host);
}

/** Formats the name of a host for people: an international name as punycode, everything else as written. */
export function formatHostName(name: string): string {
  if (isPlainAscii(name)) {
    return name;
  }
  const [, before = '', host = '', after = ''] = /^(.*@)?([^@:]*)(:.*)?$/su.exec(name) ?? [];
  return `${before}${domainToASCII(host) || host}${after}`;
}

function splitPort(rest: string, word: string): { readonly host: string; readonly port?: string } {
  if (rest.startsWith('[')) {
    const match = /^\[([^[\]]*)\](?::(.*))?$/s.exec(rest);
    if (match?.[1] === undefined || !isIPv6(match[1])) {
      throw refuseHost(word, 'brackets hold an IPv6 address, and only a port may follow them');
    }
    return { host: match[1], ...(match[2] === undefined ? {} : { port: match[2] }) };
  }
  const colon = rest.indexOf(':');
  if (colon < 0 || rest.indexOf(':', colon + 1) >= 0) {
    return { host: rest };
  }
  return { host: rest.slice(0, colon), port: rest.slice(colon + 1) };
}

function checkIpv6(host: string): string | undefined {
  if (host.includes('%')) {
    return 'a zone (%…) cannot be given here';
  }
  return isIPv6(host) ? undefined : 'it has several colons and is not an IPv6 address';
}

function checkName(host: string): string | undefined {
  if (host === '') return 'the name is empty';
  if (host.startsWith('-')) return 'a name does not begin with "-"';
  const ascii = isPlainAscii(host) ? host : convertInternational(host);
  if (ascii === undefined || !NAME.test(ascii)) return 'a name is letters, digits and . _ -';
  if (ascii.includes('..')) return 'a name has no empty part between dots';
  if (ascii.length > LONGEST_NAME) return `a name has at most ${LONGEST_NAME} characters`;
  if (/^[0-9]+\.[0-9.]*$/.test(ascii) && !isIPv4(ascii)) return 'it is not an IPv4 address';
  return undefined;
}

// A word that turns into plain ASCII only looked international: full-width letters and the like are not what they seem.
function convertInternational(host: string): string | undefined {
  if (!/^[A-Za-z0-9._\-\p{L}\p{M}\p{N}]+$/u.test(host)) {
    return undefined;
  }
  const ascii = domainToASCII(host);
  const labels = ascii.split('.');
  return labels.some((label) => label.startsWith('xn--')) && labels.every((label) => label.length <= LONGEST_LABEL)
    ? ascii
    : undefined;
}

function isPlainAscii(text: string): boolean {
  return /^[ -~]*$/.test(text);
}

function refuseHost(word: string, rule: string): OutlastError {
  return new OutlastError('E_USAGE', `${quoteForMessage(word)} is not a host: ${rule}`, {
    hint: 'write name, user@name, user@name:port or user@[IPv6]:port',
  });
}
