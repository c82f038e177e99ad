import { OutlastError, quoteForMessage } from '@outlast/core';

/** The most parts that a selection can be split into. */
export const MOST_SHARDS = 10_000;

/** One of several parts of a selection, counted from 1. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/**
 * Reads `i/n`.
 *
 * @throws OutlastError `E_USAGE` with the rule.
 */
export function parseShard(text: string): Shard {
  const [, index, count] = (/^([1-9][0-9]{0,4})\/([1-9][0-9]{0,4})$/.exec(text) ?? []).map(Number);
  if (index !== undefined && count !== undefined && index <= count && count <= MOST_SHARDS) return { index, count };
  throw new OutlastError('E_USAGE', `${quoteForMessage(text)} is not a shard`, {
    hint: `i/n, the i-th of n parts, such as 2/5: i from 1 to n, n at most ${MOST_SHARDS}`,
  });
}

/** Formats a shard as it is written: `2/5`. */
export function formatShard({ index, count }: Shard): string {
  return `${index}/${count}`;
}

/**
 * Takes one part of a list. All parts one after another are the list in its order; their sizes differ by at most one, the longer ones
 * come first. That depends on nothing but the list, so every machine splits it in the same way.
 */
export function takeShard<T>(whole: readonly T[], { index, count }: Shard): T[] {
  const size = Math.floor(whole.length / count);
  const longer = whole.length % count;
  const start = (index - 1) * size + Math.min(index - 1, longer);
  return whole.slice(start, start + size + (index <= longer ? 1 : 0));
}
