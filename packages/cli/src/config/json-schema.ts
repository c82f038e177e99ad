import { z } from 'zod';
import { configSchema } from './schema.js';

/** Builds the JSON Schema of `outlast.yaml`, for editors. */
export function buildJsonSchema(): object {
  return z.toJSONSchema(configSchema, { io: 'input', target: 'draft-7' });
}

/** Formats the JSON Schema as `schema/outlast.schema.json` holds it: lists of plain values on one line. */
export function formatJsonSchema(): string {
  const text = JSON.stringify(buildJsonSchema(), null, 2);
  return `${text.replace(/\[\n\s+([^[\]{}]+?)\n\s+\]/g, (_, items: string) => `[${items.replace(/\n\s+/g, ' ')}]`)}\n`;
}
