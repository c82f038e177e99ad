import { expect, test } from 'vitest';
import { escapeForMessage, quoteForMessage } from './escape-for-message.js';

test('escapes control, bidi, invisible and broken characters, and leaves letters alone', () => {
  expect(escapeForMessage('a\n\r\t\0\x1b[31m\x7f\x9b')).toBe('a\\n\\r\\t\\x00\\x1b[31m\\x7f\\x9b');
  expect(escapeForMessage('\u202e\u2066\u200b\ufeff\u2028\ud800')).toBe(
    '\\u{202e}\\u{2066}\\u{200b}\\u{feff}\\u{2028}\\u{d800}',
  );
  expect(escapeForMessage('bücher/日本')).toBe('bücher/日本');
});

test('quotes with every character that is not printable ASCII escaped', () => {
  expect(quoteForMessage('say "hi" \\ ä😀')).toBe('"say \\"hi\\" \\\\ \\xe4\\u{1f600}"');
});

test('cuts long input', () => {
  expect(quoteForMessage('x'.repeat(80))).toBe(`"${'x'.repeat(80)}"`);
  expect(quoteForMessage('x'.repeat(1_000_000))).toBe(`"${'x'.repeat(80)}…"`);
});
