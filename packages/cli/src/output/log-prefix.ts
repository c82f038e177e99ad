import type { LogStream } from '@outlast/core';
import type { Palette } from './colors.js';
import { countCutBytes, escapeCell, escapeLine } from './escape-terminal.js';
import { formatHost } from './format-host.js';

/** Where lines come from: one app on one host. */
export interface LogSource {
  readonly host: string;
  readonly app: string;
}

/** What a log is called where it is one of several: an app whose streams are kept apart has two. */
export function labelLog({ app, stream }: { readonly app: string; readonly stream: LogStream }): string {
  return stream === 'combined' ? app : `${app} ${stream}`;
}

/** How the lines of many sources are put into one stream. */
export interface LogPrefixOptions {
  /** All sources, in order; without any the prefix is only as wide as it needs to be. */
  readonly sources: readonly LogSource[];
  readonly palette: Palette;
  /** True for a terminal: text is escaped. False keeps the bytes of every line as they are. */
  readonly escaped: boolean;
  /** Bytes of a line without an end that are held back; 1 MiB by default. More is written in pieces, each a line of its own. */
  readonly lineLimit?: number;
}

/** Turns chunks of many logs into prefixed whole lines. */
export interface LogPrefixer {
  /** Takes the next bytes of a source and gives what is to be written now. */
  push(source: LogSource, chunk: Uint8Array): Uint8Array;
  /** Gives the line of a source that had no newline at its end, with one. */
  end(source: LogSource): Uint8Array;
}

interface Pending {
  readonly prefix: Buffer;
  parts: Uint8Array[];
  length: number;
}

const NEWLINE = 0x0a;
const LINE_END = Buffer.from('\n');
const NOTHING = Buffer.alloc(0);

/** Creates the prefixer of `logs`: each line becomes `host app | line`, aligned and coloured by host. */
export function createLogPrefixer(options: LogPrefixOptions): LogPrefixer {
  const { lineLimit = 1024 * 1024 } = options;
  const buildPrefix = createPrefixBuilder(options);
  const sources = new Map<string, Pending>();
  const find = (source: LogSource): Pending => {
    const key = keyOf(source);
    const known = sources.get(key) ?? { prefix: buildPrefix(source), parts: [], length: 0 };
    sources.set(key, known);
    return known;
  };
  return {
    push: (source, chunk) => pushChunk(find(source), chunk, { escaped: options.escaped, lineLimit }),
    end: (source) => flushLine(find(source), NOTHING, options.escaped),
  };
}

function pushChunk(
  pending: Pending,
  chunk: Uint8Array,
  { escaped, lineLimit }: { escaped: boolean; lineLimit: number },
): Uint8Array {
  const out: Uint8Array[] = [];
  let start = 0;
  for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, start)) {
    if (pending.length === 0) out.push(pending.prefix, ...renderLine(chunk.subarray(start, at + 1), escaped));
    else out.push(flushLine(pending, chunk.subarray(start, at), escaped));
    start = at + 1;
  }
  holdBack(pending, chunk.subarray(start));
  if (pending.length >= lineLimit) out.push(flushPiece(pending, escaped));
  return Buffer.concat(out);
}

function renderLine(line: Uint8Array, escaped: boolean): Uint8Array[] {
  return escaped ? [Buffer.from(escapeLine(line.subarray(0, -1))), LINE_END] : [line];
}

function holdBack(pending: Pending, rest: Uint8Array): void {
  if (rest.length === 0) return;
  // A copy, since the caller may reuse the memory of its chunk.
  pending.parts.push(Uint8Array.prototype.slice.call(rest));
  pending.length += rest.length;
}

function flushLine(pending: Pending, rest: Uint8Array, escaped: boolean): Uint8Array {
  if (pending.length + rest.length === 0) return NOTHING;
  const line = Buffer.concat([...pending.parts, rest, LINE_END]);
  pending.parts = [];
  pending.length = 0;
  return Buffer.concat([pending.prefix, ...renderLine(line, escaped)]);
}

// A piece ends between two characters, so that none is torn apart by the newline that is put after it.
function flushPiece(pending: Pending, escaped: boolean): Uint8Array {
  const bytes = Buffer.concat(pending.parts);
  const cut = bytes.length - countCutBytes(bytes);
  pending.parts = [bytes.subarray(0, cut)];
  const piece = flushLine(pending, NOTHING, escaped);
  holdBack(pending, bytes.subarray(cut));
  return piece;
}

function createPrefixBuilder({ sources, palette }: LogPrefixOptions): (source: LogSource) => Buffer {
  const hosts = [...new Set(sources.map(({ host }) => host))];
  const hostWidth = Math.max(0, ...hosts.map((host) => formatHost(host).length));
  const appWidth = Math.max(0, ...sources.map(({ app }) => escapeCell(app).length));
  return ({ host, app }) => {
    if (!hosts.includes(host)) hosts.push(host);
    const appPart = app === '' ? '' : ` ${escapeCell(app).padEnd(appWidth)}`;
    const text = `${formatHost(host).padEnd(hostWidth)}${appPart} |`;
    return Buffer.from(`${palette.host(hosts.indexOf(host))(text)} `);
  };
}

function keyOf({ host, app }: LogSource): string {
  return `${host}\0${app}`;
}
