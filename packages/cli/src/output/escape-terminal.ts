import { isUtf8 } from 'node:buffer';

// Cc is C0, DEL and C1; Cs matches lone surrogates only, under the u flag.
const UNSAFE = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Turns what is not valid UTF-8 into visible text. */
export interface Utf8Decoder {
  /** Decodes a chunk; a sequence cut at its end is held back for the next one. */
  decode(chunk: Uint8Array): string;
  /** Gives what was held back, as `\xNN`. */
  end(): string;
}

/** Escapes one line of foreign text for a terminal: newlines too become visible, tabs stay. */
export function escapeLine(text: string | Uint8Array): string {
  return replaceUnsafe(toText(text), '\t');
}

/** Escapes foreign text for a terminal, keeping its newlines and tabs. */
export function escapeText(text: string | Uint8Array): string {
  return replaceUnsafe(toText(text), '\n\t');
}

/** Escapes foreign text for a table cell: neither newlines nor tabs stay. */
export function escapeCell(text: string | Uint8Array): string {
  return replaceUnsafe(toText(text), '');
}

/** Creates a decoder for chunks of UTF-8 that may be cut anywhere; an invalid byte becomes the text `\xNN`. */
export function createUtf8Decoder(): Utf8Decoder {
  let held: Uint8Array = new Uint8Array(0);
  return {
    decode(chunk) {
      const bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      const cut = bytes.length - countCutBytes(bytes);
      held = bytes.slice(cut);
      return decodeVisibly(bytes.subarray(0, cut));
    },
    end() {
      const rest = decodeVisibly(held);
      held = new Uint8Array(0);
      return rest;
    },
  };
}

/** Counts the bytes at the end of `bytes` that begin a UTF-8 sequence which is not complete: 0 to 3. */
export function countCutBytes(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const start = bytes.length - back;
    if (isContinuation(bytes[start])) continue;
    return measureSequence(bytes, start) === 'cut' ? back : 0;
  }
  return 0;
}

function toText(text: string | Uint8Array): string {
  return typeof text === 'string' ? text : decodeVisibly(text);
}

function replaceUnsafe(text: string, kept: string): string {
  return text.replace(UNSAFE, (char) => (kept.includes(char) ? char : formatUnsafe(char)));
}

function formatUnsafe(char: string): string {
  const code = char.charCodeAt(0);
  if (code < 0x80) return SHORT[char] ?? `\\x${code.toString(16).padStart(2, '0')}`;
  return `\\u${code.toString(16).padStart(4, '0')}`;
}

function decodeVisibly(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (isUtf8(buffer)) return buffer.toString('utf8');
  const parts: string[] = [];
  let validFrom = 0;
  for (let at = 0; at < buffer.length; ) {
    const length = measureSequence(buffer, at);
    if (typeof length === 'number') {
      at += length;
      continue;
    }
    parts.push(buffer.toString('utf8', validFrom, at), `\\x${buffer.toString('hex', at, at + 1)}`);
    validFrom = ++at;
  }
  parts.push(buffer.toString('utf8', validFrom));
  return parts.join('');
}

/** Gives the length of the valid sequence at `at`, or whether it is cut by the end or invalid. */
function measureSequence(bytes: Uint8Array, at: number): number | 'cut' | 'invalid' {
  const lead = bytes[at] as number;
  if (lead < 0x80) return 1;
  const length =
    lead >= 0xc2 && lead <= 0xdf ? 2 : lead >= 0xe0 && lead <= 0xef ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
  if (length === 0) return 'invalid';
  for (let index = 1; index < length; index++) {
    const byte = bytes[at + index];
    if (byte === undefined) return 'cut';
    if (!isContinuation(byte) || (index === 1 && !isSecondByte(lead, byte))) return 'invalid';
  }
  return length;
}

// Overlong forms, surrogates and what lies beyond U+10FFFF show in the second byte.
function isSecondByte(lead: number, byte: number): boolean {
  if (lead === 0xe0) return byte >= 0xa0;
  if (lead === 0xed) return byte <= 0x9f;
  if (lead === 0xf0) return byte >= 0x90;
  if (lead === 0xf4) return byte <= 0x8f;
  return true;
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x80 && byte <= 0xbf;
}
