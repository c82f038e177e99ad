/** Measures how many columns a text without escape codes takes on a terminal. */
export type MeasureWidth = (text: string) => number;

const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

/** Loads a measure that is right for all of `texts`; only text beyond ASCII pays for the import of `string-width`. */
export async function loadMeasure(texts: Iterable<string>): Promise<MeasureWidth> {
  for (const text of texts) {
    if (PRINTABLE_ASCII.test(text)) continue;
    const { default: stringWidth } = await import('string-width');
    return (each) => (PRINTABLE_ASCII.test(each) ? each.length : stringWidth(each));
  }
  return (text) => text.length;
}

/** Cuts `text` to `limit` columns, with `…` as the last one where something was cut. */
export function truncateToWidth(text: string, limit: number, measure: MeasureWidth): string {
  if (measure(text) <= limit) return text;
  if (limit < 1) return '';
  let kept = '';
  let width = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    // A printable ASCII character is one column whichever measure was loaded.
    const next = width + measure(segment);
    if (next > limit - 1) break;
    kept += segment;
    width = next;
  }
  return `${kept}…`;
}
