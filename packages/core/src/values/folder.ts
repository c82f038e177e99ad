import { OutlastError } from '../errors.js';
import { quoteForMessage } from './escape-for-message.js';

/**
 * Checks a working folder on a host and returns it.
 *
 * @throws OutlastError `E_USAGE` when it is empty, or holds a newline or NUL.
 */
export function parseFolder(folder: string): string {
  if (folder === '' || /[\0\n]/.test(folder)) {
    throw new OutlastError(
      'E_USAGE',
      `${quoteForMessage(folder)} is not a folder: it is empty, or holds a newline or NUL`,
    );
  }
  return folder;
}
