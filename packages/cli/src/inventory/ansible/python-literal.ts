import type { Value } from './inventory-draft.js';

const PLAIN = /^[ \t]*(?<literal>[A-Za-z0-9_+-]+)[ \t]*(?:#.*)?$/;
const INTEGER = /^[+-]?(?:0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|0(?:_?0)*|[1-9](?:_?[0-9])*)$/;
const STRING = /[uU]?(?:'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)")/gsu;
// Strings that stand side by side are one.
const STRINGS = /^[ \t]*(?<strings>(?:[uU]?(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")[ \t]*)+)(?:#.*)?$/su;
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|(.))/gsu;
const LETTER_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\n', ''],
  ['a', '\x07'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
]);

/**
 * Reads a value of an INI inventory, which Ansible takes for a Python literal where it is one: quotes go, `0x16` is 22,
 * `None` is nothing, a comment may follow. Anything else is the text itself, comment and all. Pure.
 */
export function readPythonLiteral(text: string): Value {
  const literal = PLAIN.exec(text)?.groups?.literal ?? '';
  if (literal === 'None') return null;
  if (literal === 'True' || literal === 'False') return literal.toLowerCase();
  if (INTEGER.test(literal)) return readInteger(literal);
  const strings = STRINGS.exec(text)?.groups?.strings;
  if (strings === undefined) return text;
  return [...strings.matchAll(STRING)].map(([, single, double]) => replaceEscapes(single ?? double ?? '')).join('');
}

function readInteger(literal: string): string {
  const digits = literal.replaceAll('_', '').replace(/^[+-]/, '');
  return String(BigInt(digits) * (literal.startsWith('-') ? -1n : 1n));
}

function replaceEscapes(text: string): string {
  return text.replace(
    ESCAPE,
    (whole, hex?: string, unicode?: string, wide?: string, octal?: string, letter?: string) => {
      const code = hex ?? unicode ?? wide;
      if (code !== undefined) return formatCodePoint(Number.parseInt(code, 16), whole);
      if (octal !== undefined) return formatCodePoint(Number.parseInt(octal, 8), whole);
      if (letter === '\\' || letter === "'" || letter === '"') return letter;
      return LETTER_ESCAPES.get(letter ?? '') ?? whole;
    },
  );
}

function formatCodePoint(code: number, otherwise: string): string {
  return code > 0x10_ffff ? otherwise : String.fromCodePoint(code);
}
