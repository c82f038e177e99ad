import { OutlastError } from '@outlast/core';
import type { Target } from '../transport.js';

// What a shell, a ProxyCommand or ssh's own tokens could take for something else than a name.
const ODD_CHARACTER = /[\p{C}\p{Z}\s;$`%'"|&<>(){}*?!#,]/u;

/** What a checked text is, for the message. */
export type DestinationPart = 'host' | 'user' | 'jump host';

/**
 * Refuses a host, user or jump host that could be read as a flag, as shell text or as one of ssh's tokens.
 *
 * @throws OutlastError `E_USAGE` naming the rule that was broken.
 */
export function checkDestinationPart(text: string, part: DestinationPart): void {
  const rule = findBrokenRule(text);
  if (rule !== undefined) {
    throw new OutlastError('E_USAGE', `the ${part} ${JSON.stringify(text)} ${rule}`, {
      hint: 'letters, digits, dots, dashes, underscores and colons make a name or an address',
    });
  }
}

function findBrokenRule(text: string): string | undefined {
  if (text === '') return 'is empty';
  if (text.startsWith('-')) return 'begins with a dash';
  if (text.length > 255) return 'is longer than 255 characters';
  const odd = ODD_CHARACTER.exec(text);
  return odd === null ? undefined : `holds ${JSON.stringify(odd[0])}, which no name has`;
}

/**
 * Refuses a target whose parts are not plain names, addresses and a port.
 *
 * @throws OutlastError `E_USAGE`.
 */
export function checkTarget(target: Target): void {
  checkDestinationPart(target.destination, 'host');
  if (target.user !== undefined) checkDestinationPart(target.user, 'user');
  if (target.port !== undefined) checkPort(target.port, String(target.port));
}

/**
 * Parses what `-J` and ProxyJump take, `[user@]host[:port]` or `ssh://…`, comma separated, nearest to us first.
 * `none` and the empty text give no hop.
 *
 * @throws OutlastError `E_USAGE` for a hop that is no name or address.
 */
export function parseJumpChain(text: string): Target[] {
  if (text === '' || text.toLowerCase() === 'none') return [];
  return text.split(',').map((hop) => parseJumpHost(hop.trim()));
}

function parseJumpHost(name: string): Target {
  const text = name.replace(/^ssh:\/\//i, '').replace(/\/$/, '');
  const at = text.lastIndexOf('@');
  const user = at === -1 ? undefined : text.slice(0, at);
  const { host, port } = splitPort(text.slice(at + 1));
  checkDestinationPart(host, 'jump host');
  if (user !== undefined) checkDestinationPart(user, 'user');
  return {
    name,
    destination: host,
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port: checkPort(Number(port), port) }),
  };
}

function splitPort(text: string): { host: string; port: string | undefined } {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(text);
  if (bracketed !== null) return { host: bracketed[1] ?? '', port: bracketed[2] };
  // More than one colon is an IPv6 address without a port.
  const plain = /^([^:]*):([^:]*)$/.exec(text);
  return plain === null ? { host: text, port: undefined } : { host: plain[1] ?? '', port: plain[2] };
}

function checkPort(port: number, text: string): number {
  if (!/^[1-9][0-9]{0,4}$/.test(text) || port > 65535) {
    throw new OutlastError('E_USAGE', `the port ${JSON.stringify(text)} is not a number from 1 to 65535`);
  }
  return port;
}
