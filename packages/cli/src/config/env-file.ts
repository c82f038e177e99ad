import { escapeForMessage, OutlastError, parseEnvName, parseProgramText } from '@outlast/core';
import { describeRule } from './problem.js';
import { readTextFile } from './read-text-file.js';

const BLANK = /[^\S\n]*(?:#[^\n]*)?(?:\n|$)/y;
const NAME = /[^\S\n]*(?:export[^\S\n]+)?([^\s=:#]+)(?:[^\S\n]*=|:(?=\s))[^\S\n]*/y;
const QUOTED = /('(?:\\'|[^'])*'|"(?:\\"|[^"])*"|`(?:\\`|[^`])*`)[^\S\n]*(?:#[^\n]*)?(?:\n|$)/y;
const BARE = /([^#\n]*)(?:#[^\n]*)?(?:\n|$)/y;
const REST = /[^\n]*(?:\n|$)/y;

/** Variables by name; without prototype. */
export type EnvVariables = Readonly<Record<string, string>>;

/**
 * Reads a file of environment variables.
 *
 * @param name what messages call the file.
 * @throws OutlastError `E_CONFIG` as parseEnvFile does, and when the file cannot be read.
 */
export async function readEnvFile(path: string, name: string): Promise<EnvVariables> {
  return parseEnvFile(await readTextFile(path, name), name);
}

/**
 * Parses environment variables as dotenv does: `NAME=value` or `NAME: value`, `export` before it, comments, values in
 * single quotes, double quotes (where `\n` and `\r` are line breaks) or backticks, which may span lines. The last one of
 * a name counts. What dotenv would pass over in silence is an error here.
 *
 * @throws OutlastError `E_CONFIG` with one line `file:line: rule` a problem; never shows a name or a value.
 */
export function parseEnvFile(text: string, name: string): EnvVariables {
  const variables: Record<string, string> = Object.create(null);
  const problems: string[] = [];
  const scanner = createScanner(text.replace(/^\ufeff/, '').replace(/\r\n?/g, '\n'));
  while (!scanner.isAtEnd()) {
    const { line } = scanner;
    try {
      readStatement(scanner, variables);
    } catch (error) {
      problems.push(`${escapeForMessage(name)}:${line}: ${describeRule(error)}`);
    }
  }
  if (problems.length > 0) {
    throw new OutlastError('E_CONFIG', problems.slice(0, 20).join('\n'), {
      hint: 'write NAME=value, one a line; put values with spaces, quotes or line breaks in quotes',
    });
  }
  return variables;
}

function readStatement(scanner: Scanner, variables: Record<string, string>): void {
  if (scanner.take(BLANK) !== undefined) {
    return;
  }
  const name = scanner.take(NAME)?.[1];
  if (name === undefined) {
    scanner.take(REST);
    throw refuse('this is not NAME=value');
  }
  const raw = (scanner.take(QUOTED) ?? scanner.take(BARE))?.[1]?.trim() ?? '';
  const value = parseProgramText(unquote(raw), 'the value');
  variables[checkName(name)] = value;
}

function unquote(raw: string): string {
  const quote = /^["'`]/.exec(raw)?.[0];
  if (quote === undefined) {
    return raw;
  }
  if (raw.length < 2 || !raw.endsWith(quote)) {
    throw refuse('the quote is not closed, or something follows it');
  }
  const inner = raw.slice(1, -1);
  return quote === '"' ? inner.replaceAll('\\n', '\n').replaceAll('\\r', '\r') : inner;
}

// A line that went wrong may be a piece of a secret, so that not even the name is shown.
function checkName(name: string): string {
  try {
    return parseEnvName(name);
  } catch {
    throw refuse('the name is not letters, digits and _ , begins with a digit, or is __proto__');
  }
}

function refuse(rule: string): OutlastError {
  return new OutlastError('E_CONFIG', rule);
}

interface Scanner {
  /** The line at which the next match begins, from 1. */
  readonly line: number;
  isAtEnd(): boolean;
  /** Matches a sticky pattern here and moves behind it. */
  take(pattern: RegExp): RegExpExecArray | undefined;
}

function createScanner(text: string): Scanner {
  let index = 0;
  let line = 1;
  return {
    get line() {
      return line;
    },
    isAtEnd: () => index >= text.length,
    take: (pattern) => {
      pattern.lastIndex = index;
      const match = pattern.exec(text);
      if (match === null) {
        return undefined;
      }
      index += match[0].length;
      line += match[0].split('\n').length - 1;
      return match;
    },
  };
}
