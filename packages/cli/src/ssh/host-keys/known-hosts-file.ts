import { parseKnownHostKey } from './known-hosts-key.js';
import { isSoundNameField } from './known-hosts-name.js';

/** One line of a known_hosts file. */
export interface KnownHost {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly marker: 'none' | 'cert-authority' | 'revoked';
  /** The first field as written, one character a byte: patterns separated by commas, or one hashed name. */
  readonly patterns: string;
  readonly type: string;
  readonly key: Buffer;
}

/** A line that is no entry. */
export interface BrokenLine {
  readonly file: string;
  readonly line: number;
}

/**
 * Parses a known_hosts file, given with one character a byte (`latin1`), since ssh compares bytes. Comments, empty lines
 * and keys of types that ssh passes over are dropped; lines that make no sense are listed. Pure.
 *
 * Stricter than ssh in one thing: a tab behind `@revoked` does as well as a blank, where ssh passes over the line.
 */
export function parseKnownHosts(text: string, file: string): { entries: KnownHost[]; broken: BrokenLine[] } {
  const entries: KnownHost[] = [];
  const broken: BrokenLine[] = [];
  const detach = createDetacher();
  for (const [index, content] of text.split('\n').entries()) {
    const trimmed = content.replace(/^[ \t]+|[ \t\r]+$/g, '');
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const at = { file, line: index + 1 };
    const entry = parseLine(trimmed, at);
    if (entry === 'broken') broken.push(at);
    else if (entry !== 'foreign')
      entries.push({ ...entry, patterns: detach(entry.patterns), type: detach(entry.type) });
  }
  return { entries, broken };
}

/** Copies text out of the file, once for all that is equal: a slice would keep the whole file in memory as long as it is there itself. */
function createDetacher(): (text: string) => string {
  const copies = new Map<string, string>();
  return (text) => {
    const copy = copies.get(text) ?? Buffer.from(text, 'latin1').toString('latin1');
    copies.set(copy, copy);
    return copy;
  };
}

function parseLine(content: string, at: BrokenLine): KnownHost | 'broken' | 'foreign' {
  const fields = content.split(/[ \t]+/);
  const marker = fields[0]?.startsWith('@') ? parseMarker(fields.shift()) : 'none';
  const [patterns, type, base64] = fields;
  if (marker === undefined || patterns === undefined || type === undefined || base64 === undefined) return 'broken';
  if (!isSoundNameField(patterns)) return 'broken';
  const parsed = parseKnownHostKey(type, base64);
  return parsed.state === 'sound' ? { ...at, marker, patterns, type, key: parsed.key } : parsed.state;
}

function parseMarker(field: string | undefined): KnownHost['marker'] | undefined {
  if (field === '@cert-authority') return 'cert-authority';
  return field === '@revoked' ? 'revoked' : undefined;
}
