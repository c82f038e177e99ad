/** A word of a line, and where it begins. */
export interface Word {
  readonly text: string;
  /** The index of its first character, a quote included. */
  readonly start: number;
}

/** What a line comes to: its words, or what is wrong with it and where. */
export type Words = { readonly words: readonly Word[] } | { readonly problem: string; readonly start: number };

const SPACE = /[ \t\r\n]/;

/**
 * Splits a line as Python's `shlex.split` does with comments: quotes of both kinds may stand anywhere in a word, a
 * backslash keeps the next character (between double quotes only a quote or a backslash), and `#` outside quotes begins a
 * comment even within a word. Pure.
 */
export function splitPythonWords(line: string): Words {
  const words: Word[] = [];
  let text = '';
  let start = -1;
  for (let index = 0; index < line.length; index++) {
    const character = line[index] ?? '';
    if (SPACE.test(character)) {
      if (start >= 0) words.push({ text, start });
      [text, start] = ['', -1];
      continue;
    }
    if (character === '#') break;
    if (start < 0) start = index;
    if (character === '"' || character === "'") {
      const quoted = readQuoted(line, index);
      if (quoted === undefined) return { problem: `the quote ${character} is not closed`, start: index };
      text += quoted.text;
      index = quoted.end;
    } else if (character === '\\') {
      index++;
      if (index >= line.length) return { problem: 'nothing follows the backslash', start: index - 1 };
      text += line[index];
    } else {
      text += character;
    }
  }
  if (start >= 0) words.push({ text, start });
  return { words };
}

/** Reads from a quote to its partner, at `end`. */
function readQuoted(line: string, start: number): { readonly text: string; readonly end: number } | undefined {
  const quote = line[start];
  let text = '';
  for (let index = start + 1; index < line.length; index++) {
    const character = line[index] ?? '';
    if (character === quote) return { text, end: index };
    const next = line[index + 1];
    if (quote === '"' && character === '\\' && (next === '"' || next === '\\')) {
      text += next;
      index++;
    } else {
      text += character;
    }
  }
  return undefined;
}
