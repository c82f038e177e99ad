import { OutlastError } from '../errors.js';
import { quoteForMessage } from '../values/escape-for-message.js';

/** One POSIX extended regular expression in two languages: for `grep -E` in the C locale, and for a line as one character a byte. */
export interface PosixRegExp {
  /** For `LC_ALL=C grep -E`. */
  readonly source: string;
  /** For a line whose bytes have become the characters U+0000 to U+00FF. */
  readonly byteRegExp: RegExp;
}

/** The bytes of each class in the C locale, as what stands inside the brackets of a regular expression of JavaScript. */
export const POSIX_CLASSES: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  blank: '\\t ',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\t-\\r ',
  upper: 'A-Z',
  xdigit: '0-9A-Fa-f',
};
const REPLACEMENTS: Readonly<Record<string, string>> = {
  d: '[[:digit:]]',
  D: '[^[:digit:]]',
  s: '[[:space:]]',
  S: '[^[:space:]]',
  w: '[[:alnum:]_]',
  W: '[^[:alnum:]_]',
};
/** What grep takes as the largest count. */
const MAX_COUNT = 255;
const LONGEST = 4096;

/**
 * Reads a POSIX extended regular expression, as `grep -E` understands it.
 *
 * @param text one character a byte, so that both languages see the same.
 * @throws OutlastError `E_USAGE` for what POSIX leaves undefined, and for what only other languages have; the message says what to write.
 */
export function parsePosixRegExp(text: string, toBytes: (text: string) => string): PosixRegExp {
  if (/[\0\n]/.test(text)) throw refuse(text, 'it holds a newline or NUL, and lines hold none');
  const bytes = toBytes(text);
  if (bytes.length > LONGEST) throw refuse(text, `it is longer than ${LONGEST} bytes`);
  const reader = new Reader(text, bytes);
  return { source: text, byteRegExp: new RegExp(reader.readAll()) };
}

function refuse(text: string, reason: string, hint?: string): OutlastError {
  return new OutlastError('E_USAGE', `${quoteForMessage(text)} is no POSIX extended regular expression: ${reason}`, {
    hint: hint ?? 'it is matched by grep -E: see man 7 regex',
  });
}

class Reader {
  #at = 0;
  #depth = 0;

  readonly shown: string;
  readonly text: string;

  constructor(shown: string, text: string) {
    this.shown = shown;
    this.text = text;
  }

