import { OutlastError } from '@outlast/core';
import { formatPlace, type Place } from './place.js';

/** One thing that is wrong in a configuration file. */
export interface Problem {
  readonly place: Place;
  readonly message: string;
}

const MOST_SHOWN = 50;

/** Formats what a parser refused as one line: the message, and the rule where it does not end with a suggestion. */
export function describeRule(error: unknown): string {
  if (!(error instanceof OutlastError)) {
    throw error;
  }
  const { hint } = error.details;
  return hint === undefined || error.message.endsWith('?') ? error.message : `${error.message} (${hint})`;
}

/** The rule alone of what a parser refused, which never shows the value. */
export function describeHint(error: unknown): string {
  return (error instanceof OutlastError ? error.details.hint : undefined) ?? 'see the documentation of the key';
}

/**
 * Throws all problems at once, in the order in which they are written, or returns when there are none.
 *
 * @throws OutlastError `E_CONFIG`; its message has one line `file:line:column: what is wrong` a problem.
 */
export function throwProblems(problems: readonly Problem[]): void {
  const lines = new Set(
    [...problems].sort(compareProblems).map(({ place, message }) => `${formatPlace(place)}: ${message}`),
  );
  if (lines.size === 0) {
    return;
  }
  const shown = [...lines].slice(0, MOST_SHOWN);
  const more = lines.size - shown.length;
  throw new OutlastError('E_CONFIG', [...shown, ...(more > 0 ? [`… and ${more} more`] : [])].join('\n'), {
    hint: 'correct the file and try again; nothing was sent',
  });
}

function compareProblems({ place: a }: Problem, { place: b }: Problem): number {
  return a.file === b.file ? a.line - b.line || a.column - b.column : 0;
}
