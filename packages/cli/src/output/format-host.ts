import { domainToASCII } from 'node:url';
import { escapeCell } from './escape-terminal.js';

const PARTS = /^(?:(?<user>[^@]*)@)?(?<name>[^:[\]]+)(?<port>:[0-9]+)?$/;

/** Formats a host's name for people: international names in punycode, so that look-alike letters show, the rest escaped. */
export function formatHost(host: string): string {
  if (/^[\x20-\x7e]*$/.test(host)) return host;
  const { user, name, port } = PARTS.exec(host)?.groups ?? {};
  const ascii = name === undefined ? '' : domainToASCII(name);
  if (ascii === '') return escapeCell(host);
  return `${user === undefined ? '' : `${escapeCell(user)}@`}${ascii}${port ?? ''}`;
}
