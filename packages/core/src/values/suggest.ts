const LONGEST_WORD = 64;

/**
 * Finds the known word that `word` was most likely meant to be.
 *
 * @returns the nearest of `known` by edit distance (a swap of neighbours counts once, case does not count), or
 *   undefined when none is near.
 */
export function suggestNearest(word: string, known: Iterable<string>): string | undefined {
  if (word.length === 0 || word.length > LONGEST_WORD) {
    return undefined;
  }
  const wanted = word.toLowerCase();
  let nearest: string | undefined;
  let best = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const tolerated = Math.max(1, Math.floor(Math.max(word.length, candidate.length) / 3));
    if (Math.abs(candidate.length - word.length) > Math.min(tolerated, best - 1)) {
      continue;
    }
    const distance = measureDistance(wanted, candidate.toLowerCase());
    // A word that shares nothing is no mistyped one.
    if (distance <= tolerated && distance < best && distance < wanted.length) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

/** Formats `; did you mean X?` for the end of a message; the empty string when nothing known is near. */
export function formatSuggestion(word: string, known: Iterable<string>, mark = '"'): string {
  const nearest = suggestNearest(word, known);
  return nearest === undefined ? '' : `; did you mean ${mark}${nearest}${mark}?`;
}

function measureDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current[column] = Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + (same ? 0 : 1),
        swapped ? at(beforeLast, column - 2) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    beforeLast = last;
    last = current;
  }
  return at(last, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
