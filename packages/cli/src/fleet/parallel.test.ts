import { expect, test } from 'vitest';
import { chooseParallel, countFiles, countHosts } from './parallel.js';

test('a machine with more processors does more hosts at the same time, up to a limit', () => {
  expect([1, 2, 4, 64].map((processors) => chooseParallel(processors))).toEqual([32, 64, 128, 128]);
});

test.each([
  [256, ['ssh2'], 108],
  [256, ['openssh'], 43],
  [256, ['ssh2', 'openssh'], 43],
  [41, ['ssh2'], 0],
  [20, ['ssh2'], 0],
] as const)('%d open files are enough for hosts over %j: %d', (openFiles, transports, hosts) => {
  expect(countHosts(openFiles, transports)).toBe(hosts);
  if (hosts > 0) expect(countFiles(hosts, transports)).toBeLessThanOrEqual(openFiles);
  expect(countFiles(hosts + 1, transports)).toBeGreaterThan(openFiles);
});

test('files without a limit, or with one that nobody knows, limit nothing', () => {
  for (const openFiles of [null, Number.POSITIVE_INFINITY]) {
    expect(countHosts(openFiles, ['openssh'])).toBe(Number.POSITIVE_INFINITY);
  }
});
