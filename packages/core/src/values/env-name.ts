import { OutlastError } from '../errors.js';
import { quoteForMessage } from './escape-for-message.js';

/** What the name of an environment variable looks like; `__proto__` is refused beyond it. */
export const ENV_NAME_PATTERN = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Checks the name of an environment variable and returns it.
 *
 * @throws OutlastError `E_USAGE` when it is not letters, digits and `_`, begins with a digit, or is `__proto__`.
 */
export function parseEnvName(text: string): string {
  if (!ENV_NAME_PATTERN.test(text) || text === '__proto__') {
    throw new OutlastError('E_USAGE', `${quoteForMessage(text)} is not a name for an environment variable`, {
      hint: 'a name is letters, digits and _ , does not begin with a digit and is not "__proto__"',
    });
  }
  return text;
}

/**
 * Checks a value that is to reach a program as an argument or a variable, and returns it unchanged. The message never
 * shows the value.
 *
 * @param what names the value in the message, for example `the value of TOKEN`.
 * @throws OutlastError `E_USAGE` when it holds NUL or a lone surrogate, which no program could receive as written.
 */
export function parseProgramText(text: string, what: string): string {
  if (text.includes('\0')) {
    throw new OutlastError('E_USAGE', `${what} holds a NUL byte`, { hint: 'take the NUL byte out' });
  }
  if (/\p{Cs}/u.test(text)) {
    throw new OutlastError('E_USAGE', `${what} is not valid Unicode`, { hint: 'write it as UTF-8' });
  }
  return text;
}

/**
 * Splits `NAME=value` at the first `=`. The message never shows the value.
 *
 * @throws OutlastError `E_USAGE` when there is no `=`, or the name or the value is not allowed.
 */
export function parseEnvAssignment(text: string): { readonly name: string; readonly value: string } {
  const equals = text.indexOf('=');
  if (equals < 0) {
    throw new OutlastError('E_USAGE', 'an environment variable is given as NAME=value, and there is no "="', {
      hint: 'write NAME= for an empty value',
    });
  }
  const name = parseEnvName(text.slice(0, equals));
  return { name, value: parseProgramText(text.slice(equals + 1), `the value of ${name}`) };
}
