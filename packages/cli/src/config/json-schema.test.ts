import { expect, test } from 'vitest';
import { z } from 'zod';
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

test('an editor takes a variable where a number, a boolean, a word of a list or a form is wanted, and nothing else', () => {
  const schema = z.fromJSONSchema(buildJsonSchema() as Parameters<typeof z.fromJSONSchema>[0]);
  const accepts = (app: object) => schema.safeParse({ apps: { a: app } }).success;
  const wanted: ((value: unknown) => object)[] = [
    (port) => ({ port }),
    (login_shell) => ({ login_shell }),
    (hup) => ({ hup }),
    (grace) => ({ stop: { grace } }),
    (status) => ({ health: { http: '/', status } }),
    (secret) => ({ secrets: [secret] }),
    (python) => ({ python }),
  ];
  for (const build of wanted) {
    expect(accepts(build('${NAME}')), JSON.stringify(build(''))).toBe(true);
    expect(accepts(build('a${NAME:-1}')), JSON.stringify(build(''))).toBe(true);
    expect(accepts(build({ NAME: 1 })), JSON.stringify(build(''))).toBe(false);
  }
  expect(accepts({ port: 'NAME' })).toBe(false);
  expect(accepts({ hup: '$NAME' })).toBe(false);
  expect(schema.safeParse({ apps: { '${NAME}': {} } }).success).toBe(false);
});
