/** Messages of the SSH connection protocol (RFC 4254) that a client of sessions meets. */
export const MESSAGE = {
  globalRequest: 80,
  requestFailure: 82,
  open: 90,
  openConfirmation: 91,
  openFailure: 92,
  windowAdjust: 93,
  data: 94,
  extendedData: 95,
  eof: 96,
  close: 97,
  request: 98,
  success: 99,
  failure: 100,
} as const;

/** Builds a message: numbers become uint32, booleans a byte, text and bytes a string with its length. */
export function buildMessage(type: number, ...fields: readonly (number | boolean | string | Uint8Array)[]): Buffer {
  return Buffer.concat([Buffer.from([type]), ...fields.map(encodeField)]);
}

/** Encodes one field of a message. */
export function encodeField(field: number | boolean | string | Uint8Array): Buffer {
  if (typeof field === 'boolean') return Buffer.from([field ? 1 : 0]);
  if (typeof field === 'number') {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(field);
    return bytes;
  }
  const bytes = typeof field === 'string' ? Buffer.from(field) : field;
  return Buffer.concat([encodeField(bytes.length), bytes]);
}

/** Reads the fields of a message one after the other; a field that is not there whole throws a RangeError. */
export class FieldReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  byte(): number {
    return this.#bytes.readUInt8(this.#at++);
  }

  uint32(): number {
    const value = this.#bytes.readUInt32BE(this.#at);
    this.#at += 4;
    return value;
  }

  string(): Buffer {
    const length = this.uint32();
    if (this.#at + length > this.#bytes.length) throw new RangeError('a message ends within a field');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  text(): string {
    return this.string().toString('utf8');
  }
}

/** Splits a byte stream into what stands behind each uint32 of its length; returns a function that takes the chunks. */
export function createUnframer(longest: number): (chunk: Buffer) => Buffer[] {
  let pending: Buffer = Buffer.alloc(0);
  return (chunk) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    const frames: Buffer[] = [];
    while (pending.length >= 4) {
      const length = pending.readUInt32BE(0);
      if (length > longest) throw new RangeError(`a frame of ${length} bytes`);
      if (pending.length < 4 + length) break;
      frames.push(pending.subarray(4, 4 + length));
      pending = pending.subarray(4 + length);
    }
    return frames;
  };
}
