import { expect, test } from 'vitest';
import { raw, sh } from './template.js';

test('strings are quoted, lists become words, numbers and raw shell stand as they are', () => {
  expect(sh`echo ${'a b'} ${['x', "it's", '']} ${42} ${raw('"$HOME"')}`).toBe(`echo 'a b' x 'it'\\''s' '' 42 "$HOME"`);
});

test('an empty list is no word', () => {
  expect(sh`for name in ${[]}; do :; done`).toBe('for name in ; do :; done');
});

test.each([1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60])('the number %d is refused', (number) => {
  expect(() => sh`sleep ${number}`).toThrow(TypeError);
});

test('backslashes and dollars belong to the shell', () => {
  expect(sh`printf '%s\n' "\${HOME}" \`id\` "$1" \\`).toBe(`printf '%s\\n' "\${HOME}" \`id\` "$1" \\\\`);
});

test('the indentation that all lines share is taken away', () => {
  const script = sh`
    if true; then
      echo yes

    fi
  `;
  expect(script).toBe('if true; then\n  echo yes\n\nfi\n');
});

test('an inserted text keeps its own indentation and its lines', () => {
  const text = 'one\n    two\n\n      three';
  expect(sh`
    cat <<'END'
    ${raw(text)}
    END
    echo ${'a\n    b'}
  `).toBe(`cat <<'END'\n${text}\nEND\necho 'a\n    b'\n`);
});

test('a line that begins with an insertion counts as indented', () => {
  expect(sh`
    ${raw('first')}
      second
    ${raw('third')}`).toBe('first\n  second\nthird');
});
