import { resolve } from 'node:path';
import { addAbortSignal, type Readable } from 'node:stream';
import { OutlastError } from '@outlast/core';
import { readTextFile, readTextStream } from '../config/read-text-file.js';
import type { Context } from './context.js';

// So much has room for a hundred thousand long names.
const HOSTS_FILE_LIMIT = { mebibytes: 16 };

/**
 * Reads the file of `--hosts-file`, or stdin for `-`, and says what messages call it.
 *
 * @throws OutlastError `E_CONFIG` for what cannot be read, `E_USAGE` where stdin is a terminal.
 */
export async function readHostsFile(
  { stdin, cwd, interrupt }: Context,
  file: string,
): Promise<{ name: string; text: string }> {
  if (file !== '-') return { name: file, text: await readTextFile(resolve(cwd, file), file, HOSTS_FILE_LIMIT) };
  if (stdin.isTTY) {
    throw new OutlastError('E_USAGE', '--hosts-file - reads hosts from stdin, which is a terminal', {
      hint: 'send them in: COMMAND | outlast … --hosts-file -, or name them with -H',
    });
  }
  return {
    name: 'stdin',
    text: await readTextStream(addAbortSignal(interrupt, stdin as Readable), 'stdin', HOSTS_FILE_LIMIT),
  };
}
