import { OutlastError, quoteForMessage } from '@outlast/core';
import { MOST_HOSTS } from '../host-ranges.js';
import { parseHostWord } from '../host-spec.js';

/** The hosts that one pattern of an inventory stands for. */
export interface HostPattern {
  readonly names: readonly string[];
  readonly port?: string;
}

// As Ansible takes them apart: brackets around the whole host, or a colon behind what has no other outside brackets.
const BRACKETED = /^\[(.+)\]:([0-9]+)$/s;
const WITH_PORT = /^((?:[^:[\]]|\[[^\]]*\])*):([0-9]+)$/s;
const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
// More digits than this would not survive arithmetic.
const MOST_DIGITS = 12;

/**
 * Expands a host pattern of an inventory: `web[01:50].example.com`, `db-[a:f]`, `[0:10:2]` for every second one,
 * `web1:2222`, `[2001:db8::1]:22`. Several ranges in one pattern vary from the right.
 *
 * @throws OutlastError `E_USAGE` for a malformed, reversed or endless range, and over 100,000 hosts.
 */
export function expandHostPattern(pattern: string): HostPattern {
  const [, host, port] = BRACKETED.exec(pattern) ?? WITH_PORT.exec(pattern) ?? [undefined, pattern, undefined];
  if (port === undefined && pattern.endsWith(':')) {
    throw refusePattern(pattern, 'behind the colon there is no port');
  }
  const names = expandRanges(host ?? pattern, pattern);
  return port === undefined ? { names } : { names, port };
}

/**
 * Checks the name of a host as `-H` does; user and port are variables of their own.
 *
 * @throws OutlastError `E_USAGE`.
 */
export function checkHostName(name: string): void {
  const { user, port } = parseHostWord(name);
  if (name === '__proto__') throw new OutlastError('E_USAGE', 'a host cannot have the name `__proto__`');
  if (user !== undefined || port !== undefined) {
    throw new OutlastError('E_USAGE', `${quoteForMessage(name)} is not a name for a host`, {
      hint: 'user and port go into ansible_user and ansible_port',
    });
  }
}

function expandRanges(host: string, pattern: string): string[] {
  const pieces = host.split(/(\[[^[\]]*\])/);
  if (pieces.some((piece, index) => index % 2 === 0 && /[[\]]/.test(piece))) {
    throw refusePattern(pattern, 'a bracket has no partner');
  }
  let names = [''];
  for (const [index, piece] of pieces.entries()) {
    const endings = index % 2 === 0 ? [piece] : listRange(piece.slice(1, -1), pattern);
    if (names.length * endings.length > MOST_HOSTS) {
      throw refusePattern(pattern, `it stands for more than ${MOST_HOSTS} hosts`);
    }
    names = names.flatMap((name) => endings.map((ending) => name + ending));
  }
  return names;
}

function listRange(range: string, pattern: string): string[] {
  const [first = '', last, stepText = '1', ...rest] = range.split(':');
  const step = Number(stepText);
  if (last === undefined || rest.length > 0) {
    throw refusePattern(pattern, `${quoteForMessage(range)} is not first:last or first:last:step`);
  }
  if (!/^[0-9]{1,6}$/.test(stepText) || step === 0) {
    throw refusePattern(pattern, `the step ${quoteForMessage(stepText)} is not a whole number from 1 on`);
  }
  const [begin, end, format] = readEnds(first, last, pattern);
  if (end < begin) throw refusePattern(pattern, `the range ${range} runs backwards`);
  const count = Math.floor((end - begin) / step) + 1;
  if (count > MOST_HOSTS) throw refusePattern(pattern, `it stands for more than ${MOST_HOSTS} hosts`);
  return Array.from({ length: count }, (_, index) => format(begin + index * step));
}

function readEnds(first: string, last: string, pattern: string): [number, number, (value: number) => string] {
  if (/^[A-Za-z]$/.test(first) && /^[A-Za-z]$/.test(last)) {
    return [LETTERS.indexOf(first), LETTERS.indexOf(last), (value) => LETTERS[value] ?? ''];
  }
  if (!/^[0-9]*$/.test(first) || !/^[0-9]+$/.test(last)) {
    throw refusePattern(pattern, `${quoteForMessage(`${first}:${last}`)} is neither two numbers nor two letters`);
  }
  if (Math.max(first.length, last.length) > MOST_DIGITS) {
    throw refusePattern(pattern, `a number in a range has at most ${MOST_DIGITS} digits`);
  }
  const width = first.length > 1 && first.startsWith('0') ? first.length : 0;
  if (width > 0 && width !== last.length) {
    throw refusePattern(pattern, `the ends of ${first}:${last} are padded differently`);
  }
  return [Number(first), Number(last), (value) => String(value).padStart(width, '0')];
}

function refusePattern(pattern: string, rule: string): OutlastError {
  return new OutlastError('E_USAGE', `${quoteForMessage(pattern)} is not a host or a range: ${rule}`, {
    hint: 'an inventory has web1, web[01:12], db-[a:f], [0:10:2] and web1:2222',
  });
}
