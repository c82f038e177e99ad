import { POSIX_CLASSES } from '@outlast/core';

/** One line of a `.gitignore`. */
export interface GitignorePattern {
  /** It takes back what a line before it has left out. */
  readonly isNegated: boolean;
  /** It is about folders only. */
  readonly isForFolders: boolean;
  /** Whether it is about that very path, relative to the folder of its file; what is in a folder that it names is not asked for. */
  matches(path: string): boolean;
}

/**
 * Reads the text of a `.gitignore`, as gitignore(5) has it.
 *
 * The library that is kept for this also asks for the folders above a path, so that what a deeper file takes back would stay out.
 */
export function parseGitignore(text: string): GitignorePattern[] {
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .flatMap((line) => parseLine(line) ?? []);
}

function parseLine(line: string): GitignorePattern | undefined {
  const written = trimEnd(line);
  if (written === '' || written.startsWith('#')) return undefined;
  const isNegated = written.startsWith('!');
  const pattern = isNegated ? written.slice(1) : written;
  const isForFolders = pattern.endsWith('/');
  const body = isForFolders ? pattern.slice(0, -1) : pattern;
  if (body === '') return undefined;
  // Without a slash it is about a name at any depth.
  const isAnchored = body.includes('/');
  const source = translate(body.replace(/^\//, ''));
  if (source === undefined) return undefined;
  const expression = new RegExp(`^${isAnchored ? '' : '(?:.*/)?'}${source}$`, 's');
  return { isNegated, isForFolders, matches: (path) => expression.test(path) };
}

/** Blanks at the end do not count, but for one behind a backslash. */
function trimEnd(line: string): string {
  return line.replace(/(?<!\\)((?:\\\\)*)(\\ )? *$/, '$1$2');
}

/** Makes a regular expression of a pattern; undefined for one that matches nothing. */
function translate(pattern: string): string | undefined {
  let source = '';
  for (let at = 0; at < pattern.length; ) {
    const rest = pattern.slice(at);
    const piece = translatePiece(rest, at === 0 || pattern[at - 1] === '/');
    if (piece === undefined) return undefined;
    source += piece.source;
    at += piece.length;
  }
  return source;
}

interface Piece {
  readonly source: string;
  /** Of the pattern that it stands for. */
  readonly length: number;
}

function translatePiece(rest: string, isNameStart: boolean): Piece | undefined {
  const [first = '', second] = rest;
  if (isNameStart && rest.startsWith('**/')) return { source: '(?:.*/)?', length: 3 };
  if (isNameStart && rest === '**') return { source: '.*', length: 2 };
  if (first === '*') return { source: '[^/]*', length: /^\*+/.exec(rest)?.[0].length ?? 1 };
  if (first === '?') return { source: '[^/]', length: 1 };
  if (first === '[') return translateBrackets(rest);
  if (first !== '\\') return { source: escapeCharacter(first), length: 1 };
  return second === undefined ? undefined : { source: escapeCharacter(second), length: 2 };
}

/** Never a slash, whatever stands between the brackets. */
function translateBrackets(rest: string): Piece | undefined {
  const isNegated = /^\[[!^]/.test(rest);
  let at = isNegated ? 2 : 1;
  let inner = '';
  for (let isFirst = true; isFirst || rest[at] !== ']'; isFirst = false) {
    const [named, name = ''] = /^\[:([a-z]*):\]/.exec(rest.slice(at)) ?? [];
    if (named !== undefined) {
      if (!Object.hasOwn(POSIX_CLASSES, name)) return undefined;
      inner += POSIX_CLASSES[name];
      at += named.length;
      continue;
    }
    const item = readBracketItem(rest, at);
    if (item === undefined) return undefined;
    inner += item.source;
    at += item.length;
  }
  return { source: inner === '' ? '(?!)' : `(?!/)[${isNegated ? '^' : ''}${inner}]`, length: at + 1 };
}

function readBracketItem(rest: string, at: number): Piece | undefined {
  const from = readBracketCharacter(rest, at);
  if (from === undefined) return undefined;
  const dash = at + from.length;
  if (rest[dash] !== '-' || rest[dash + 1] === ']' || rest[dash + 1] === undefined)
    return { source: escapeCharacter(from.source), length: from.length };
  const to = readBracketCharacter(rest, dash + 1);
  if (to === undefined) return undefined;
  const length = from.length + 1 + to.length;
  // A range from large to small holds nothing.
  return {
    source: from.source > to.source ? '' : `${escapeCharacter(from.source)}-${escapeCharacter(to.source)}`,
    length,
  };
}

function readBracketCharacter(rest: string, at: number): Piece | undefined {
  const [character, next] = rest.slice(at, at + 2);
  if (character === undefined) return undefined;
  if (character !== '\\') return { source: character, length: 1 };
  return next === undefined ? undefined : { source: next, length: 2 };
}

function escapeCharacter(character: string): string {
  return /[\\^$.*+?()[\]{}|/-]/.test(character) ? `\\${character}` : character;
}
