import { OutlastError, quoteForMessage } from '@outlast/core';

/** The most hosts that one selection may have. */
export const MOST_HOSTS = 100_000;

// More digits than this would not survive arithmetic; no fleet counts that far.
const MOST_DIGITS = 12;

interface NumberSpan {
  readonly first: number;
  readonly last: number;
  /** Digits to pad to with zeros; 0 for none. */
  readonly width: number;
}

/**
 * Expands a list of host words: commas outside brackets separate words, `web[01-03,7]` counts with its padding kept,
 * and several ranges in one word vary from the right. An IPv6 address in brackets is no range.
 *
 * @returns the words in the order written, duplicates kept.
 * @throws OutlastError `E_USAGE` for an empty word, a malformed, reversed or empty range, and over 100,000 hosts.
 */
export function expandHostWords(text: string): string[] {
  return expandHostsWithin(text, MOST_HOSTS);
}

/**
 * Expands like expandHostWords, where other lists have taken their share of the 100,000 hosts.
 *
 * @param room how many hosts there may still be.
 */
export function expandHostsWithin(text: string, room: number): string[] {
  const words: string[] = [];
  for (const word of splitHostWords(text)) {
    const parts = parseWordParts(word);
    const count = parts.reduce((product, part) => product * (typeof part === 'string' ? 1 : countNumbers(part)), 1);
    if (words.length + count > room) {
      throw refuseCount(word, 'hosts');
    }
    for (const expanded of expandParts(parts)) {
      words.push(expanded);
    }
  }
  return words;
}

/**
 * Expands several lists of host words, which together may have 100,000 hosts.
 *
 * @throws OutlastError `E_USAGE` as expandHostWords does.
 */
export function expandHostLists(lists: readonly string[]): string[] {
  const words: string[] = [];
  for (const list of lists) {
    for (const word of expandHostsWithin(list, MOST_HOSTS - words.length)) words.push(word);
  }
  return words;
}

/**
 * Splits at the commas that stand outside brackets.
 *
 * @throws OutlastError `E_USAGE` for an empty word, and for over 100,000 words.
 */
export function splitHostWords(text: string): string[] {
  const words: string[] = [];
  let start = 0;
  let inside = false;
  for (let index = 0; index <= text.length; index++) {
    const character = text[index];
    if (character === '[') inside = true;
    if (character === ']') inside = false;
    if (character === undefined || (character === ',' && !inside)) {
      words.push(text.slice(start, index));
      start = index + 1;
      if (words.length > MOST_HOSTS) throw refuseCount(text, 'words');
    }
  }
  if (words.includes('')) {
    throw refuseRange(text, 'a host word is empty');
  }
  return words;
}

type WordPart = string | readonly NumberSpan[];

// What stands in brackets has the odd places: a range, or an IPv6 address, which has colons.
function parseWordParts(word: string): WordPart[] {
  return word.split(/(\[[^[\]]*\])/).map((piece, index) => {
    if (index % 2 === 1) {
      return piece.includes(':') ? piece : parseSpans(piece.slice(1, -1), word);
    }
    if (/[[\]]/.test(piece)) {
      throw refuseRange(word, 'a bracket has no partner');
    }
    return piece;
  });
}

function parseSpans(text: string, word: string): NumberSpan[] {
  return text.split(',').map((span) => {
    const match = /^([0-9]+)(?:-([0-9]+))?$/.exec(span);
    const first = match?.[1];
    const last = match?.[2] ?? first;
    if (first === undefined || last === undefined) {
      throw refuseRange(word, `${quoteForMessage(span)} is not a number or a range such as 1-3`);
    }
    if (Math.max(first.length, last.length) > MOST_DIGITS) {
      throw refuseRange(word, `a number in a range has at most ${MOST_DIGITS} digits`);
    }
    return buildSpan(first, last, word);
  });
}

function buildSpan(first: string, last: string, word: string): NumberSpan {
  if (Number(last) < Number(first)) {
    throw refuseRange(word, `the range ${first}-${last} runs backwards`);
  }
  if (last.length !== first.length && (isPadded(first) || isPadded(last))) {
    throw refuseRange(word, `the ends of ${first}-${last} are padded differently`);
  }
  return { first: Number(first), last: Number(last), width: isPadded(first) ? first.length : 0 };
}

function isPadded(digits: string): boolean {
  return digits.length > 1 && digits.startsWith('0');
}

function countNumbers(spans: readonly NumberSpan[]): number {
  return spans.reduce((sum, span) => sum + span.last - span.first + 1, 0);
}

function expandParts(parts: readonly WordPart[]): string[] {
  let words = [''];
  for (const part of parts) {
    const endings = typeof part === 'string' ? [part] : part.flatMap(listNumbers);
    words = words.flatMap((word) => endings.map((ending) => word + ending));
  }
  return words;
}

function listNumbers({ first, last, width }: NumberSpan): string[] {
  return Array.from({ length: last - first + 1 }, (_, index) => String(first + index).padStart(width, '0'));
}

function refuseRange(text: string, rule: string): OutlastError {
  return new OutlastError('E_USAGE', `${quoteForMessage(text)} is not a list of hosts: ${rule}`, {
    hint: 'ranges are written web[1-3,7] or web[01-12], and commas outside brackets separate hosts',
  });
}

function refuseCount(text: string, what: string): OutlastError {
  return new OutlastError('E_USAGE', `with ${quoteForMessage(text)} there are more than ${MOST_HOSTS} ${what}`, {
    hint: `one run takes at most ${MOST_HOSTS} hosts: choose fewer at a time`,
  });
}
