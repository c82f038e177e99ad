import { OutlastError } from '../errors.js';

const PLAIN_WORD = /^[A-Za-z0-9_/:=.,@%+-]+$/;

/**
 * Quotes `word` so that every POSIX shell reads it back byte for byte.
 *
 * @throws OutlastError `E_USAGE` for text that no argv can hold: NUL, or half of a surrogate pair.
 */
export function quoteWord(word: string): string {
  if (word.includes('\0')) throw new OutlastError('E_USAGE', 'a NUL byte cannot be passed to a program');
  if (!isWellFormed(word))
    throw new OutlastError('E_USAGE', 'text that is not valid Unicode cannot be passed to a program');
  if (PLAIN_WORD.test(word)) return word.includes('=') || word.startsWith('%') ? `'${word}'` : word;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/**
 * As {@link quoteWord}, with what a variable of the shell holds in the place of each `placeholder`.
 *
 * @param variable its name; it must be set.
 */
export function quoteWordWith(word: string, placeholder: string, variable: string): string {
  const parts = word.split(placeholder).map((part) => (part === '' ? '' : quoteWord(part)));
  return parts.join(`"$${variable}"`) || "''";
}

function isWellFormed(text: string): boolean {
  return !/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.test(text);
}

/** Neither nohup nor exec could tell a program whose name begins with a dash from an option of theirs: env can. */
export function protectProgramName(argv: readonly string[]): readonly string[] {
  return argv[0]?.startsWith('-') ? ['env', '--', ...argv] : argv;
}
