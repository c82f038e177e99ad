import type { Outcome } from '../fleet/outcome.js';
import type { RowOrder } from './row-order.js';
import type { RowTemplate } from './row-template.js';
import { type RowView, splitRows } from './rows.js';

/** What was asked of the rows, and how they come about. */
export interface RowArrangement<T> {
  readonly rows: RowView<T>;
  readonly order: RowOrder | undefined;
  toJson(value: T): Readonly<Record<string, unknown>>;
}

/** Formats a line for each row by a template; empty without rows. */
export function formatLines<T>(
  outcomes: readonly Outcome<T>[],
  template: RowTemplate,
  { rows, order, toJson }: RowArrangement<T>,
): string {
  const pieces = splitRows(outcomes, rows, { toJson, withFailed: template.asksOutcome });
  const all = [...(rows.others ?? []), ...pieces.map(({ row }) => row)];
  return (order?.sort(all, (row) => row) ?? all).map((row) => template.format(row)).join('');
}

/** Puts rows into the order that was asked for; each is an outcome of its own then, and may stand beside those of other hosts. */
export function sortRows<T>(
  outcomes: readonly Outcome<T>[],
  { rows, order, toJson }: RowArrangement<T>,
): readonly Outcome<T>[] {
  if (order === undefined) return outcomes;
  return order.sort(splitRows(outcomes, rows, { toJson }), ({ row }) => row).map(({ outcome }) => outcome);
}
