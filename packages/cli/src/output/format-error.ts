import type { Palette } from './colors.js';
import { completeHint } from './complete-hint.js';
import type { ErrorFacts } from './describe-error.js';
import { escapeLine, escapeText } from './escape-terminal.js';
import { foldHosts } from './fold-hosts.js';
import { formatHost } from './format-host.js';
import { type ErrorGroup, groupErrors, type HostError } from './group-errors.js';

/** How errors are shown. */
export interface ErrorLayout {
  readonly palette: Palette;
  /** Adds the errors underneath and the stack, and names every host. */
  readonly verbose?: boolean;
  /** Width of the terminal; 0 or undefined names every host. */
  readonly width?: number;
  /** The flags of this run, which the lines of a hint need that can be typed. */
  readonly repeated?: string;
}

const INDENT = '      ';
/** A label that is longer has a line of its own. */
const LONGEST_LABEL = 40;
/** So many lines of a terminal may the names of one error take. */
const MOST_LABEL_LINES = 3;

/**
 * Formats the errors of hosts for stderr, equal ones folded: `web[1-3,7] (4 hosts)  E_CONNECT_TIMEOUT  message`,
 * with the hint and the app's last lines beneath. Ends with a newline unless it is empty.
 */
export function formatHostErrors(errors: readonly HostError[], layout: ErrorLayout): string {
  const groups = groupErrors(errors).map((group) => ({ ...group, label: formatLabel(group, layout) }));
  const short = groups.filter(({ label }) => label.length <= LONGEST_LABEL);
  const labelWidth = Math.max(0, ...short.map(({ label }) => label.length));
  const codeWidth = Math.max(0, ...groups.map(({ error }) => error.code.length));
  return groups
    .map(({ label, error }) => {
      const code = layout.palette.red(escapeLine(error.code)) + ' '.repeat(codeWidth - error.code.length);
      const place = label.length > LONGEST_LABEL ? `${label}\n${INDENT}` : `${label.padEnd(labelWidth)}  `;
      return `${place}${code}  ${formatMessage(error, INDENT)}\n${formatDetails(error, layout)}`;
    })
    .join('');
}

/** Formats one error that ends the whole run: `error: message`, with the hint beneath. Ends with a newline. */
export function formatFatalError(error: ErrorFacts, layout: ErrorLayout): string {
  return `${layout.palette.red('error:')} ${formatMessage(error, INDENT)}\n${formatDetails(error, layout)}`;
}

function formatLabel({ hosts }: ErrorGroup, { width = 0, verbose = false }: ErrorLayout): string {
  const parts = foldHosts(hosts.map(formatHost));
  const folded = parts.join(',');
  if (hosts.length === 1) return folded;
  const room = width > 0 && !verbose ? width * MOST_LABEL_LINES : Number.POSITIVE_INFINITY;
  if (folded.length <= room) return `${folded} (${hosts.length} hosts)`;
  return `${keepWhole(parts, room)}… (${hosts.length} hosts, -v names all)`;
}

/** As many names as there is room for, none of them cut. */
function keepWhole(parts: readonly string[], room: number): string {
  let kept = '';
  for (const part of parts) {
    if (kept.length + part.length + 1 > room) break;
    kept += `${part},`;
  }
  return kept;
}

function formatMessage({ message, via }: ErrorFacts, indent: string): string {
  const text = escapeText(message).trimEnd().replaceAll('\n', `\n${indent}`);
  return via ? `${text} (via ${formatHost(via)})` : text;
}

function formatDetails(error: ErrorFacts, { palette, verbose, repeated = '' }: ErrorLayout): string {
  const lines = (error.lastLines ?? []).map((line) => `${palette.dim('|')} ${escapeLine(line)}`);
  if (error.hint) lines.push(...indentRest(palette.cyan('→'), completeHint(error.hint, repeated)));
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
