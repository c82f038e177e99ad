import type { Style } from './colors.js';
import { loadMeasure, type MeasureWidth, truncateToWidth } from './display-width.js';

/** One cell: text that is already escaped, without codes of its own, and how to colour it. */
export type Cell = string | { readonly text: string; readonly style?: Style };

/** One column of a table. */
export interface Column {
  /** The word in the header row. */
  readonly title: string;
  readonly align?: 'left' | 'right';
  /**
   * May lose width, down to eight columns, before the right end of the lines is cut; `last` only when the others have lost theirs, since
   * a name that is cut names nothing.
   */
  readonly shrinks?: boolean | 'last';
}

/** How a table is laid out. */
export interface TableLayout {
  /** Width of the terminal; 0 or undefined cuts nothing. */
  readonly width?: number | undefined;
  /** Style of the header row; without it, the row is left plain. `false` leaves the row out. */
  readonly header?: Style | false;
}

const GAP = 2;
const SMALLEST = 8;

/** Formats aligned columns, two spaces apart and without trailing spaces; ends with a newline unless it is empty. */
export async function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  layout: TableLayout = {},
): Promise<string> {
  const { header, width = 0 } = layout;
  const titles = columns.map(({ title }): Cell => (header ? { text: title, style: header } : title));
  const all = header === false ? rows : [titles, ...rows];
  const measure = await loadMeasure(all.flat().map(readText));
  const widths = fitWidths(columns, measureColumns(columns, all, measure), width);
  const limit = width > 0 ? width : Number.POSITIVE_INFINITY;
  return all.map((row) => `${formatRow(row, columns, { widths, limit, measure })}\n`).join('');
}

interface RowLayout {
  readonly widths: readonly number[];
  readonly limit: number;
  readonly measure: MeasureWidth;
}

function formatRow(row: readonly Cell[], columns: readonly Column[], { widths, limit, measure }: RowLayout): string {
  let line = '';
  let used = 0;
  let owed = 0;
  for (const [index, column] of columns.entries()) {
    const cell = row[index] ?? '';
    const width = widths[index] ?? 0;
    const text = truncateToWidth(readText(cell), width, measure);
    if (text === '') {
      owed += width + GAP;
      continue;
    }
    const pad = width - measure(text);
    const before = owed + (column.align === 'right' ? pad : 0);
    const room = limit - used - before;
    if (room < 1) return line + (used + 2 <= limit ? ' …' : used < limit ? '…' : '');
    line += ' '.repeat(before) + paint(cell, truncateToWidth(text, room, measure));
    used += before + measure(text);
    owed = GAP + (column.align === 'right' ? 0 : pad);
  }
  return line;
}

function paint(cell: Cell, text: string): string {
  return typeof cell === 'string' || cell.style === undefined ? text : cell.style(text);
}

function readText(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell.text;
}

function measureColumns(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  measure: MeasureWidth,
): number[] {
  return columns.map((_, index) =>
    rows.reduce((widest, row) => Math.max(widest, measure(readText(row[index] ?? ''))), 0),
  );
}

function fitWidths(columns: readonly Column[], natural: readonly number[], limit: number): number[] {
  const widths = [...natural];
  if (limit <= 0) return widths;
  let excess = widths.reduce((sum, width) => sum + width + GAP, -GAP) - limit;
  while (excess > 0) {
    const widest = findWidestShrinking(columns, widths, true) ?? findWidestShrinking(columns, widths, 'last');
    if (widest === undefined) break;
    widths[widest] = (widths[widest] as number) - 1;
    excess--;
  }
  return widths;
}

function findWidestShrinking(
  columns: readonly Column[],
  widths: readonly number[],
  when: Column['shrinks'],
): number | undefined {
  let widest: number | undefined;
  for (const [index, column] of columns.entries()) {
    const width = widths[index] ?? 0;
    if (column.shrinks !== when || width <= SMALLEST) continue;
    if (widest === undefined || width > (widths[widest] ?? 0)) widest = index;
  }
  return widest;
}
