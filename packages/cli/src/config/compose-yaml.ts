import { escapeForMessage } from '@outlast/core';
import {
  type CollectionTag,
  Composer,
  type Document,
  type DocumentOptions,
  Lexer,
  type LineCounter,
  Parser,
  type ScalarTag,
  type SchemaOptions,
} from 'yaml';

/** Takes what is wrong at an offset of the text. */
export type Report = (offset: number, message: string) => void;

/** The deepest nesting that is read. */
export const DEEPEST = 50;

const MOST_MISTAKES = 100;

/** What is reported of deeper nesting. */
export const NESTED_TOO_DEEP = `the nesting is deeper than ${DEEPEST} levels`;

/** Whose YAML it is: ours is YAML 1.2 with the core schema and no tags, Ansible's is YAML 1.1 with a few of its own. */
export type Dialect = 'outlast' | 'ansible';

const ANSIBLE_TAGS = ['!vault', '!vault-encrypted', '!unsafe'];

const DIALECTS: Readonly<Record<Dialect, DocumentOptions & SchemaOptions>> = {
  outlast: { version: '1.2', schema: 'core', resolveKnownTags: false },
  ansible: { version: '1.1', schema: 'yaml-1.1', customTags: (tags) => [...tags, ...buildAnsibleTags()] },
};

/** Composes the one document of a YAML text; with anything reported, the document is not to be used. */
export function composeDocument(
  text: string,
  lines: LineCounter,
  report: Report,
  dialect: Dialect = 'outlast',
): Document.Parsed | undefined {
  const composer = new Composer({
    ...DIALECTS[dialect],
    stringKeys: true,
    merge: false,
    uniqueKeys: false,
    prettyErrors: false,
  });
  const reportMistake = (offset: number, code: string, message: string): void =>
    report(offset, code === 'TAG_RESOLVE_FAILED' ? describeTags(dialect) : escapeForMessage(message));
  limitMistakes(composer, reportMistake);
  const [document, second] = composeFirst(composer, readTokens(text, lines, report), text.length);
  if (second !== undefined) {
    report(second.range[0], 'there is a second document in the file');
  }
  for (const { pos, code, message } of [...(document?.errors ?? []), ...(document?.warnings ?? [])]) {
    reportMistake(pos[0], code, message);
  }
  if (document === undefined) return undefined;
  if (dialect === 'outlast' && document.directives?.yaml.version !== '1.2') {
    report(0, 'only YAML 1.2 is understood');
  }
  return document;
}

class TooManyMistakes extends Error {}

type Tokens = Parameters<Composer['compose']>[0];

function composeFirst(composer: Composer, tokens: Tokens, length: number): (Document.Parsed | undefined)[] {
  try {
    const [document, second] = composer.compose(tokens, true, length);
    return [document, second] as (Document.Parsed | undefined)[];
  } catch (error) {
    if (error instanceof TooManyMistakes) return [];
    throw error;
  }
}

interface ComposerInside {
  onError?: (source: number | readonly number[] | { readonly offset: number }, code: string, message: string) => void;
}

// A megabyte of commas is a million mistakes, and the composer would go on through all of them, for a quarter of a minute
// and two gigabytes. What it calls for each is no public part of it: should that be elsewhere one day, only time is lost.
function limitMistakes(composer: Composer, reportMistake: (offset: number, code: string, message: string) => void) {
  const inside = composer as unknown as ComposerInside;
  const before = inside.onError;
  const first: [offset: number, code: string, message: string][] = [];
  if (before === undefined) return;
  inside.onError = (source, code, message, ...rest) => {
    const start = typeof source === 'object' && 'offset' in source ? source.offset : source;
    first.push([typeof start === 'number' ? start : (start[0] ?? 0), code, message]);
    if (first.length >= MOST_MISTAKES) {
      for (const mistake of first) reportMistake(...mistake);
      throw new TooManyMistakes();
    }
    before(source, code, message, ...rest);
  };
}

function describeTags(dialect: Dialect): string {
  return dialect === 'outlast' ? 'tags are not supported' : `of tags only ${ANSIBLE_TAGS.join(', ')} are supported`;
}

function buildAnsibleTags(): (ScalarTag | CollectionTag)[] {
  const scalars = ANSIBLE_TAGS.map((tag): ScalarTag => ({ tag, resolve: (text) => text }));
  const collections = (['map', 'seq'] as const).map(
    (collection): CollectionTag => ({ tag: '!unsafe', collection, resolve: (value) => value }),
  );
  return [...scalars, ...collections];
}

// The composer recurses without bound, so that what is far too deep must not reach it.
function* readTokens(text: string, lines: LineCounter, report: Report) {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    yield* parser.next(lexeme);
    if (parser.stack.length > DEEPEST + 2) {
      report(parser.offset, NESTED_TOO_DEEP);
      return;
    }
  }
  yield* parser.end();
}
