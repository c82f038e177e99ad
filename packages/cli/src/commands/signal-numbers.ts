import { constants } from 'node:os';

/** The numbers of this machine's signals by their names without `SIG`, for exit codes of 128 and a number. */
export const SIGNAL_NUMBERS: ReadonlyMap<string, number> = new Map(
  Object.entries(constants.signals).map(([name, number]) => [name.replace(/^SIG/, ''), number]),
);
