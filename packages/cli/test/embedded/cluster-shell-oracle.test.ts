import { createSeededRandom, runOrThrow, runProgram } from '@outlast/test-fixtures';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { expandHostWords, splitHostWords } from '../../src/inventory/host-ranges.js';
import { parseHostSpec } from '../../src/inventory/host-spec.js';
import { foldHosts } from '../../src/output/fold-hosts.js';

const PYTHON = '/usr/bin/python3';
// Before 1.9 all numbers of a set had one padding.
const PROBE = 'import ClusterShell as c; raise SystemExit(tuple(map(int, c.__version__.split(".")[:2])) < (1, 9))';
const ANSWER = `
import json, sys
from ClusterShell.NodeSet import NodeSet, NodeSetException

def expand(word):
    try:
        return sorted(NodeSet(word))
    except NodeSetException:
        return None

asked = json.load(sys.stdin)
json.dump({
    "expanded": [expand(word) for word in asked["words"]],
    "folded": [str(NodeSet.fromlist(names)) for names in asked["lists"]],
}, sys.stdout)
`;

interface Answers {
  /** The names in ClusterShell's own order, each once; null for what it refuses. */
  readonly expanded: readonly (readonly string[] | null)[];
  readonly folded: readonly string[];
}

let missing: string | undefined;
beforeAll(async () => {
  const found = await runProgram([PYTHON, '-c', PROBE]).catch(() => undefined);
  if (found?.exitCode !== 0)
    missing = 'no ClusterShell 1.9 for /usr/bin/python3; on Debian: apt-get install clustershell';
});
beforeEach((context) => {
  if (missing !== undefined) context.skip(missing);
});

async function ask(words: readonly string[], lists: readonly (readonly string[])[] = []): Promise<Answers> {
  return JSON.parse(await runOrThrow([PYTHON, '-c', ANSWER], { input: JSON.stringify({ words, lists }) }));
}

const random = createSeededRandom('ClusterShell');

function drawNumber(): string {
  return String(random.integer(0, 120)).padStart(random.pick([0, 0, 2, 3]), '0');
}

function drawSpan(): string {
  return random.chance(0.5) ? drawNumber() : `${drawNumber()}-${drawNumber()}`;
}

function drawWord(): string {
  const drawRange = (): string => `[${Array.from({ length: random.integer(1, 3) }, drawSpan).join(',')}]`;
  const ranges = Array.from(
    { length: random.integer(0, 2) },
    () => drawRange() + random.pick(['-', '.example.com', 'b', '']),
  );
  // Two ranges that touch are one number to ClusterShell.
  return random.pick(['web', 'db-', '10.0.0.', 'n1x']) + ranges.join('y');
}

function expand(word: string): string[] | null {
  try {
    return [...new Set(expandHostWords(word))].sort();
  } catch {
    return null;
  }
}

function drawNames(): string[] {
  const width = random.pick([0, 3]);
  return Array.from({ length: random.integer(1, 40) }, () => {
    const number = String(random.integer(0, 60)).padStart(width, '0');
    return random.pick(['web', 'db-', 'alone']) + (random.chance(0.9) ? number : '') + random.pick(['', '.example']);
  });
}

test('random ranges are those of ClusterShell, and what it refuses we refuse', async () => {
  const words = Array.from({ length: 1_500 }, () => Array.from({ length: random.integer(1, 3) }, drawWord).join(','));
  const { expanded } = await ask(words);
  const differing = words.flatMap((word, at) => {
    const [ours, theirs] = [expand(word), [...(expanded[at] ?? [])].sort()];
    return JSON.stringify(ours) === JSON.stringify(expanded[at] === null ? null : theirs)
      ? []
      : [{ word, ours, theirs }];
  });
  expect(differing).toEqual([]);
  expect(expanded.filter((names) => names === null).length).toBeGreaterThan(100);
  expect(expanded.filter((names) => (names?.length ?? 0) > 10).length).toBeGreaterThan(100);
});

test('folded names are those of ClusterShell, and each expands what the other has folded', async () => {
  const lists = Array.from({ length: 300 }, drawNames);
  const ours = lists.map((names) => foldHosts(names));
  const { folded, expanded } = await ask(
    ours.map((words) => words.join(',')),
    lists,
  );
  for (const [at, names] of lists.entries()) {
    const sorted = [...new Set(names)].sort();
    expect([...(expanded[at] ?? [])].sort()).toEqual(sorted);
    expect(expand(folded[at] ?? '')).toEqual(sorted);
    expect([...(ours[at] ?? [])].sort()).toEqual(splitHostWords(folded[at] ?? '').sort());
  }
});

test.each([
  ['a step', 'web[1-9/2]'],
  ['a difference', 'web[1-3]!web2'],
  ['an intersection', 'web[1-3]&web2'],
  ['a group', '@web'],
  ['a wildcard', 'web*'],
])('%s is only understood by ClusterShell: -H refuses it, rather than take it for a name', (_what, word) => {
  expect(() => expandHostWords(word).map(parseHostSpec)).toThrow(expect.objectContaining({ code: 'E_USAGE' }));
});
