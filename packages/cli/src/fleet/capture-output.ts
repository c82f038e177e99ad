import { createOutputLimitError, type ProgramStreams } from './run-program.js';

/** Of each stream, in one document. */
const MAX_CAPTURED = 64 * 1024 * 1024;

/** Where the output of a program is kept until it has ended. */
export interface Capture extends ProgramStreams {
  read(): { readonly stdout: Buffer; readonly stderr: Buffer };
  /** Forgets it, once it has been told. */
  clear(): void;
}

/** Keeps what a program prints; one that prints more than 64 MiB to a stream is given up. */
export function createCapture(): Capture {
  const chunks: { stdout: Uint8Array[]; stderr: Uint8Array[] } = { stdout: [], stderr: [] };
  const sizes = { stdout: 0, stderr: 0 };
  const keep = (name: 'stdout' | 'stderr') => (chunk: Uint8Array) => {
    sizes[name] += chunk.length;
    if (sizes[name] > MAX_CAPTURED) throw createOutputLimitError(MAX_CAPTURED);
    chunks[name].push(chunk);
  };
  return {
    stdout: keep('stdout'),
    stderr: keep('stderr'),
    read: () => ({ stdout: Buffer.concat(chunks.stdout), stderr: Buffer.concat(chunks.stderr) }),
    clear() {
      for (const kept of Object.values(chunks)) kept.length = 0;
    },
  };
}
