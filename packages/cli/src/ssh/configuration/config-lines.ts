/** One line of an ssh configuration file that is neither empty nor a comment. */
export interface ConfigLine {
  /** From 1. */
  readonly number: number;
  /** In lower case. */
  readonly keyword: string;
  /** All that follows, quotes and comments included. */
  readonly value: string;
}

/**
 * Splits a configuration file into its lines. Undefined when one of them is written in a way that versions of ssh
 * read differently, such as a keyword in quotes. Pure.
 */
export function parseConfigLines(text: string): ConfigLine[] | undefined {
  const lines: ConfigLine[] = [];
  for (const [index, content] of text.split('\n').entries()) {
    const trimmed = content.replace(/^[ \t]+|[ \t\r\f]+$/g, '');
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const match = /^([A-Za-z][A-Za-z0-9]*)(?:[ \t]*=[ \t]*|[ \t]+|$)([^\0\r]*)$/.exec(trimmed);
    if (match === null) return undefined;
    lines.push({ number: index + 1, keyword: (match[1] ?? '').toLowerCase(), value: match[2] ?? '' });
  }
  return lines;
}

/** What one line makes of the answer of `ssh -G`. */
export interface LineEffect {
  /** It says where the host is, so that its name does not. */
  readonly setsHostname: boolean;
  /** What comes out of it may depend on the name of the host in a way that nobody else can follow. */
  readonly usesName: boolean;
}

// `ssh -G` expands some of these, but what is in them does not count for us.
const UNUSED = new Set(['controlpath', 'localcommand', 'remotecommand', 'knownhostscommand']);
// These `ssh -G` prints as they are written. Not for `%C`, `%j` and `%k`: a hash of the name could not be told.
const PRINTED_AS_WRITTEN = new Set(['identityfile', 'certificatefile', 'proxycommand']);
const PLAIN_TOKENS = /^(?:[^%]|%[%dhiLlnpru])*$/;

/** Decides what a line that is neither Host nor Match nor Include makes of the answer. Pure. */
export function findLineEffect({ keyword, value }: ConfigLine): LineEffect {
  const setsHostname = keyword === 'hostname';
  if (keyword.startsWith('canonical')) return { setsHostname, usesName: !/^(?:no|false)$/i.test(value) };
  const harmless =
    !value.includes('%') || UNUSED.has(keyword) || (PRINTED_AS_WRITTEN.has(keyword) && PLAIN_TOKENS.test(value));
  return { setsHostname, usesName: !harmless };
}
