import type { Palette } from './colors.js';
import type { ErrorFacts } from './describe-error.js';
import { escapeLine, escapeText } from './escape-terminal.js';
import { formatHost, formatHosts } from './format-host.js';

/** What became of one host that failed. */
export interface HostError {
  readonly host: string;
  readonly error: ErrorFacts;
}

/** How errors are shown. */
export interface ErrorLayout {
  readonly palette: Palette;
  /** Adds the errors underneath and the stack. */
  readonly verbose?: boolean;
}

const INDENT = '      ';

/**
 * Formats the errors of hosts for stderr, equal ones folded: `web[1-3,7] (4 hosts)  E_CONNECT_TIMEOUT  message`,
 * with the hint and the app's last lines beneath. Ends with a newline unless it is empty.
 */
export function formatHostErrors(errors: readonly HostError[], layout: ErrorLayout): string {
  const groups = groupEqual(errors).map(({ hosts, error }) => ({ label: formatHosts(hosts), error }));
  const labelWidth = Math.max(0, ...groups.map(({ label }) => label.length));
  const codeWidth = Math.max(0, ...groups.map(({ error }) => error.code.length));
  return groups
    .map(({ label, error }) => {
      const code = layout.palette.red(escapeLine(error.code)) + ' '.repeat(codeWidth - error.code.length);
      const head = `${label.padEnd(labelWidth)}  ${code}  ${formatMessage(error, INDENT)}`;
      return `${head}\n${formatDetails(error, layout)}`;
    })
    .join('');
}

/** Formats one error that ends the whole run: `error: message`, with the hint beneath. Ends with a newline. */
export function formatFatalError(error: ErrorFacts, layout: ErrorLayout): string {
  return `${layout.palette.red('error:')} ${formatMessage(error, INDENT)}\n${formatDetails(error, layout)}`;
}

function groupEqual(errors: readonly HostError[]): { hosts: string[]; error: ErrorFacts }[] {
  const groups = new Map<string, { hosts: string[]; error: ErrorFacts }>();
  for (const { host, error } of errors) {
    const { code, message, hint, via, lastLines } = error;
    const key = JSON.stringify([code, message, hint, via, lastLines]);
    const group = groups.get(key);
    if (group) group.hosts.push(host);
    else groups.set(key, { hosts: [host], error });
  }
  return [...groups.values()];
}

function formatMessage({ message, via }: ErrorFacts, indent: string): string {
  const text = escapeText(message).trimEnd().replaceAll('\n', `\n${indent}`);
  return via ? `${text} (via ${formatHost(via)})` : text;
}

function formatDetails(error: ErrorFacts, { palette, verbose }: ErrorLayout): string {
  const lines = (error.lastLines ?? []).map((line) => `${palette.dim('|')} ${escapeLine(line)}`);
  if (error.hint) lines.push(...indentRest(palette.cyan('→'), error.hint));
  if (verbose) lines.push(...formatCauses(error).map(palette.dim));
  return lines.map((line) => `${INDENT}${line}\n`).join('');
}

function indentRest(mark: string, text: string): string[] {
  return escapeText(text)
    .trimEnd()
    .split('\n')
    .map((line, index) => `${index === 0 ? mark : ' '} ${line}`);
}

function formatCauses({ stack, cause }: ErrorFacts): string[] {
  const lines = stack ? escapeText(stack).split('\n') : [];
  // A chain of causes may be a ring.
  const seen = new Set<unknown>();
  for (let next = cause; next !== undefined && next !== null && !seen.has(next); ) {
    seen.add(next);
    const text = next instanceof Error ? (next.stack ?? next.message) : String(next);
    lines.push(...escapeText(`caused by: ${text}`).split('\n'));
    next = next instanceof Error ? next.cause : undefined;
  }
  return lines;
}
