import { formatSuggestion, OutlastError, quoteForMessage } from '@outlast/core';
import { OUTCOME_FIELDS, type RowShape } from './row-shapes.js';
import { formatValue, type Row, readField } from './rows.js';

/** The line that `--format` asks for. */
export interface RowTemplate {
  /** True where it asks how a host fared, so that one that failed and has no row gets a line as well. */
  readonly asksOutcome: boolean;
  /** Formats the line of one row; ends with a newline. */
  format(row: Row): string;
}

type Part = { readonly text: string } | { readonly field: string };

const TOKENS = /\{\{|\}\}|\\[tn\\]|\{[^{}]*\}|[\s\S]/g;
const PLAIN: Readonly<Record<string, string>> = { '{{': '{', '}}': '}', '\\t': '\t', '\\n': '\n', '\\\\': '\\' };
const HINT =
  'a field of the JSON stands in braces, such as {host}; {{ and }} are braces, \\t and \\n a tab and a newline';

/**
 * Parses a template such as `{host}\t{pid}`.
 *
 * @throws OutlastError `E_USAGE` where it names a field that the verb does not have, or none at all.
 */
export function parseRowTemplate(text: string, shape: RowShape): RowTemplate {
  const parts = (text.match(TOKENS) ?? []).map((token) => parseToken(token, shape));
  const fields = parts.flatMap((part) => ('field' in part ? [part.field] : []));
  if (fields.length === 0) {
    throw new OutlastError('E_USAGE', `the format ${quoteForMessage(text)} names no field`, {
      hint: `${HINT}; for JSON: --json`,
    });
  }
  return {
    asksOutcome: fields.some((field) => field === 'ok' || /^error\b/.test(field)),
    format: (row) =>
      `${parts.map((part) => ('text' in part ? part.text : formatValue(readField(row, part.field)))).join('')}\n`,
  };
}

function parseToken(token: string, shape: RowShape): Part {
  const text = PLAIN[token];
  if (text !== undefined) return { text };
  if (token === '{' || token === '}') {
    throw new OutlastError('E_USAGE', `a ${token} in the format has no other one`, { hint: HINT });
  }
  return token.startsWith('{') ? { field: checkField(token.slice(1, -1), shape) } : { text: token };
}

function checkField(name: string, shape: RowShape): string {
  const known = listFields(shape);
  if (known.includes(name)) return name;
  throw createUnknownFieldError(name, known);
}

/** Lists what can be asked of a row, its own fields first. */
export function listFields({ fields }: RowShape): readonly string[] {
  return [...fields, ...OUTCOME_FIELDS];
}

/** Builds the error for a field that a verb does not have. */
export function createUnknownFieldError(name: string, known: readonly string[]): OutlastError {
  return new OutlastError('E_USAGE', `there is no field ${quoteForMessage(name)}${formatSuggestion(name, known)}`, {
    hint: `there are: ${known.join(' ')}`,
  });
}
