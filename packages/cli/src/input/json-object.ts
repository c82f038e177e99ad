/** What `{…}` is in JSON. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Tells a JSON object from lists, null and everything else. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
