/**
 * Packs `value` into one printable ASCII word without blanks, quotes or shell characters, so that it can stand in a record on the host.
 */
export function encodeToken(value: unknown): string {
  return encodeURIComponent(JSON.stringify(value)).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16)}`);
}

/** Unpacks what {@link encodeToken} packed; undefined when it is damaged. */
export function decodeToken(token: string): unknown {
  try {
    return JSON.parse(decodeURIComponent(token));
  } catch {
    return undefined;
  }
}

/** Unpacks a text; null for anything else, and where there is none. */
export function decodeText(token: string | undefined): string | null {
  const text = token === undefined ? undefined : decodeToken(token);
  return typeof text === 'string' ? text : null;
}
