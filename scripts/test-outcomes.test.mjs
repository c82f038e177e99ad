import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from './run-step.mjs';
import { formatOutcomes, isAllWell, readOutcomes } from './test-outcomes.mjs';

const ALL_WELL = { passed: 2, failed: 0, skipped: [], notStarted: [], unhandledErrors: [] };
const SKIPPED = { ...ALL_WELL, skipped: [{ file: 'a.test.ts', name: 'a > b', reason: 'no docker' }] };

// Each of these runs vitest inside vitest.
describe('what vitest leaves behind', { timeout: 40_000 }, () => {
  let root;

  beforeAll(() => {
    mkdirSync(join(ROOT, '.cache'), { recursive: true });
    root = mkdtempSync(join(ROOT, '.cache', 'outcomes-'));
    symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
    writeFileSync(join(root, 'vitest.config.mjs'), 'export default {};\n');
    writeFileSync(
      join(root, 'mixed.test.mjs'),
      `import { beforeAll, describe, expect, test } from 'vitest';
       test('passes', () => {});
       test('fails', () => expect(1).toBe(2));
       test('lacks a host', ({ skip }) => skip('no docker here'));
       test.skip('is skipped without a word', () => {});
       test.todo('is to come');
       describe('a suite', () => {
         test('passes too', () => {});
         test('lacks another', ({ skip }) => skip('no sshd here'));
       });
       describe('a broken suite', () => {
         beforeAll(() => { throw new Error('no host came up'); });
         test('waits for it', () => {});
       });`,
    );
    writeFileSync(join(root, 'broken.test.mjs'), "throw new Error('cannot be loaded');\n");
  });

  afterAll(() => rmSync(root, { recursive: true, force: true }));

  function runVitest(...args) {
    const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
    const reporter = `--reporter=${join(ROOT, 'scripts', 'outcome-reporter.mjs')}`;
    spawnSync(process.execPath, [vitest, 'run', '--root', root, reporter, ...args], { cwd: root });
    return readOutcomes(root);
  }

  test('every test is counted, every skip has its reason, every suite that could not start is named', () => {
    const { skipped, notStarted, ...counts } = runVitest();
    expect(counts).toEqual({ passed: 2, failed: 1, unhandledErrors: [] });
    expect(Object.fromEntries(skipped.map(({ name, reason }) => [name, reason]))).toEqual({
      'lacks a host': 'no docker here',
      'is skipped without a word': 'no reason given',
      'is to come': 'still to be written',
      'a suite > lacks another': 'no sshd here',
      'a broken suite > waits for it': 'its suite could not start',
    });
    expect(Object.fromEntries(notStarted.map(({ name, reason }) => [name, reason]))).toEqual({
      'broken.test.mjs': 'cannot be loaded',
      'mixed.test.mjs > a broken suite': 'no host came up',
    });
  });

  test('what a name filter leaves out is not skipped', () => {
    const { passed, failed, skipped } = runVitest('mixed', '-t', 'a suite');
    expect({ passed, failed, skipped: skipped.map(({ name }) => name) }).toEqual({
      passed: 1,
      failed: 0,
      skipped: ['a suite > lacks another'],
    });
  });
});

test('the count is the last line', () => {
  expect(formatOutcomes(ALL_WELL, [])).toBe('tests: 2 passed, 0 failed, 0 skipped\n');
});

test('what is not run stands above it with its reason, and a suite that could not start counts as failed', () => {
  const outcomes = { ...SKIPPED, failed: 1, notStarted: [{ name: 'c.test.ts', reason: 'no dockerd' }] };
  expect(formatOutcomes(outcomes, ['dead code']).split('\n')).toEqual([
    'skipped: no docker',
    '  a.test.ts > a > b',
    'could not start: c.test.ts: no dockerd',
    'checks that failed: dead code',
    'tests: 2 passed, 2 failed, 1 skipped',
    '',
  ]);
});

test.each([
  [true, 'all passed', ALL_WELL, [], true],
  [true, 'something was skipped', SKIPPED, [], false],
  [false, 'something was skipped in CI', SKIPPED, [], true],
  [false, 'something failed', { ...ALL_WELL, failed: 1 }, [], false],
  [false, 'a suite could not start', { ...ALL_WELL, notStarted: [{ name: 'a', reason: 'b' }] }, [], false],
  [false, 'an error was not handled', { ...ALL_WELL, unhandledErrors: ['a'] }, [], false],
  [false, 'a check failed', ALL_WELL, ['dead code'], false],
  [false, 'nothing ran', { ...ALL_WELL, passed: 0 }, [], false],
])('all well is %s when %s', (expected, _, outcomes, failedChecks, isCi) => {
  expect(isAllWell(outcomes, failedChecks, isCi)).toBe(expected);
});
