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
  const [document, second] = composer.compose(readTokens(text, lines, report), true, text.length);
  if (second !== undefined) {
    report(second.range[0], 'there is a second document in the file');
  }
  for (const { pos, code, message } of [...(document?.errors ?? []), ...(document?.warnings ?? [])]) {
    report(pos[0], code === 'TAG_RESOLVE_FAILED' ? describeTags(dialect) : escapeForMessage(message));
  }
  if (dialect === 'outlast' && document?.directives?.yaml.version !== '1.2') {
    report(0, 'only YAML 1.2 is understood');
  }
  return document as Document.Parsed | undefined;
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
