import { z } from 'zod';
import { configSchema } from './schema.js';

interface JsonSchema {
  anyOf?: JsonSchema[];
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | false;
  [keyword: string]: unknown;
}

const INTERPOLATED = { $ref: '#/definitions/interpolated' };

/** What a text with a variable in it breaks, though its value may be right. */
const RULES = ['enum', 'const', 'pattern', 'format'];

/** Builds the JSON Schema of `outlast.yaml`, for editors. */
export function buildJsonSchema(): object {
  const schema = z.toJSONSchema(configSchema, { io: 'input', target: 'draft-7' });
  const definition = {
    description: 'A text with ${NAME} or ${NAME:-default} in it',
    type: 'string',
    pattern: '\\$\\{',
  };
  return { ...admitVariables(schema as JsonSchema), definitions: { interpolated: definition } };
}

/** Formats the JSON Schema as `schema/outlast.schema.json` holds it: lists of plain values on one line. */
export function formatJsonSchema(): string {
  const text = JSON.stringify(buildJsonSchema(), null, 2);
  return `${text.replace(/\[\n\s+([^[\]{}]+?)\n\s+\]/g, (_, items: string) => `[${items.replace(/\n\s+/g, ' ')}]`)}\n`;
}

// Numbers, booleans and texts of a form of their own may come from a variable; keys may not.
function admitVariables(schema: JsonSchema): JsonSchema {
  const { anyOf, items, properties, additionalProperties } = schema;
  if (isBound(schema)) {
    const { description, ...bound } = schema;
    return { ...(description === undefined ? {} : { description }), anyOf: [bound, INTERPOLATED] };
  }
  return {
    ...schema,
    ...(anyOf && { anyOf: admitIntoUnion(anyOf) }),
    ...(items && { items: admitVariables(items) }),
    ...(properties && { properties: mapValues(properties) }),
    ...(additionalProperties && { additionalProperties: admitVariables(additionalProperties) }),
  };
}

function admitIntoUnion(branches: readonly JsonSchema[]): JsonSchema[] {
  const admitted = branches.map((branch) => (isBound(branch) ? branch : admitVariables(branch)));
  return branches.some(isBound) ? [...admitted, INTERPOLATED] : admitted;
}

function isBound(schema: JsonSchema): boolean {
  return ['integer', 'number', 'boolean'].includes(String(schema.type)) || RULES.some((rule) => rule in schema);
}

function mapValues(properties: Readonly<Record<string, JsonSchema>>): Record<string, JsonSchema> {
  return Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, admitVariables(value)]));
}
