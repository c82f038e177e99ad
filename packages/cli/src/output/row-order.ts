import type { RowShape } from './row-shapes.js';
import { createUnknownFieldError, listFields } from './row-template.js';
import { type Row, readField } from './rows.js';

/** The order that `--sort` asks for. */
export interface RowOrder {
  /** Sorts items by the row that each stands for; what is equal keeps its order. */
  sort<T>(items: readonly T[], readRow: (item: T) => Row): T[];
}

interface Key {
  readonly field: string;
  readonly descending: boolean;
}

/**
 * Parses fields or titles of columns, comma separated, each descending with a dash in front: `-mem,host`.
 *
 * @throws OutlastError `E_USAGE` where the verb has no such field.
 */
export function parseRowOrder(text: string, shape: RowShape): RowOrder {
  const keys = text.split(',').map((word): Key => {
    const descending = word.startsWith('-');
    return { field: resolveField(descending ? word.slice(1) : word, shape), descending };
  });
  return {
    sort(items, readRow) {
      const collator = new Intl.Collator('en', { numeric: true });
      const rows = items.map((item) => ({ item, values: keys.map(({ field }) => readField(readRow(item), field)) }));
      rows.sort((a, b) => compareRows(a.values, b.values, keys, collator));
      return rows.map(({ item }) => item);
    },
  };
}

function resolveField(name: string, shape: RowShape): string {
  const known = listFields(shape);
  if (known.includes(name)) return name;
  const titles = Object.entries(shape.columns);
  const title = titles.find(([each]) => each.toLowerCase() === name.toLowerCase());
  if (title !== undefined) return title[1];
  throw createUnknownFieldError(name, [...new Set([...known, ...titles.map(([each]) => each.toLowerCase())])]);
}

function compareRows(
  left: readonly unknown[],
  right: readonly unknown[],
  keys: readonly Key[],
  collator: Intl.Collator,
): number {
  for (const [index, { descending }] of keys.entries()) {
    const [a, b] = [left[index], right[index]];
    // What is not there comes last, whichever way round.
    if (a === null || b === null) {
      if (a !== b) return a === null ? 1 : -1;
      continue;
    }
    const order = compareValues(a, b, collator);
    if (order !== 0) return descending ? -order : order;
  }
  return 0;
}

function compareValues(a: unknown, b: unknown, collator: Intl.Collator): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (Array.isArray(a) && Array.isArray(b)) return compareLists(a, b, collator);
  return collator.compare(toText(a), toText(b));
}

function compareLists(a: readonly unknown[], b: readonly unknown[], collator: Intl.Collator): number {
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const order = compareValues(a[index], b[index], collator);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
