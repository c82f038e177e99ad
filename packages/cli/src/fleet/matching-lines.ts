import type { LogPiece } from './read-logs.js';

/** Picks the lines that match out of the chunks of one log. */
export interface LineMatcher {
  push(chunk: Uint8Array, offset: number): LogPiece[];
}

const NEWLINE = 0x0a;

/** Creates a matcher of lines; one of more than `limit` bytes is looked at in pieces, so that nothing grows without bound. */
export function createLineMatcher(byteRegExp: RegExp, limit = 1024 * 1024): LineMatcher {
  let held: Buffer = Buffer.alloc(0);
  let heldAt = 0;
  const match = (line: Buffer, offset: number): LogPiece[] => {
    const text = line.toString('latin1');
    const isEnded = text.endsWith('\n');
    if (!byteRegExp.test(isEnded ? text.slice(0, -1) : text)) return [];
    return [{ offset, bytes: isEnded ? line : Buffer.concat([line, Buffer.from('\n')]) }];
  };
  return {
    push(chunk, offset) {
      const found: LogPiece[] = [];
      // A gap means that another file goes on here, as after a rotation.
      if (held.length > 0 && offset !== heldAt + held.length) {
        found.push(...match(held, heldAt));
        held = Buffer.alloc(0);
      }
      const start = held.length > 0 ? heldAt : offset;
      const bytes = Buffer.concat([held, chunk]);
      let from = 0;
      for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, from)) {
        found.push(...match(bytes.subarray(from, at + 1), start + from));
        from = at + 1;
      }
      held = bytes.subarray(from);
      heldAt = start + from;
      if (held.length > limit) {
        found.push(...match(held, heldAt));
        held = Buffer.alloc(0);
      }
      return found;
    },
  };
}
