/** Tells whether `name` matches a pattern in which `*` and `?` are as in ssh; linear in its input, whatever the pattern. */
export function matchesWildcard(pattern: string, name: string): boolean {
  let [p, n, star, retry] = [0, 0, -1, 0];
  while (n < name.length) {
    if (pattern[p] === '*') [star, retry] = [p++, n];
    else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === name[n])) [p, n] = [p + 1, n + 1];
    else if (star >= 0) [p, n] = [star + 1, ++retry];
    else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
