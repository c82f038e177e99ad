import { OutlastError } from '@outlast/core';
import type { ProgramStreams } from './run-program.js';

/** Of all that one document holds: escaped it may be six times as long, and a string has an end. */
const MAX_CAPTURED = 64 * 1024 * 1024;

/** What may still be kept, in bytes. */
export interface CaptureRoom {
  left: number;
}

/** The room of one document. */
export const createCaptureRoom = (): CaptureRoom => ({ left: MAX_CAPTURED });

/** Where the output of a program is kept until it has ended. */
export interface Capture extends ProgramStreams {
  read(): { readonly stdout: Buffer; readonly stderr: Buffer };
  /** Forgets it, once it has been told. */
  clear(): void;
}

/** Keeps what a program prints; one for which the room is not enough is given up, and what it has printed makes room for others. */
export function createCapture(room: CaptureRoom): Capture {
  const chunks: { stdout: Uint8Array[]; stderr: Uint8Array[] } = { stdout: [], stderr: [] };
  let kept = 0;
  const clear = () => {
    for (const list of Object.values(chunks)) list.length = 0;
    room.left += kept;
    kept = 0;
  };
  const keep = (name: 'stdout' | 'stderr') => (chunk: Uint8Array) => {
    if (chunk.length > room.left) {
      clear();
      throw createOutputLimitError(MAX_CAPTURED);
    }
    chunks[name].push(chunk);
    kept += chunk.length;
    room.left -= chunk.length;
  };
  return {
    stdout: keep('stdout'),
    stderr: keep('stderr'),
    read: () => ({ stdout: Buffer.concat(chunks.stdout), stderr: Buffer.concat(chunks.stderr) }),
    clear,
  };
}

function createOutputLimitError(limit: number): OutlastError {
  return new OutlastError(
    'E_PROTOCOL',
    `what was printed came to more than the ${limit / 1_048_576} MiB that are kept`,
    {
      hint: 'without --json and --format the output is passed on as it comes, and with --ndjson each host has as much room',
    },
  );
}
