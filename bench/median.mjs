/** The middle one of some numbers, in whichever order; of two in the middle the larger. */
export function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
