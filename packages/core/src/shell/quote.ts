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

function isWellFormed(text: string): boolean {
  return !/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.test(text);
}

/** Neither nohup nor exec could tell a program whose name begins with a dash from an option of theirs: env can. */
export function protectProgramName(argv: readonly string[]): readonly string[] {
  return argv[0]?.startsWith('-') ? ['env', '--', ...argv] : argv;
}
