import { describe, expect, test } from 'vitest';
import { createUtf8Decoder, escapeCell, escapeLine, escapeText } from './escape-terminal.js';

const bytes = (...values: number[]) => Uint8Array.from(values);

describe('foreign text shows, and does nothing', () => {
  test.each([
    ['colour codes', '\x1b[31mred', '\\x1b[31mred'],
    ['window titles', '\x1b]0;title\x07', '\\x1b]0;title\\x07'],
    ['carriage returns', 'good\rbad', 'good\\rbad'],
    ['NUL and DEL', '\0\x7f', '\\x00\\x7f'],
    ['C1', '\u009b31m', '\\u009b31m'],
    ['bidi controls', 'a\u202eb\u2066c\u200fd\u061ce', 'a\\u202eb\\u2066c\\u200fd\\u061ce'],
    ['half of a surrogate pair', '\ud83d!', '\\ud83d!'],
    ['letters and emoji of all scripts', 'żółw 日本 👩‍💻', 'żółw 日本 👩‍💻'],
  ])('%s', (_name, text, expected) => {
    expect(escapeLine(text)).toBe(expected);
  });

  test('a line keeps tabs, a text keeps newlines too, a cell keeps neither', () => {
    const text = 'a\tb\nc';
    expect([escapeLine(text), escapeText(text), escapeCell(text)]).toEqual(['a\tb\\nc', 'a\tb\nc', 'a\\tb\\nc']);
  });
});

describe('invalid UTF-8 shows byte for byte', () => {
  test.each([
    ['a lone continuation', bytes(0x61, 0x80, 0x62), 'a\\x80b'],
    ['an overlong slash', bytes(0xc0, 0xaf), '\\xc0\\xaf'],
    ['an overlong three-byte form', bytes(0xe0, 0x80, 0xaf), '\\xe0\\x80\\xaf'],
    ['a surrogate', bytes(0xed, 0xa0, 0x80), '\\xed\\xa0\\x80'],
    ['beyond U+10FFFF', bytes(0xf4, 0x90, 0x80, 0x80), '\\xf4\\x90\\x80\\x80'],
    ['a cut sequence', bytes(0xe2, 0x82), '\\xe2\\x82'],
    ['Latin-1 between UTF-8', Buffer.concat([Buffer.from('é'), bytes(0xe9), Buffer.from('€')]), 'é\\xe9€'],
    ['a valid C1 that arrives as bytes', bytes(0xc2, 0x9b), '\\u009b'],
  ])('%s', (_name, input, expected) => {
    expect(escapeLine(input)).toBe(expected);
  });
});

describe('the decoder of chunks', () => {
  const sample = Buffer.concat([Buffer.from('a€b😀c'), bytes(0xff, 0xe2, 0x82), Buffer.from('zé')]);

  test('gives the same text wherever the bytes are cut', () => {
    for (let first = 0; first <= sample.length; first++) {
      for (let second = first; second <= sample.length; second++) {
        const decoder = createUtf8Decoder();
        const cuts = [sample.subarray(0, first), sample.subarray(first, second), sample.subarray(second)];
        const text = cuts.map((cut) => decoder.decode(cut)).join('') + decoder.end();
        expect(text).toBe('a€b😀c\\xff\\xe2\\x82zé');
      }
    }
  });

  test('holds a cut sequence back and gives it as bytes at the end', () => {
    const decoder = createUtf8Decoder();
    expect(decoder.decode(bytes(0x61, 0xf0, 0x9f, 0x98))).toBe('a');
    expect(decoder.end()).toBe('\\xf0\\x9f\\x98');
    expect(decoder.end()).toBe('');
  });

  test('does not look at memory that its caller reuses', () => {
    const decoder = createUtf8Decoder();
    const chunk = bytes(0xe2, 0x82);
    decoder.decode(chunk);
    chunk.fill(0x20);
    expect(decoder.decode(bytes(0xac))).toBe('€');
  });
});
