import { describe, expect, test } from 'vitest';
import { parseYaml } from './parse-yaml.js';

function listProblems(text: string): string[] {
  return parseYaml(text, 'f').problems.map(({ place, message }) => `${place.line}:${place.column} ${message}`);
}

describe('values', () => {
  test('follow the YAML 1.2 core schema', () => {
    const { value } = parseYaml('a: yes\nb: true\nc: 0o17\nd: 1.5\ne: ~\nf: [no, "1"]\n1: on\nnull: x\n', 'f');
    expect(value).toEqual({ a: 'yes', b: true, c: 15, d: 1.5, e: null, f: ['no', '1'], '1': 'on', null: 'x' });
  });

  test('mappings have no prototype, so that names of JavaScript are plain keys', () => {
    const { value } = parseYaml('a: {constructor: 1, toString: 2}', 'f');
    expect(Object.getPrototypeOf(value)).toBeNull();
    expect(Object.keys((value as { a: object }).a)).toEqual(['constructor', 'toString']);
    expect(Object.getPrototypeOf((value as { a: object }).a)).toBeNull();
  });

  test('aliases stand for the value of the anchor before them', () => {
    expect(parseYaml('a: &x [1]\nb: *x\nc: &x 2\nd: *x\n', 'f').value).toEqual({ a: [1], b: [1], c: 2, d: 2 });
  });

  test.each(['', '# only a comment\n', '---\n'])('%j is an empty document', (text) => {
    const { value, problems } = parseYaml(text, 'f');
    expect(problems).toEqual([]);
    expect(value).toBeNull();
  });

  test('50 levels are read', () => {
    expect(listProblems(`${'['.repeat(50)}${']'.repeat(50)}`)).toEqual([]);
    expect(listProblems(`${'{a: '.repeat(50)}${'}'.repeat(50)}`)).toEqual([]);
  });
});

describe('places', () => {
  test('are those of keys and of items, and the nearest parent of what is not there', () => {
    const { findPlace } = parseYaml('\ufeffa:\n  b:\n    - x\n    - {c: 1}\nd: *nope\n'.replace('*nope', '1'), 'f');
    const find = (...path: PropertyKey[]) => {
      const { line, column } = findPlace(path);
      return `${line}:${column}`;
    };
    expect(find('a', 'b')).toBe('2:3');
    expect(find('a', 'b', 0)).toBe('3:7');
    expect(find('a', 'b', 1, 'c')).toBe('4:8');
    expect(find('a', 'b', 1, 'missing')).toBe('4:7');
    expect(find('d', 'deeper')).toBe('5:1');
    expect(find()).toBe('1:1');
  });
});

describe('refuses', () => {
  test.each([
    ['repeated keys', 'a: 1\nb: 2\na: 3\n', '3:1 the key "a" is written twice'],
    ['repeated keys in braces', '{a: 1, a: 1}', '1:8 the key "a" is written twice'],
    ['__proto__', 'a:\n  __proto__: {b: 1}\n', '2:3 the key `__proto__` is not allowed'],
    ['quoted __proto__', '{"__proto__": 1}', '1:2 the key `__proto__` is not allowed'],
    ['escaped __proto__', '{"\\u005f_proto__": 1}', '1:2 the key `__proto__` is not allowed'],
    ['merge keys', 'a: &x {b: 1}\nc:\n  <<: *x\n', '3:3 merge keys (`<<`) are not supported'],
    ['tags of a language', 'a: !!python/object:os.system x\n', '1:4 tags are not supported'],
    ['tags of its own', 'a: !mine x\n', '1:4 tags are not supported'],
    ['!!binary', 'a: !!binary aGk=\n', '1:4 tags are not supported'],
    ['!!set', 'a: !!set {x}\n', '1:4 tags are not supported'],
    ['YAML 1.1', '%YAML 1.1\n---\na: yes\n', '1:1 only YAML 1.2 is understood'],
    ['a second document', 'a: 1\n---\nb: 2\n', '2:1 there is a second document'],
    ['an unknown alias', 'a: *x\n', '1:4 there is no anchor &x before this alias'],
    ['a list as key', '? [a]\n: 1\n', '1:3 '],
    ['tabs', 'a:\n\tb: 1\n', '2:1 Tabs are not allowed'],
    ['an open quote', 'a: "x\nb: 1\n', '3:1 Missing closing'],
    ['a value with a colon', 'a: b: c\n', '1:4 '],
  ])('%s', (_, text, problem) => {
    expect(listProblems(text)).toContainEqual(expect.stringContaining(problem));
    expect(parseYaml(text, 'f').value).toBeUndefined();
  });

  test.each([
    ['brackets', '['.repeat(500_000)],
    ['closed brackets', `${'['.repeat(51)}${']'.repeat(51)}`],
    ['dashes in dashes', `${'- '.repeat(51)}a`],
    ['braces', '{a: '.repeat(200_000)],
    ['dashes', '- '.repeat(200_000)],
    ['question marks', '? '.repeat(200_000)],
    ['indents', Array.from({ length: 1_000 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join('')],
  ])('nesting by %s, at once', (_, text) => {
    expect(listProblems(text)).toContainEqual(expect.stringContaining('the nesting is deeper than 50 levels'));
  });

  test('an alias bomb', () => {
    const levels = Array.from({ length: 9 }, (_, level) => {
      const item = level === 0 ? '"lol"' : `*a${level - 1}`;
      return `a${level}: &a${level} [${Array(9).fill(item).join(', ')}]\n`;
    });
    expect(listProblems(levels.join(''))).toContainEqual(expect.stringContaining('the aliases expand to too much'));
  });

  test('an alias of what it lies in', () => {
    expect(listProblems('a: &a [*a, *a, *a]\n')).toContainEqual(
      expect.stringContaining('the aliases expand to too much'),
    );
  });

  // All of them would take ten times as long.
  test('text that is all mistakes, after the first hundred of them', () => {
    const begin = process.cpuUsage();
    expect(listProblems(`[${','.repeat(300_000)}`)).toHaveLength(100);
    expect(process.cpuUsage(begin).user).toBeLessThan(2_500_000);
  });

  test('ten thousand repeats, listed up to a limit', () => {
    expect(listProblems('a: 1\n'.repeat(10_000))).toHaveLength(100);
  });
});
