import { expect, test } from 'vitest';
import { concatBytes, decodeUtf8, encodeUtf8 } from './bytes.js';
import { RecordScanner, type ScannedPart } from './record-scanner.js';

const NONCE = 'n0nce';
const STREAM = encodeUtf8(
  'banner\n@@n0nce BEGIN\nnoise without newline@@n0nce DATA é 🚀\n@@n0nc@@@n0nce A\n@@other X\n@@n0nce \n@ @@ @@n0nce END 0\ntail@@n0n',
);
const EXPECTED = [
  'banner\n',
  ['BEGIN'],
  'noise without newline',
  ['DATA é 🚀'],
  '@@n0nc@',
  ['A'],
  '@@other X\n',
  [''],
  '@ @@ ',
  ['END 0'],
  'tail@@n0n',
];

/** Records as lists of one, and the bytes between them as one text. */
function scan(chunks: readonly Uint8Array[]): (string | string[])[] {
  const scanner = new RecordScanner(NONCE);
  const parts = [...chunks.flatMap((chunk) => scanner.push(chunk)), ...scanner.end()];
  const merged: ({ record: string } | { bytes: Uint8Array })[] = [];
  for (const part of parts) {
    const last = merged.at(-1);
    if (part.kind === 'record') merged.push({ record: part.text });
    else if (last !== undefined && 'bytes' in last) last.bytes = concatBytes([last.bytes, part.bytes]);
    else merged.push({ bytes: part.bytes });
  }
  return merged.map((part) => ('record' in part ? [part.record] : decodeUtf8(part.bytes)));
}

test('records are found wherever they begin, and all else is left as it is', () => {
  expect(scan([STREAM])).toEqual(EXPECTED);
});

test('it does not matter where the stream is split', () => {
  for (let at = 0; at <= STREAM.length; at++) {
    expect(scan([STREAM.subarray(0, at), STREAM.subarray(at)])).toEqual(EXPECTED);
  }
  expect(scan(Array.from(STREAM, (_, at) => STREAM.subarray(at, at + 1)))).toEqual(EXPECTED);
});

test('bytes that cannot begin a record are given at once', () => {
  const scanner = new RecordScanner(NONCE);
  expect(decode(scanner.push(encodeUtf8('no newline yet')))).toBe('no newline yet');
  expect(decode(scanner.push(encodeUtf8(' @')))).toBe(' ');
  expect(decode(scanner.push(encodeUtf8('home')))).toBe('@home');
  expect(scanner.end()).toEqual([]);
});

test('a chunk may be overwritten by its owner after it was taken', () => {
  const scanner = new RecordScanner(NONCE);
  const chunk = encodeUtf8('@@n0nce EN');
  scanner.push(chunk);
  chunk.fill(0);
  expect(scanner.push(encodeUtf8('D 0\n'))).toEqual([{ kind: 'record', text: 'END 0' }]);
});

test.each(['', '@@n0nce '])('a line of a mebibyte that begins with %j is passed on, not gathered', (beginning) => {
  const scanner = new RecordScanner(NONCE);
  const line = encodeUtf8(beginning + 'x'.repeat(1 << 20));
  let given = 0;
  let mostHeld = 0;
  for (let at = 0; at < line.length; at += 4096) {
    const chunk = line.subarray(at, at + 4096);
    given += decodeLength(scanner.push(chunk));
    mostHeld = Math.max(mostHeld, at + chunk.length - given);
  }
  expect(mostHeld).toBeLessThanOrEqual(8192);
  expect(given + decodeLength(scanner.end())).toBe(line.length);
});

function decode(parts: readonly ScannedPart[]): string {
  return parts.map((part) => (part.kind === 'bytes' ? decodeUtf8(part.bytes) : `[${part.text}]`)).join('');
}

function decodeLength(parts: readonly ScannedPart[]): number {
  return parts.reduce((length, part) => length + (part.kind === 'bytes' ? part.bytes.length : 0), 0);
}
