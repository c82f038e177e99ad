import { expect, test } from 'vitest';
import { buildExecScript } from './exec.js';

test('the program takes the place of the shell, with its words as they are', () => {
  const script = buildExecScript({ argv: ['echo', 'a b', '$(id)', "it's"], stdin: false }, { nonce: 'n' });
  expect(script).toContain(`exec echo 'a b' '$(id)' 'it'\\''s'\n`);
  expect(script.endsWith('\noutlast </dev/null\n')).toBe(true);
});

test('a program whose name begins with a dash is no option of the shell', () => {
  expect(buildExecScript({ argv: ['-x', 'y'], stdin: false }, { nonce: 'n' })).toContain('exec env -- -x y\n');
});

test('the input reaches the program only where that was asked for', () => {
  const script = buildExecScript({ argv: ['cat'], stdin: true }, { nonce: 'n' });
  expect(script).toContain('exec cat <&3 3<&-\n');
  expect(script.endsWith('\noutlast 3<&0 </dev/null\n')).toBe(true);
});
