const SPACE = /[ \t\n\r]*/y;
const SCALAR = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null/y;
// From the blank on, but for the quote and the backslash.
const PLAIN = /[ !#-[\]-\uffff]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/** What may stand next: a value, a key, what separates them, or nothing more. */
type Expected = 'value' | 'item' | 'key' | 'member' | 'colon' | 'comma';

/**
 * Finds where a text stops being JSON, for texts that `JSON.parse` has refused: it does not always say. The offset is the length of the
 * text where it ends too early; undefined for JSON.
 */
export function findJsonError(text: string): number | undefined {
  const scanner = new Scanner(text);
  let expected: Expected | undefined = 'value';
  while (expected !== undefined) {
    scanner.skip(SPACE);
    expected = step(scanner, expected);
  }
  return scanner.isWhole ? undefined : scanner.offset;
}

/** Takes one token; undefined where nothing more fits. */
function step(scanner: Scanner, expected: Expected): Expected | undefined {
  switch (expected) {
    case 'colon':
      return scanner.take(':') ? 'value' : undefined;
    case 'comma':
      if (scanner.take(',')) return scanner.innermost === '}' ? 'key' : 'value';
      return scanner.close() ? 'comma' : undefined;
    case 'key':
    case 'member':
      if (expected === 'member' && scanner.close()) return 'comma';
      return scanner.takeString() ? 'colon' : undefined;
    default:
      if (expected === 'item' && scanner.close()) return 'comma';
      return takeValue(scanner);
  }
}

function takeValue(scanner: Scanner): Expected | undefined {
  if (scanner.open('{', '}')) return 'member';
  if (scanner.open('[', ']')) return 'item';
  return scanner.takeString() || scanner.skip(SCALAR) ? 'comma' : undefined;
}

class Scanner {
  offset = 0;
  readonly #text: string;
  readonly #closers: string[] = [];
  #hasValue = false;

  constructor(text: string) {
    this.#text = text;
  }

  get innermost(): string | undefined {
    return this.#closers.at(-1);
  }

  /** True at the end of the text, when one value was read and all that was opened is closed. */
  get isWhole(): boolean {
    return this.#hasValue && this.#closers.length === 0 && this.offset === this.#text.length;
  }

  take(character: string): boolean {
    if (this.#text[this.offset] !== character || this.#closers.length === 0) return false;
    this.offset++;
    return true;
  }

  skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.offset;
    if (!pattern.test(this.#text)) return false;
    if (pattern === SCALAR) this.#hasValue = true;
    this.offset = pattern.lastIndex;
    return true;
  }

  open(opener: string, closer: string): boolean {
    if (this.#text[this.offset] !== opener) return false;
    this.offset++;
    this.#hasValue = true;
    this.#closers.push(closer);
    return true;
  }

  close(): boolean {
    if (this.innermost === undefined || this.#text[this.offset] !== this.innermost) return false;
    this.offset++;
    this.#closers.pop();
    return true;
  }

  /** A string that is not one leaves the offset where it goes wrong. */
  takeString(): boolean {
    if (this.#text[this.offset] !== '"') return false;
    this.offset++;
    do this.skip(PLAIN);
    while (this.skip(ESCAPE));
    if (this.#text[this.offset] !== '"') return false;
    this.offset++;
    this.#hasValue = true;
    return true;
  }
}
