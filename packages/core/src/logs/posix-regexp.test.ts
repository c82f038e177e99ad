import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { parsePosixRegExp } from './posix-regexp.js';

const toBytes = (text: string) => Buffer.from(text, 'utf8').toString('latin1');
const parse = (text: string) => parsePosixRegExp(text, toBytes);

/** Which of the lines grep -E finds. */
function grep(source: string, lines: readonly string[]): string[] {
  const { status, stdout, stderr } = spawnSync('grep', ['-aE', '-e', source], {
    input: lines.map((line) => `${line}\n`).join(''),
    env: { PATH: process.env.PATH ?? '', LC_ALL: 'C' },
    encoding: 'utf8',
  });
  if (stderr !== '' || status === null || status > 1) throw new Error(`grep -E ${source}: ${stderr}`);
  return stdout.split('\n').slice(0, -1);
}

function match(text: string, lines: readonly string[]): string[] {
  const { byteRegExp } = parse(text);
  return lines.filter((line) => byteRegExp.test(toBytes(line)));
}

/** The same numbers each time, so that a failure can be looked at. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

const CHARACTERS = 'aab01 -].^$*+?{}()|[\\/é_:,~!\t'.split('');
const ATOMS = [
  'a',
  'b',
  '0',
  ' ',
  '.',
  'é',
  '-',
  ':',
  '\\.',
  '\\*',
  '\\(',
  '\\)',
  '\\|',
  '\\^',
  '\\$',
  '\\[',
  '\\\\',
  '\\{',
  '\\+',
  '\\?',
];
const BRACKETS = [
  '[ab]',
  '[^a]',
  '[a-c]',
  '[[:digit:]]',
  '[^[:space:]_]',
  '[]a]',
  '[^]]',
  '[a-]',
  '[.*]',
  '[\\]',
  '[[:punct:]]',
  '[$^]',
  '[[:alpha:][:digit:]]',
  '[0-9x]',
  '[[]',
  '[!-~]',
];
const REPETITIONS = ['', '', '', '*', '+', '?', '{2}', '{1,}', '{0,2}', '{2,3}'];

function generate(random: (below: number) => number, depth = 0): string {
  const pick = (list: readonly string[]) => list[random(list.length)] as string;
  const piece = (): string => {
    const kind = random(10);
    if (kind === 0) return '^';
    if (kind === 1) return '$';
    if (kind === 2 && depth < 3) return `(${generate(random, depth + 1)})${pick(REPETITIONS)}`;
    return `${pick(kind < 6 ? BRACKETS : ATOMS)}${pick(REPETITIONS)}`;
  };
  const branch = () => Array.from({ length: 1 + random(4) }, piece).join('');
  return Array.from({ length: 1 + random(2) }, branch).join('|');
}

test('any expression finds the same lines as grep -E does', () => {
  const random = createRandom(7);
  const lines = Array.from({ length: 400 }, () =>
    Array.from({ length: random(9) }, () => CHARACTERS[random(CHARACTERS.length)]).join(''),
  );
  let found = 0;
  for (let round = 0; round < 600; round++) {
    const text = generate(random);
    const matched = match(text, lines);
    expect({ text, matched }).toEqual({ text, matched: grep(parse(text).source, lines) });
    if (matched.length > 0 && matched.length < lines.length) found++;
  }
  expect(found).toBeGreaterThan(200);
});

test.each([
  '\\]x',
  '\\}',
  'a]',
  'x}',
  ']',
  '}',
  'a^b',
  'a$b',
  '[[:cntrl:]]',
  '[[:graph:]]',
  '[[:print:]]',
  '[[:blank:]]',
  '[[:xdigit:]]',
  '[[:upper:]]',
  '[[:lower:]]',
  '[[:alnum:]]',
  '[^é]x',
  'a{255}',
])('%s finds the same lines as grep -E does', (text) => {
  const lines = Array.from({ length: 95 }, (_, index) => `${String.fromCharCode(32 + index)}x`);
  const all = [...lines, '\tx', '\x01', 'a^b', 'a$b', 'é', 'éx', '', 'a'.repeat(300)];
  expect(match(text, all)).toEqual(grep(parse(text).source, all));
});

describe('what other languages have', () => {
  test.each([
    ['\\d+', '[[:digit:]]'],
    ['\\w', '[[:alnum:]_]'],
    ['a\\sb', '[[:space:]]'],
    ['(?:a)', 'groups are'],
    ['(?=a)', 'look-around'],
    ['a*?', 'no lazy'],
    ['a++', 'no lazy'],
    ['(a)\\1', undefined],
    ['\\bword', undefined],
    ['a\\-b', 'write -'],
  ])('%s is refused with what to write: %s', (text, hint) => {
    const refused = () => parse(text);
    expect(refused).toThrow(/is no POSIX extended regular expression/);
    if (hint !== undefined) expect(readHint(refused)).toContain(hint);
  });
});

test.each([
  '',
  '*a',
  'a|',
  '|a',
  '()',
  'a||b',
  '(a',
  'a)',
  '[a',
  'a{',
  'a{x}',
  'a{2,1}',
  'a{256}',
  'a{,3}',
  '^*',
  'a\\',
  '[[:nope:]]',
  '[b-a]',
  '[[.a.]]',
  '[a-z-9]',
  'a\nb',
  'x'.repeat(5000),
])('what POSIX leaves undefined is refused: %j', (text) => {
  expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'E_USAGE' }));
});

function readHint(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return String((error as { details: { hint?: string } }).details.hint);
  }
  return '';
}
