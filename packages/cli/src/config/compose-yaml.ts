import { escapeForMessage } from '@outlast/core';
import { Composer, type Document, Lexer, type LineCounter, Parser } from 'yaml';

/** Takes what is wrong at an offset of the text. */
export type Report = (offset: number, message: string) => void;

/** The deepest nesting that is read. */
export const DEEPEST = 50;

/** What is reported of deeper nesting. */
export const NESTED_TOO_DEEP = `the nesting is deeper than ${DEEPEST} levels`;

/** Composes the one document of a YAML 1.2 text; with anything reported, the document is not to be used. */
export function composeDocument(text: string, lines: LineCounter, report: Report): Document.Parsed | undefined {
  const composer = new Composer({
    version: '1.2',
    schema: 'core',
    stringKeys: true,
    merge: false,
    resolveKnownTags: false,
    uniqueKeys: false,
    prettyErrors: false,
  });
  const [document, second] = composer.compose(readTokens(text, lines, report), true, text.length);
  if (second !== undefined) {
    report(second.range[0], 'there is a second document in the file');
  }
  for (const { pos, code, message } of [...(document?.errors ?? []), ...(document?.warnings ?? [])]) {
    report(pos[0], code === 'TAG_RESOLVE_FAILED' ? 'tags are not supported' : escapeForMessage(message));
  }
  if (document?.directives?.yaml.version !== '1.2') {
    report(0, 'only YAML 1.2 is understood');
  }
  return document as Document.Parsed | undefined;
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
