import { expect, test } from 'vitest';
import { buildJsonSchema, formatJsonSchema } from './json-schema.js';

test('the published schema is the one in the code (vitest -u writes it)', async () => {
  await expect(formatJsonSchema()).toMatchFileSnapshot('../../schema/outlast.schema.json');
});

test('the schema knows the three sections and the transport, and refuses others', () => {
  const schema = buildJsonSchema();
  expect(schema).toMatchObject({ type: 'object', additionalProperties: false });
  expect(Object.keys((schema as { properties: object }).properties)).toEqual(['transport', 'hosts', 'groups', 'apps']);
  expect(JSON.parse(formatJsonSchema())).toEqual(schema);
});
