/** Raw `keyword value` pairs, keywords in lower case, values in the order in which they came. */
export type RawSettings = ReadonlyMap<string, readonly string[]>;

/** Parses the output of `ssh -G`: one keyword and its value a line; some keywords come several times. */
export function parseSshConfigOutput(text: string): RawSettings {
  const raw = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const space = line.indexOf(' ');
    if (space <= 0) continue;
    const keyword = line.slice(0, space).toLowerCase();
    const values = raw.get(keyword) ?? [];
    values.push(line.slice(space + 1));
    raw.set(keyword, values);
  }
  return raw;
}

/** Reads the first value; `none` is null, unless it is to be kept. */
export function readText(raw: RawSettings, keyword: string, { keepNone = false } = {}): string | null {
  const text = raw.get(keyword)?.[0];
  if (text === undefined || text === '') return null;
  return !keepNone && text.toLowerCase() === 'none' ? null : text;
}

/** Reads a whole number at the front of the first value. */
export function readNumber(raw: RawSettings, keyword: string, fallback: number): number {
  const number = Number.parseInt(readText(raw, keyword) ?? '', 10);
  return Number.isSafeInteger(number) ? number : fallback;
}

/** Reads `yes` or `no`; `ssh -G` also says `true`. */
export function readFlag(raw: RawSettings, keyword: string, fallback: boolean): boolean {
  const text = readText(raw, keyword)?.toLowerCase();
  if (text === undefined) return fallback;
  return text === 'yes' || text === 'true';
}

// Hosts that one answer of ssh counts for share its values: a hundred thousand of them shall not have each list anew.
const lists = new WeakMap<readonly string[], readonly string[]>();

/** Reads a list with commas. */
export function readList(raw: RawSettings, keyword: string): readonly string[] {
  const values = raw.get(keyword);
  if (values === undefined) return [];
  const list = lists.get(values) ?? (readText(raw, keyword) ?? '').split(',').filter((word) => word !== '');
  lists.set(values, list);
  return list;
}
