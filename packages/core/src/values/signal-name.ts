import { OutlastError } from '../errors.js';
import { quoteForMessage } from './escape-for-message.js';
import { formatSuggestion } from './suggest.js';

// By their number on Linux, from 1.
const LINUX_NAMES =
  'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS'.split(
    ' ',
  );
// Only these numbers mean the same signal on every system.
const PORTABLE_NUMBERS = new Set([1, 2, 3, 4, 5, 6, 8, 9, 11, 13, 14, 15]);
const FIRST_REAL_TIME = 34;
const LAST_REAL_TIME = 64;
const ALIASES = new Map([
  ['CLD', 'CHLD'],
  ['IOT', 'ABRT'],
  ['POLL', 'IO'],
]);
const NAMES = new Set([...LINUX_NAMES, 'RTMIN', 'RTMAX']);

/**
 * Parses a signal: a name with or without `SIG` in any case, `RTMIN+n`, `RTMAX-n`, or a number from 1 to 64.
 *
 * @returns the name in capitals without `SIG`; a number whose meaning differs between systems stays the number, so that
 *   it is the host's own signal of that number: `TERM`, `RTMIN+2`, `10`.
 * @throws OutlastError `E_USAGE` for anything else, with the nearest name where there is one.
 */
export function parseSignalName(text: string): string {
  const number = /^[1-9][0-9]?$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= LAST_REAL_TIME) {
    return PORTABLE_NUMBERS.has(number) ? getSignalName(number) : String(number);
  }
  const bare = /^[a-z0-9+-]{1,16}$/i.test(text) ? text.toUpperCase().replace(/^SIG/, '') : '';
  const name = ALIASES.get(bare) ?? bare;
  if (NAMES.has(name) || isRealTimeSignal(name)) {
    return name;
  }
  const suggestion = formatSuggestion(bare, NAMES);
  throw new OutlastError('E_USAGE', `${quoteForMessage(text)} is not a signal${suggestion}`, {
    hint: 'a signal is a name such as TERM, HUP or SIGUSR1, or a number from 1 to 64',
  });
}

/** Names the signal that has `number` on Linux, without `SIG`: `TERM`, `RTMIN+2`; the digits where it has no name. */
export function getSignalName(number: number): string {
  if (number >= FIRST_REAL_TIME && number <= LAST_REAL_TIME) {
    const offset = number - FIRST_REAL_TIME;
    return offset === 0 ? 'RTMIN' : number === LAST_REAL_TIME ? 'RTMAX' : `RTMIN+${offset}`;
  }
  return LINUX_NAMES[number - 1] ?? String(number);
}

function isRealTimeSignal(name: string): boolean {
  const offset = /^(?:RTMIN\+|RTMAX-)([1-9][0-9]?)$/.exec(name)?.[1];
  return offset !== undefined && Number(offset) <= 32;
}
