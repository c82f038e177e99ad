import { OutlastError } from '../errors.js';
import { quoteForMessage } from './escape-for-message.js';

/** The longest duration that is accepted, in milliseconds: 7 days. */
export const LONGEST_DURATION_MS = 7 * 86_400_000;

const UNIT_MS = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/**
 * Parses a duration such as `500ms`, `10s`, `1.5m`, `2h` or `7d`.
 *
 * @returns whole milliseconds, from 0 to 7 days.
 * @throws OutlastError `E_USAGE` when the unit is missing or unknown, the number is not plain decimal, the result is
 *   not a whole number of milliseconds, or it is over 7 days.
 */
export function parseDuration(text: string): number {
  return parseWithin(text, LONGEST_DURATION_MS);
}

/** How long ago something may be said to be, in milliseconds: ten years of 365 days. */
const LONGEST_AGE_MS = 3650 * 86_400_000;

/** Parses an age: a duration of up to 3650 days. Throws as {@link parseDuration} does. */
export function parseAge(text: string): number {
  return parseWithin(text, LONGEST_AGE_MS);
}

function parseWithin(text: string, longestMs: number): number {
  const match = /^([0-9]{1,12}(?:\.[0-9]{1,6})?)(ms|s|m|h|d)$/.exec(text);
  const unitMs = UNIT_MS.get(match?.[2] ?? '');
  if (match?.[1] === undefined || unitMs === undefined) {
    throw new OutlastError('E_USAGE', `${quoteForMessage(text)} is not a duration`, {
      hint: 'a duration is a number and a unit: 500ms, 10s, 5m, 2h or 7d',
    });
  }
  const milliseconds = Math.round(Number(match[1]) * unitMs * 1e6) / 1e6;
  if (milliseconds > longestMs) {
    throw new OutlastError('E_USAGE', `the duration ${quoteForMessage(text)} is too long`, {
      hint: `it can be at most ${longestMs / 86_400_000}d`,
    });
  }
  if (!Number.isInteger(milliseconds)) {
    throw new OutlastError('E_USAGE', `the duration ${quoteForMessage(text)} is finer than a millisecond`, {
      hint: 'the shortest step is 1ms',
    });
  }
  return milliseconds;
}

/** A span between two durations, in milliseconds: `0 < minMs <= maxMs`. */
export interface DurationRange {
  readonly minMs: number;
  readonly maxMs: number;
}

/**
 * Parses a range of durations such as `1s..60s`; a single duration stands for both ends.
 *
 * @throws OutlastError `E_USAGE` when an end is no duration, the lower one is zero, or the ends are reversed.
 */
export function parseDurationRange(text: string): DurationRange {
  const dots = text.indexOf('..');
  const minMs = parseDuration(dots < 0 ? text : text.slice(0, dots));
  const maxMs = dots < 0 ? minMs : parseDuration(text.slice(dots + 2));
  if (minMs === 0 || maxMs < minMs) {
    throw new OutlastError('E_USAGE', `${quoteForMessage(text)} is not a range of durations`, {
      hint: 'a range goes up from a duration over zero: 1s..60s',
    });
  }
  return { minMs, maxMs };
}