  readAll(): string {
    const all = this.#readAlternatives();
    if (this.#at < this.text.length) throw this.#refuse('a ) closes nothing', 'write a parenthesis as [)]');
    return all;
  }

  #readAlternatives(): string {
    const branches = [this.#readBranch()];
    while (this.text[this.#at] === '|') {
      this.#at++;
      branches.push(this.#readBranch());
    }
    return branches.join('|');
  }

  #readBranch(): string {
    let branch = '';
    for (;;) {
      const next = this.text[this.#at];
      if (next === undefined || next === '|' || next === ')') break;
      branch += this.#readPiece(next);
    }
    if (branch === '') throw this.#refuse('a part of it is empty', 'write a | or a parenthesis as [|] or [(]');
    return branch;
  }

  #readPiece(first: string): string {
    if (/[*+?{]/.test(first))
      throw this.#refuse(`there is nothing that ${first} could repeat`, `write it as [${first}]`);
    this.#at++;
    if (first === '^' || first === '$') {
      if (this.#isRepeated()) throw this.#refuse(`${first} cannot be repeated`, `write the character as \\${first}`);
      return first;
    }
    return this.#readAtom(first) + this.#readRepetition();
  }

  #readAtom(first: string): string {
    if (first === '(') return this.#readGroup();
    if (first === '[') return this.#readBrackets();
    if (first === '\\') return this.#readEscape();
    return first === '.' ? '[^]' : escapeOutside(first);
  }

  #readGroup(): string {
    if (this.text[this.#at] === '?')
      throw this.#refuse(
        '(? begins something that POSIX lacks',
        'groups are ( … ), without look-around, names or flags',
      );
    if (++this.#depth > 100) throw this.#refuse('it is nested too deeply');
    const inner = this.#readAlternatives();
    if (this.text[this.#at] !== ')') throw this.#refuse('a ( is not closed', 'write a parenthesis as [(]');
    this.#at++;
    this.#depth--;
    return `(?:${inner})`;
  }

  #readEscape(): string {
    const next = this.text[this.#at++];
    if (next === undefined) throw this.#refuse('it ends with a backslash', 'write a backslash as \\\\');
    if (/[\\^.[\]$()|*+?{}]/.test(next)) return escapeOutside(next);
    const replacement = REPLACEMENTS[next];
    const hint = replacement ?? (/[0-9A-Za-z<>`']/.test(next) ? undefined : next);
    throw this.#refuse(`POSIX knows no \\${next}`, hint === undefined ? undefined : `write ${hint}`);
  }

  #isRepeated(): boolean {
    return /^[*+?{]/.test(this.text.slice(this.#at));
  }

  #readRepetition(): string {
    if (!this.#isRepeated()) return '';
    const [whole, least, comma, most] = /^(?:[*+?]|\{(\d{1,3})(,?)(\d{0,3})\})/.exec(this.text.slice(this.#at)) ?? [];
    if (whole === undefined)
      throw this.#refuse('a { does not begin a count such as {2}, {2,} or {2,5}', 'write a brace as [{]');
    const isOutOfOrder = least !== undefined && most !== '' && Number(most) < Number(least);
    if (
      isOutOfOrder ||
      Number(least ?? 0) > MAX_COUNT ||
      Number(most || 0) > MAX_COUNT ||
      (most !== '' && comma === '')
    )
      throw this.#refuse(`${whole} is no count from small to large, up to ${MAX_COUNT}`);
    this.#at += whole.length;
    if (this.#isRepeated())
      throw this.#refuse(
        `${whole}${this.text[this.#at]} repeats a repetition`,
        'POSIX knows no lazy or possessive repetition; put parentheses around what is repeated twice',
      );
    return whole;
  }

  #readBrackets(): string {
    let inner = this.text[this.#at] === '^' ? '^' : '';
    this.#at += inner.length;
    let isFirst = true;
    for (;;) {
      const next = this.text[this.#at];
      if (next === undefined) throw this.#refuse('a [ is not closed', 'write a bracket as \\[');
      if (next === ']' && !isFirst) break;
      isFirst = false;
      inner += this.#readBracketItem();
    }
    this.#at++;
    return `[${inner}]`;
  }

  #readBracketItem(): string {
    const rest = this.text.slice(this.#at);
    const [named, name = ''] = /^\[:([a-z]*):\]/.exec(rest) ?? [];
    if (named !== undefined) {
      const members = Object.hasOwn(POSIX_CLASSES, name) ? POSIX_CLASSES[name] : undefined;
      if (members === undefined)
        throw this.#refuse(`there is no class ${named}`, `the classes are ${Object.keys(POSIX_CLASSES).join(', ')}`);
      this.#at += named.length;
      if (/^-[^\]]/.test(this.text.slice(this.#at))) throw this.#refuse(`${named} cannot begin a range`);
      return members;
    }
    if (/^\[[.=:]/.test(rest)) throw this.#refuse(`${rest.slice(0, 2)} inside of brackets means nothing here`);
    const [range, from = '', to] = /^([\s\S])(?:-(?!\])([\s\S]))?/.exec(rest) ?? [''];
    if (to !== undefined && (from > to || from === '-' || /^[\s\S]-\[[.=:]/.test(rest)))
      throw this.#refuse(`${range} is no range from small to large`, 'put a - first or last between the brackets');
    this.#at += range.length;
    if (to !== undefined && /^-[^\]]/.test(this.text.slice(this.#at)))
      throw this.#refuse(`${range}- is a range without an end`, 'put a - first or last between the brackets');
    return to === undefined ? escapeInside(from) : `${escapeInside(from)}-${escapeInside(to)}`;
  }

  #refuse(reason: string, hint?: string): OutlastError {
    return refuse(this.shown, reason, hint);
  }
}

function escapeOutside(character: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character;
}

function escapeInside(character: string): string {
  return /[\\\]^[-]/.test(character) ? `\\${character}` : character;
}
