import { expect, test } from 'vitest';
import { parseTestArgs } from './parse-test-args.mjs';

test('without arguments everything is run and checked', () => {
  expect(parseTestArgs([])).toEqual({ vitestArgs: [], narrowed: false, needsHosts: true });
});

test('--unit runs the unit tests alone, which want no hosts', () => {
  expect(parseTestArgs(['--unit'])).toEqual({ vitestArgs: ['--project', 'unit'], narrowed: true, needsHosts: false });
});

test('a name is handed to vitest, and may need hosts', () => {
  expect(parseTestArgs(['-t', 'stop twice'])).toEqual({
    vitestArgs: ['-t', 'stop twice'],
    narrowed: true,
    needsHosts: true,
  });
});

test.each([
  [['--project', 'unit'], false],
  [['--project=unit'], false],
  [['--project', 'sshd'], true],
  [['--unit', '--project=docker'], true],
])('%j needs hosts: %s', (args, needsHosts) => {
  expect(parseTestArgs(args).needsHosts).toBe(needsHosts);
});
