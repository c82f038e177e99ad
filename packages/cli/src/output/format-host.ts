import { domainToASCII } from 'node:url';
import { escapeCell } from './escape-terminal.js';
import { foldHosts } from './fold-hosts.js';

const PARTS = /^(?:(?<user>[^@]*)@)?(?<name>[^:[\]]+)(?<port>:[0-9]+)?$/;

/** Formats a host's name for people: international names in punycode, so that look-alike letters show, the rest escaped. */
export function formatHost(host: string): string {
  if (/^[\x20-\x7e]*$/.test(host)) return host;
  const { user, name, port } = PARTS.exec(host)?.groups ?? {};
  const ascii = name === undefined ? '' : domainToASCII(name);
  if (ascii === '') return escapeCell(host);
  return `${user === undefined ? '' : `${escapeCell(user)}@`}${ascii}${port ?? ''}`;
}

/** Formats hosts that have something in common: one by its name, several folded and counted, `web[1-3,7] (4 hosts)`. */
export function formatHosts(hosts: readonly string[]): string {
  const folded = foldHosts(hosts.map(formatHost)).join(',');
  return hosts.length === 1 ? folded : `${folded} (${hosts.length} hosts)`;
}
