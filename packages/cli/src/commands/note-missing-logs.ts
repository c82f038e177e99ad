import { MOST_SINCE_BYTES, type ReadLog } from '../fleet/read-logs.js';
import type { Context } from './context.js';

/** Says what was asked for and is not shown. */
export function noteMissing({ output }: Context, host: string, read: readonly ReadLog[]): void {
  for (const { app, stream, inode, isCut } of read) {
    if (isCut) {
      const limit = `${MOST_SINCE_BYTES / 1024 / 1024} MB`;
      output.warn(
        `${host}: only the last ${limit} of the log of ${app} since then are shown; narrow it with --grep or -n`,
      );
    }
    if (inode === null && stream !== 'combined')
      output.warn(
        `${host}: ${app} has no log of its ${stream}; they are kept apart when it is started with --log-split`,
      );
  }
}
