import { createSeededRandom, type SeededRandom } from '@outlast/test-fixtures';
import { describe, expect, test } from 'vitest';
import type { KnownHost } from './known-hosts-file.js';
import { indexKnownHosts, joinKnownHosts } from './known-hosts-index.js';
import { hashName, matchesName } from './known-hosts-name.js';

const LONG = 'a'.repeat(1_022);
// Aliases may look like anything.
const NAMES = ['', 'a', 'b', 'web1', '[web1]:2222', '::1', 'bücher', LONG, `${LONG}a`, '*', 'a,b', '!a', 'a!b', '|1|a'];
const PATTERNS = [
  ...NAMES,
  'A',
  'WEB1',
  '[Web1]:2222',
  'BÜCHER',
  'w*',
  '?',
  '[web?]:*',
  'b??cher',
  '!*1',
  '!!a',
  '!',
  '',
];

function drawField(random: SeededRandom): string {
  if (random.chance(0.2)) return hashName(random.pick(NAMES), Buffer.alloc(20, random.integer(0, 255)));
  const count = random.integer(1, 4);
  const patterns = Array.from({ length: count }, () => `${random.chance(0.1) ? '!' : ''}${random.pick(PATTERNS)}`);
  return Buffer.from(patterns.join(',')).toString('latin1');
}

function drawEntries(random: SeededRandom, count: number): KnownHost[] {
  return Array.from({ length: count }, (_, index) => ({
    file: 'kh',
    line: index + 1,
    marker: random.pick(['none', 'none', 'cert-authority', 'revoked'] as const),
    patterns: drawField(random),
    type: 'ssh-ed25519',
    key: Buffer.alloc(32, random.integer(0, 3)),
  }));
}

const buildEntry = (line: number, patterns: string): KnownHost => ({
  ...{ file: 'kh', line, marker: 'none', patterns },
  ...{ type: 'ssh-ed25519', key: Buffer.alloc(32) },
});

describe('the index of random files', () => {
  const files = Array.from({ length: 60 }, (_, seed) => drawEntries(createSeededRandom(`index/${seed}`), 30));

  test('finds for each name what a walk through the file finds, in its order', () => {
    for (const entries of files) {
      const index = indexKnownHosts(entries);
      const found = [...NAMES, ...NAMES].map((name) => index.lookup(name).map(({ line }) => line));
      const walked = NAMES.map((name) => entries.filter(({ patterns }) => matchesName(patterns, name)));
      const lines = walked.map((matching) => matching.map(({ line }) => line));
      expect(found).toEqual([...lines, ...lines]);
    }
  });

  test('finds for each key what a walk through the file finds', () => {
    for (const entries of files.map((all) => all.slice(0, 3))) {
      const index = indexKnownHosts(entries);
      for (const key of [0, 1, 2, 3, 4].map((fill) => Buffer.alloc(32, fill))) {
        const walked = entries.find((entry) => entry.marker === 'none' && entry.key.equals(key));
        expect(index.findKey(key)).toBe(walked);
      }
    }
  });
});

test('several files are joined in their order', () => {
  const [one, two] = [buildEntry(7, 'web1'), buildEntry(2, 'web*')];
  const joined = joinKnownHosts([indexKnownHosts([one]), indexKnownHosts([]), indexKnownHosts([two])]);
  expect(joined.lookup('web1')).toEqual([one, two]);
  expect(joined.lookup('web2')).toEqual([two]);
  expect(joined.findKey(one.key)).toBe(one);
  expect(joined.findKey(Buffer.alloc(1))).toBeUndefined();
});

describe('a line is looked at', () => {
  const countLooks = (patterns: string): (() => number) => {
    let looks = 0;
    const entry = {
      ...buildEntry(1, patterns),
      get patterns() {
        looks++;
        return patterns;
      },
    };
    const index = indexKnownHosts([entry]);
    looks = 0;
    return () => {
      for (const name of ['web1', 'web1', 'web2', 'web1', 'web2']) index.lookup(name);
      return looks;
    };
  };

  test('not at all where it holds names only', () => {
    expect(countLooks('web1,WEB2')()).toBe(0);
  });

  test('once for each name where it is hashed', () => {
    expect(countLooks(hashName('web1', Buffer.alloc(20)))()).toBe(2);
  });
});
