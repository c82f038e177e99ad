import { concatBytes, decodeUtf8, encodeUtf8 } from './bytes.js';

/** One of our own lines, or the bytes between two of them. */
export type ScannedPart =
  | { readonly kind: 'record'; readonly text: string }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array };

/** Longest line of ours: a script prints no more than this in one piece. */
const MAX_RECORD_BYTES = 8192;
const AT = 0x40;
const NEWLINE = 0x0a;

/**
 * Tells our own lines (`@@nonce text`) from everything else in a stream, wherever they begin: whatever printed before us may have
 * left its line open. Bytes that might be the beginning of such a line are held back until the next chunk decides.
 */
export class RecordScanner {
  readonly #marker: Uint8Array;
  #held: Uint8Array = new Uint8Array(0);

  constructor(nonce: string) {
    this.#marker = encodeUtf8(`@@${nonce} `);
  }

  /** Takes the next chunk and gives what is certain by now. */
  push(chunk: Uint8Array): ScannedPart[] {
    let rest = this.#held.length > 0 ? concatBytes([this.#held, chunk]) : chunk;
    const parts: ScannedPart[] = [];
    for (;;) {
      const start = this.#findMarker(rest);
      if (start > 0) parts.push({ kind: 'bytes', bytes: rest.subarray(0, start) });
      rest = rest.subarray(start);
      const end = this.#startsWithMarker(rest) ? rest.indexOf(NEWLINE) : -1;
      if (end < 0) break;
      parts.push({ kind: 'record', text: decodeUtf8(rest.subarray(this.#marker.length, end)) });
      rest = rest.subarray(end + 1);
    }
    if (rest.length > MAX_RECORD_BYTES) {
      parts.push({ kind: 'bytes', bytes: rest });
      rest = new Uint8Array(0);
    }
    this.#held = rest.slice();
    return parts;
  }

  /** Gives what was held back when the stream is over. */
  end(): ScannedPart[] {
    const rest = this.#held;
    this.#held = new Uint8Array(0);
    return rest.length > 0 ? [{ kind: 'bytes', bytes: rest }] : [];
  }

  /** Where the marker begins, or might begin at the very end; the length when it does not. */
  #findMarker(bytes: Uint8Array): number {
    for (let at = bytes.indexOf(AT); at >= 0; at = bytes.indexOf(AT, at + 1)) {
      if (this.#matchesAt(bytes, at)) return at;
    }
    return bytes.length;
  }

  #matchesAt(bytes: Uint8Array, at: number): boolean {
    const length = Math.min(this.#marker.length, bytes.length - at);
    for (let index = 0; index < length; index++) {
      if (bytes[at + index] !== this.#marker[index]) return false;
    }
    return true;
  }

  #startsWithMarker(bytes: Uint8Array): boolean {
    return bytes.length >= this.#marker.length && this.#matchesAt(bytes, 0);
  }
}
