import { OutlastError, parsePosixRegExp, quoteForMessage } from '@outlast/core';
import { expandHostsWithin } from '../inventory/host-ranges.js';
import { parseHostWord } from '../inventory/host-spec.js';

/** What the name of a group or a tag looks like. */
export const NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** The codes of an HTTP answer that count as healthy, both ends included. */
export interface StatusRange {
  readonly first: number;
  readonly last: number;
}

/**
 * Checks the name of a group or a tag and returns it.
 *
 * @throws OutlastError `E_USAGE`.
 */
export function parseConfiguredName(text: string): string {
  if (!NAME_PATTERN.test(text)) {
    throw refuseValue(`${quoteForMessage(text)} is not a name`, 'a name is 1 to 63 letters, digits and . _ -');
  }
  return text;
}

/**
 * Parses the key of a host, which may be a range.
 *
 * @returns the names it stands for.
 * @throws OutlastError `E_USAGE` when a name is malformed or carries a user or a port, or there are more than `room`.
 */
export function parseHostKey(text: string, room: number): string[] {
  const names = expandHostsWithin(text, room);
  for (const name of names) {
    const { user, port } = parseHostWord(name);
    if (user !== undefined || port !== undefined) {
      throw refuseValue(`${quoteForMessage(text)} is not a name for a host`, 'user and port go into its value');
    }
  }
  return names;
}

/**
 * Checks a path and returns it.
 *
 * @throws OutlastError `E_USAGE` when it is empty or holds NUL or a line break.
 */
export function parsePath(text: string): string {
  if (/^$|[\0\r\n\p{Cs}]/u.test(text)) {
    throw refuseValue(
      `${quoteForMessage(text)} is not a path`,
      'a path is not empty and holds no NUL and no line break',
    );
  }
  return text;
}

/**
 * Checks a path below a folder and returns it.
 *
 * @throws OutlastError `E_USAGE` when it is empty, absolute, leaves the folder, or holds NUL or a line break.
 */
export function parseRelativePath(text: string): string {
  if (parsePath(text).startsWith('/') || text.split('/').includes('..')) {
    throw refuseValue(`${quoteForMessage(text)} is not a path inside the app`, 'write it relative and without ".."');
  }
  if (text.split('/').every((part) => part === '' || part === '.'))
    throw refuseValue(`${quoteForMessage(text)} is the whole app`, 'name something in it');
  return text;
}

/**
 * Checks a POSIX extended regular expression, which the host's grep is to read, and returns it.
 *
 * @throws OutlastError `E_USAGE`.
 */
export function checkRegExp(text: string): string {
  return parsePosixRegExp(text, (chars) => Buffer.from(chars).toString('latin1')).source;
}

/**
 * Parses HTTP codes: `200`, `200-399`.
 *
 * @throws OutlastError `E_USAGE`.
 */
export function parseStatusRange(text: string): StatusRange {
  const match = /^([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?$/.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (match === null || last < first) {
    throw refuseValue(`${quoteForMessage(text)} is not a range of HTTP codes`, 'write 200 or 200-399');
  }
  return { first, last };
}

function refuseValue(message: string, hint: string): OutlastError {
  return new OutlastError('E_USAGE', message, { hint });
}
