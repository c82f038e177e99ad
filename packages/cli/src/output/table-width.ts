import type { Output } from './streams.js';

/** The columns that a table on stdout may take; 0 cuts nothing, which is what `--wide` asks for. */
export function resolveTableWidth({ flags, stdout }: Output): number {
  return flags.wide === true ? 0 : stdout.width;
}
