import { OutlastError } from '../errors.js';
import { quoteForMessage } from './escape-for-message.js';

/** What the name of an app looks like; `..` is refused beyond it. */
export const APP_NAME_PATTERN = /^[a-z0-9][a-z0-9._-]{0,62}$/;

/**
 * Checks the name of an app and returns it.
 *
 * @throws OutlastError `E_USAGE` when it is not 1 to 63 of `a-z 0-9 . _ -`, begins with a sign, or holds `..`.
 */
export function parseAppName(text: string): string {
  if (!APP_NAME_PATTERN.test(text) || text.includes('..')) {
    throw new OutlastError('E_USAGE', `${quoteForMessage(text)} is not a name for an app`, {
      hint: 'an app name is 1 to 63 of a-z 0-9 . _ - , begins with a letter or digit and holds no ".."',
    });
  }
  return text;
}
