import { isDeepStrictEqual } from 'node:util';
import { createSeededRandom, runOrThrow, runProgram } from '@outlast/test-fixtures';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { readPythonLiteral } from '../../src/inventory/ansible/python-literal.js';
import { splitPythonWords } from '../../src/inventory/ansible/python-words.js';

const ANSWER = `
import ast, json, shlex, sys

def split(line):
    try:
        return shlex.split(line, comments=True)
    except ValueError:
        return None

def read(text):
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else text

asked = json.load(sys.stdin)
json.dump({"words": [split(line) for line in asked["lines"]], "values": [read(text) for text in asked["values"]]}, sys.stdout)
`;

let missing: string | undefined;
beforeAll(async () => {
  const found = await runProgram(['python3', '--version']).catch(() => undefined);
  if (found?.exitCode !== 0) missing = 'no python3 program on this machine';
});
beforeEach((context) => {
  if (missing !== undefined) context.skip(missing);
});

const random = createSeededRandom('python');
const draw = (pieces: readonly string[], most: number): string =>
  Array.from({ length: random.integer(1, most) }, () => random.pick(pieces)).join('');

const lines = Array.from({ length: 2_000 }, () => draw(['a', 'b=', ' ', '\t', '"', "'", '\\', '#', 'é', ';', '$'], 9));
const values = [
  ...Array.from({ length: 2_000 }, () => draw(['0', '1', '7', '9', '_', 'x', 'b', 'o', 'F', '-', '+'], 4)),
  ...Array.from({ length: 2_000 }, () => draw(["'", '"', 'a', '\\', 'n', 'x', '4', '1', 'u', '#', ' '], 7)),
  ...[
    'None',
    'True',
    'False',
    'none',
    '1.5',
    '10.0.0.1',
    '007',
    '0x1F  # note',
    "'a' # b",
    'a # b',
    'de ploy',
    `'a' # it's`,
    `'a' "b"`,
  ],
];

test('words and values of an INI inventory are those of Python', async () => {
  const input = JSON.stringify({ lines, values });
  const theirs: { words: (string[] | null)[]; values: (string | null)[] } = JSON.parse(
    await runOrThrow(['python3', '-W', 'ignore', '-c', ANSWER], { input }),
  );
  const words = lines.map((line) => {
    const split = splitPythonWords(line);
    return 'words' in split ? split.words.map(({ text }) => text) : null;
  });
  const differ = (asked: readonly string[], ours: readonly unknown[], answers: readonly unknown[]) =>
    asked.flatMap((text, at) =>
      isDeepStrictEqual(ours[at], answers[at]) ? [] : [{ text, ours: ours[at], theirs: answers[at] }],
    );
  expect(differ(lines, words, theirs.words)).toEqual([]);
  expect(differ(values, values.map(readPythonLiteral), theirs.values)).toEqual([]);
  expect(new Set(theirs.words.map((found) => found?.length)).size).toBeGreaterThan(4);
});
