import { OutlastError, quoteForMessage } from '@outlast/core';
import type { Command } from 'commander';

/** The flags that say how a pattern is meant. */
export interface PatternFlags {
  readonly ignoreCase?: boolean;
  readonly fixedString?: boolean;
}

/** Declares them. */
export function addPatternFlags(command: Command): void {
  command.option('--ignore-case', 'upper and lower case alike');
  command.option('--fixed-string', 'the pattern is plain text');
}

/**
 * Makes the expression that a process's arguments, joined by blanks, are matched against.
 *
 * @throws OutlastError `E_USAGE` for what is none.
 */
export function buildPattern(text: string, { ignoreCase, fixedString }: PatternFlags): RegExp {
  const source = fixedString ? text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&') : text;
  try {
    return new RegExp(source, ignoreCase ? 'iu' : 'u');
  } catch (cause) {
    throw new OutlastError('E_USAGE', `${quoteForMessage(text)} is not a regular expression`, {
      cause,
      hint: 'for plain text add --fixed-string',
    });
  }
}
