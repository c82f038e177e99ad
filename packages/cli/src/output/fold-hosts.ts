interface Group {
  readonly before: string;
  readonly after: string;
  readonly numbers: Set<string>;
}

/**
 * Folds host names into ranges that expand to the same names: `web1 web2 web3 db` gives `web[1-3]`, `db`.
 * Padding is kept (`web[01-03]`); ports and addresses in IPv6 form are never folded.
 */
export function foldHosts(hosts: readonly string[]): string[] {
  const names = [...new Set(hosts)];
  const spots = chooseSpots(names);
  const folded = new Map<string, Group>();
  for (const name of names) {
    const spot = spots.get(name);
    const [before, number, after] = spot === undefined ? [name, '', ''] : split(name, spot);
    const key = spot === undefined ? name : `${before}\0${after}`;
    const group = folded.get(key) ?? { before, after, numbers: new Set() };
    if (spot !== undefined) group.numbers.add(number);
    folded.set(key, group);
  }
  return [...folded.values()].map(formatGroup);
}

interface Spot {
  readonly start: number;
  readonly end: number;
}

/** Chooses for each name the run of digits that it shares the rest of the name with the most others. */
function chooseSpots(names: readonly string[]): Map<string, Spot> {
  const candidates = new Map(names.map((name) => [name, findSpots(name)]));
  const counts = new Map<string, number>();
  for (const [name, spots] of candidates) {
    for (const spot of spots) counts.set(keyOf(name, spot), (counts.get(keyOf(name, spot)) ?? 0) + 1);
  }
  const chosen = new Map<string, Spot>();
  for (const [name, spots] of candidates) {
    const rank = (spot: Spot) => counts.get(keyOf(name, spot)) ?? 0;
    const best = spots.reduceRight<Spot | undefined>(
      (found, spot) => (found === undefined || rank(spot) > rank(found) ? spot : found),
      undefined,
    );
    if (best !== undefined && rank(best) > 1) chosen.set(name, best);
  }
  return chosen;
}

function findSpots(name: string): Spot[] {
  // Brackets and commas mean something in ranges, and two colons make an IPv6 address.
  if (/[[\],]|:.*:/.test(name)) return [];
  const end = name.includes(':') ? name.indexOf(':') : name.length;
  const start = name.indexOf('@') + 1;
  return [...name.slice(start, end).matchAll(/[0-9]+/g)]
    .map((match) => ({ start: start + match.index, end: start + match.index + match[0].length }))
    .filter((spot) => spot.end - spot.start <= 15);
}

function split(name: string, { start, end }: Spot): [string, string, string] {
  return [name.slice(0, start), name.slice(start, end), name.slice(end)];
}

function keyOf(name: string, spot: Spot): string {
  const [before, , after] = split(name, spot);
  return `${before}\0${after}`;
}

function formatGroup({ before, after, numbers }: Group): string {
  if (numbers.size === 0) return before;
  if (numbers.size === 1) return `${before}${[...numbers][0]}${after}`;
  return `${before}[${formatRanges(numbers)}]${after}`;
}

function formatRanges(numbers: ReadonlySet<string>): string {
  // A number belongs to the padded ones when one of the same length begins with a zero: 10 beside 09.
  const padded = new Set(
    [...numbers].filter((text) => text.length > 1 && text.startsWith('0')).map((text) => text.length),
  );
  const widthOf = (text: string) => (padded.has(text.length) ? text.length : 0);
  const sorted = [...numbers].sort((a, b) => widthOf(a) - widthOf(b) || Number(a) - Number(b));
  const ranges: [string, string][] = [];
  for (const text of sorted) {
    const last = ranges.at(-1);
    const follows = last !== undefined && widthOf(last[1]) === widthOf(text) && Number(text) === Number(last[1]) + 1;
    if (follows) last[1] = text;
    else ranges.push([text, text]);
  }
  return ranges.map(([first, last]) => (first === last ? first : `${first}-${last}`)).join(',');
}
