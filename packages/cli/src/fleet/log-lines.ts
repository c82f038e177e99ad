const NEWLINE = 0x0a;

/** One line of a log without its newline. */
export interface LogLine {
  /** What is not UTF-8 has become U+FFFD. */
  readonly line: string;
  /** Where it begins, in bytes from the start of the file. */
  readonly offset: number;
}

/** Splits a piece of a log that begins at `offset`; a last line without a newline counts as one. */
export function splitLogLines(data: Uint8Array, offset: number): LogLine[] {
  const splitter = createLineSplitter();
  return [...splitter.push(data, offset), ...splitter.end()];
}

/** Puts the chunks of one log together to lines. */
export interface LineSplitter {
  push(chunk: Uint8Array, offset: number): LogLine[];
  /** The line that had no newline at its end. */
  end(): LogLine[];
}

/** Creates a splitter; a line of more than `limit` bytes is given in pieces, so that nothing grows without bound. */
export function createLineSplitter(limit = 1024 * 1024): LineSplitter {
  let held: Buffer = Buffer.alloc(0);
  let heldAt = 0;
  const end = (): LogLine[] => {
    const line = held.toString('utf8');
    held = Buffer.alloc(0);
    return line === '' ? [] : [{ line, offset: heldAt }];
  };
  return {
    end,
    push(chunk, offset) {
      const lines: LogLine[] = [];
      // A gap means that another file goes on here, as after a rotation.
      if (held.length > 0 && offset !== heldAt + held.length) lines.push(...end());
      const start = held.length > 0 ? heldAt : offset;
      const bytes =
        held.length > 0 ? Buffer.concat([held, chunk]) : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      let from = 0;
      for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, from)) {
        lines.push({ line: bytes.toString('utf8', from, at), offset: start + from });
        from = at + 1;
      }
      held = Buffer.from(bytes.subarray(from));
      heldAt = start + from;
      if (held.length > limit) lines.push(...end());
      return lines;
    },
  };
}
