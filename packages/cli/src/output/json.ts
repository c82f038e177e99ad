// What JSON.stringify leaves as it is although a terminal would act on it: DEL, C1, bidi controls, line separators.
const UNSAFE = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Formats the one document of `--json`: two spaces deep, ASCII-safe for terminals, ends with a newline. */
export function formatJson(value: unknown): string {
  return stringify(value, 2);
}

/** Formats one event of `--ndjson`: a single line, escaped as in {@link formatJson}, ends with a newline. */
export function formatNdjson(value: unknown): string {
  return stringify(value, 0);
}

function stringify(value: unknown, indent: number): string {
  const text = JSON.stringify(value, replaceAbsent, indent);
  return `${text.replace(UNSAFE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`;
}

// Absent values are null in the published schema, never missing.
function replaceAbsent(_key: string, value: unknown): unknown {
  return value === undefined ? null : value;
}
