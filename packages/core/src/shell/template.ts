import { quoteWord } from './quote.js';

/** Shell text that is inserted as it stands. */
export interface RawShell {
  readonly raw: string;
}

/** What may stand in a `${…}` of {@link sh}. */
export type ShellValue = string | number | readonly string[] | RawShell;

/** Marks `text` as shell to be inserted unquoted: grep for `raw(` to find every such place. */
export function raw(text: string): RawShell {
  return { raw: text };
}

/**
 * Writes shell text: a string is quoted, a list becomes quoted words, a number stands as it is, {@link raw} is inserted as it stands.
 *
 * Backslashes are the shell's own; only `\${` and `` \` `` are JavaScript's. The indentation that all lines share is taken away.
 */
export function sh(strings: TemplateStringsArray, ...values: readonly ShellValue[]): string {
  const texts = removeIndentation(strings.raw.map((text) => text.replaceAll('\\${', '${').replaceAll('\\`', '`')));
  return texts.reduce((script, text, index) => script + formatValue(values[index - 1] as ShellValue) + text);
}

function formatValue(value: ShellValue): string {
  if (typeof value === 'string') return quoteWord(value);
  if (typeof value === 'number') return formatNumber(value);
  return 'raw' in value ? value.raw : value.map(quoteWord).join(' ');
}

function formatNumber(value: number): string {
  if (!Number.isSafeInteger(value)) throw new TypeError(`not a whole number for a script: ${value}`);
  return String(value);
}

/** Only the literal text counts: lines inside an inserted value must stay as they are. */
function removeIndentation(texts: readonly string[]): string[] {
  const indents = texts.flatMap((text, index) => {
    const line = index < texts.length - 1 ? /\n([ ]*)(?=\S|$)/g : /\n([ ]*)(?=\S)/g;
    return [...text.matchAll(line)].map((match) => match[1]?.length ?? 0);
  });
  const shared = indents.length > 0 ? Math.min(...indents) : 0;
  const lineStart = new RegExp(`\\n {0,${shared}}`, 'g');
  const dedented = texts.map((text) => text.replace(lineStart, '\n'));
  dedented[0] = (dedented[0] ?? '').replace(/^\n/, '');
  return dedented;
}
