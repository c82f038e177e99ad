import type { Outcome } from '../fleet/outcome.js';
import { buildOutcomeJson } from './document.js';
import { escapeCell } from './escape-terminal.js';
import type { RowShape } from './row-shapes.js';

type Json = Readonly<Record<string, unknown>>;

/** One row of a table, as the JSON of the verb has it. */
export interface Row {
  /** What the row tells itself; empty for a host that has none. */
  readonly own: object;
  readonly outcome: object;
}

/** How a verb's outcomes are taken apart into rows. */
export interface RowView<T> {
  readonly shape: RowShape;
  /** Takes the answer of a host apart into answers of one row each; left out where it is one row. */
  split?(value: T): readonly T[];
  /** Rows of no host, which come first. */
  readonly others?: readonly Row[];
}

/** One row, and the outcome that holds nothing else. */
export interface Piece<T> {
  readonly row: Row;
  readonly outcome: Outcome<T>;
}

/** How the rows are told. */
interface SplitOptions<T> {
  toJson(value: T): Json;
  /** A host that failed and has no row gets one. */
  readonly withFailed?: boolean;
}

/** Takes outcomes apart into one for each row, in their order; a host that is well and has no row has none. */
export function splitRows<T>(
  outcomes: readonly Outcome<T>[],
  { shape, split }: RowView<T>,
  { toJson, withFailed = false }: SplitOptions<T>,
): Piece<T>[] {
  const build = (outcome: Outcome<T>): Piece<T> => {
    const json = buildOutcomeJson(outcome, toJson);
    const own = shape.list === undefined ? json : (json[shape.list] as readonly object[] | undefined)?.[0];
    return { row: { own: own ?? {}, outcome: json }, outcome };
  };
  return outcomes.flatMap((outcome) => {
    const { value, ok } = outcome;
    if (shape.list === undefined) return [build(outcome)];
    const values = value === undefined ? [] : (split?.(value) ?? [value]);
    if (values.length === 0 && withFailed && ok !== true) return [build(outcome)];
    return values.map((each) => build({ ...outcome, value: each }));
  });
}

/** Reads a field of a row, or of its outcome; dots lead into what a field holds. Null where there is none. */
export function readField({ own, outcome }: Row, field: string): unknown {
  const [head = '', ...rest] = field.split('.');
  let value = pick(own, head) ?? pick(outcome, head);
  for (const name of rest) value = pick(value, name);
  return value ?? null;
}

function pick(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Json)[name];
}

/** Formats a value for one line: `-` for none and for an empty list, lists with commas, objects as JSON, all of it escaped as a table's cells are. */
export function formatValue(value: unknown): string {
  if (value === null || value === undefined || (Array.isArray(value) && value.length === 0)) return '-';
  if (Array.isArray(value)) return value.map((item) => formatValue(item)).join(',');
  return escapeCell(typeof value === 'object' ? JSON.stringify(value) : String(value));
}
