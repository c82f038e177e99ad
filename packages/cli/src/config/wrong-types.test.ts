import { expect, test } from 'vitest';
import { checkNames } from './check-names.js';
import { buildJsonSchema } from './json-schema.js';
import { parseConfigFile } from './parse-config-file.js';

interface Schema {
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | false;
  readonly items?: Schema;
}

type Path = readonly (string | number)[];

/** Every place of the file that the schema knows, with a name of its own in each mapping of names. */
function listPaths({ anyOf = [], properties = {}, additionalProperties, items }: Schema, path: Path = []): Path[] {
  const inner = [
    ...anyOf.flatMap((branch) => listPaths(branch, path)),
    ...Object.entries(properties).flatMap(([key, value]) => listPaths(value, [...path, key])),
    ...(additionalProperties ? listPaths(additionalProperties, [...path, 'x1']) : []),
    ...(items ? listPaths(items, [...path, 0]) : []),
  ];
  return [...(path.length > 0 ? [path] : []), ...inner];
}

function write(path: Path, value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  return typeof key === 'number' ? [write(rest, value)] : { [key]: write(rest, value) };
}

const paths = [...new Map(listPaths(buildJsonSchema() as Schema).map((path) => [path.join('.'), path])).values()];

function listProblems(value: unknown): string[] {
  const location = { path: '/p/outlast.yaml', name: 'outlast.yaml', isUserFile: false };
  const file = parseConfigFile(JSON.stringify(value, null, 1), location, {});
  return [...file.problems, ...checkNames([file])].map(
    ({ place, message }) => `${place.file}:${place.line}:${place.column}: ${message}`,
  );
}

test('the schema has keys at all levels', () => {
  expect(paths.length).toBeGreaterThan(50);
  expect(paths.map((path) => path.join('.'))).toEqual(
    expect.arrayContaining(['hosts.x1.tags.0', 'apps.x1.health.status', 'apps.x1.run.0', 'groups.x1.0']),
  );
});

test.each(paths.map((path) => [path.join('.'), path] as const))(
  '%s of a wrong type is told with its key',
  (name, path) => {
    // A mapping of an unknown key, a list of lists and a number that is none of the wanted fit nowhere.
    for (const wrong of [{ unknown_key: 1 }, [[0]], -1.5]) {
      const problems = listProblems(write(path, wrong));
      const key = String(path.findLast((part) => typeof part === 'string'));
      expect(problems.length, name).toBeGreaterThan(0);
      for (const problem of problems) {
        expect(problem).toMatch(/^outlast\.yaml:\d+:\d+: /);
        expect(problem).not.toMatch(/\[object|undefined|Invalid|NaN/);
      }
      // Each is on the line of the key, or below it.
      const line = path.length + 1;
      expect(
        problems.some((problem) => Number(problem.split(':')[1]) >= line - 1),
        problems.join('\n'),
      ).toBe(true);
      expect(
        problems.some((problem) => /`|"/.test(problem) && (problem.includes(key) || problem.includes('unknown_key'))),
      ).toBe(true);
    }
  },
);
