const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const NOT_PLAIN = /[^ -~]/gu;
const NAMED = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);
const QUOTED_LENGTH = 80;

/**
 * Makes text safe to stand in a message: control, bidi and invisible characters become visible escapes (`\n`,
 * `\x1b`, `\u{202e}`); letters of every script stay as they are.
 */
export function escapeForMessage(text: string): string {
  return text.replace(UNSAFE, escapeCharacter);
}

/**
 * Puts rejected input between double quotes, with everything that is not printable ASCII escaped, so that a
 * look-alike letter shows; input over 80 characters is cut.
 */
export function quoteForMessage(text: string): string {
  const characters = [...text.slice(0, 2 * QUOTED_LENGTH)];
  const kept = characters.slice(0, QUOTED_LENGTH).join('');
  const escaped = kept.replace(/["\\]/g, '\\$&').replace(NOT_PLAIN, escapeCharacter);
  return `"${escaped}${kept.length < text.length ? '…' : ''}"`;
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  return NAMED.get(character) ?? (code < 0x100 ? `\\x${hex.padStart(2, '0')}` : `\\u{${hex}}`);
}
