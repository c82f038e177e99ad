import type { LogStream } from '@outlast/core';
import type { Palette } from './colors.js';
import { countCutBytes, escapeCell, escapeText } from './escape-terminal.js';
import { formatHost } from './format-host.js';
import { GrowingBytes } from './growing-bytes.js';

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
  /** What is held back of all sources together; 32 MiB by default. Who would add to it then writes its line in pieces. */
  readonly totalLimit?: number;
}

/** Turns chunks of many logs into prefixed whole lines. */
export interface LogPrefixer {
  /** Takes the next bytes of a source and gives what is to be written now. */
  push(source: LogSource, chunk: Uint8Array): Uint8Array;
  /** Gives the line of a source that had no newline at its end, with one. */
  end(source: LogSource): Uint8Array;
}

interface Pending {
  /** One character a byte, as all that is put together here. */
  readonly prefix: string;
  readonly held: GrowingBytes;
}

/**
 * What is rendered at once: the prefixes may make many times as much of it, and a string has an end. Strings and buffers of more than
 * 128 KiB would be fresh pages of memory each time.
 */
const BLOCK = 64 * 1024;

const NEWLINE = 0x0a;
const LINE_END = Buffer.from('\n');
const NOTHING = Buffer.alloc(0);

/** Creates the prefixer of `logs`: each line becomes `host app | line`, aligned and coloured by host. */
export function createLogPrefixer(options: LogPrefixOptions): LogPrefixer {
  const { escaped, lineLimit = 1024 * 1024, totalLimit = 32 * 1024 * 1024 } = options;
  const buildPrefix = createPrefixBuilder(options);
  const sources = new Map<string, Pending>();
  let total = 0;
  const find = (source: LogSource): Pending => {
    const key = keyOf(source);
    const known = sources.get(key) ?? { prefix: buildPrefix(source), held: new GrowingBytes() };
    sources.set(key, known);
    return known;
  };
  const holdBack = ({ held }: Pending, rest: Uint8Array): void => {
    if (rest.length > 0) held.append(rest);
    total += rest.length;
  };
  const release = ({ held }: Pending): Buffer => {
    total -= held.length;
    return held.take();
  };
  // A piece ends between two characters, so that none is torn apart by the newline that is put after it.
  const flushPiece = (pending: Pending): Buffer => {
    const bytes = release(pending);
    const cut = bytes.length - countCutBytes(bytes);
    holdBack(pending, bytes.subarray(cut));
    return cut === 0 ? NOTHING : renderLines(pending.prefix, [bytes.subarray(0, cut), LINE_END], escaped);
  };
  const pushBlock = (pending: Pending, block: Uint8Array): Buffer => {
    const end = block.lastIndexOf(NEWLINE) + 1;
    const lines =
      end === 0 ? NOTHING : renderLines(pending.prefix, [release(pending), block.subarray(0, end)], escaped);
    holdBack(pending, block.subarray(end));
    if (pending.held.length < lineLimit && total <= totalLimit) return lines;
    return Buffer.concat([lines, flushPiece(pending)]);
  };
  return {
    push(source, chunk) {
      const pending = find(source);
      if (chunk.length <= BLOCK) return pushBlock(pending, chunk);
      const rendered: Buffer[] = [];
      for (let start = 0; start < chunk.length; start += BLOCK) {
        rendered.push(pushBlock(pending, chunk.subarray(start, start + BLOCK)));
      }
      return Buffer.concat(rendered);
    },
    end(source) {
      const pending = find(source);
      return pending.held.length === 0 ? NOTHING : renderLines(pending.prefix, [release(pending), LINE_END], escaped);
    },
  };
}

/**
 * Puts the prefix before each line of what ends with a newline. All lines of a chunk are rendered at once, as a string with a character
 * for each byte: to look at them one by one in a buffer takes longer the shorter they are.
 */
function renderLines(prefix: string, [held, rest]: readonly [Buffer, Uint8Array], escaped: boolean): Buffer {
  // Only escaping has to see both together, as a character may be cut between them.
  const before = escaped ? '' : held.toString('latin1');
  const bytes = escaped ? Buffer.from(escapeText(Buffer.concat([held, rest]))) : toBuffer(rest);
  const head = prefix + before;
  const lines = bytes
    .toString('latin1', 0, bytes.length - 1)
    .split('\n')
    .join(`\n${prefix}`);
  // Each part by itself, since one string of both would be copied together first.
  const rendered = Buffer.allocUnsafe(head.length + lines.length + LINE_END.length);
  rendered.write(head, 'latin1');
  rendered.write(lines, head.length, 'latin1');
  rendered[rendered.length - 1] = NEWLINE;
  return rendered;
}

function toBuffer({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}

function createPrefixBuilder({ sources, palette }: LogPrefixOptions): (source: LogSource) => string {
  const places = new Map<string, number>();
  const placeOf = (host: string): number => {
    const place = places.get(host) ?? places.size;
    places.set(host, place);
    return place;
  };
  let hostWidth = 0;
  let appWidth = 0;
  for (const { host, app } of sources) {
    placeOf(host);
    hostWidth = Math.max(hostWidth, formatHost(host).length);
    appWidth = Math.max(appWidth, escapeCell(app).length);
  }
  return ({ host, app }) => {
    const appPart = app === '' ? '' : ` ${escapeCell(app).padEnd(appWidth)}`;
    const text = `${formatHost(host).padEnd(hostWidth)}${appPart} |`;
    return Buffer.from(`${palette.host(placeOf(host))(text)} `).toString('latin1');
  };
}

function keyOf({ host, app }: LogSource): string {
  return `${host}\0${app}`;
}
