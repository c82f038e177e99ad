import { expect, test } from 'vitest';
import { OutlastError } from '../errors.js';
import { parseEnvAssignment, parseEnvName, parseProgramText } from './env-name.js';

test.each(['A', '_', 'a1', 'STREAMLIT_SERVER_HEADLESS', 'constructor', 'prototype'])('accepts the name %j', (name) => {
  expect(parseEnvName(name)).toBe(name);
});

test.each(['', '1A', 'A-B', 'A=B', 'A\n', 'A\nB', 'A B', 'Ä', '__proto__', 'A\0'])('refuses the name %j', (name) => {
  expect(() => parseEnvName(name)).toThrow(expect.objectContaining({ code: 'E_USAGE' }));
});

test.each(['', 'a b', '"\'', 'a\nb', '$(id) `id`', '😀', '\u202e', 'x'.repeat(100_000)])(
  'keeps a value as it is',
  (value) => {
    expect(parseEnvAssignment(`NAME=${value}`)).toEqual({ name: 'NAME', value });
  },
);

test('splits at the first equals sign', () => {
  expect(parseEnvAssignment('A=b=c')).toEqual({ name: 'A', value: 'b=c' });
});

test.each(['A=hunter2\0', 'A=hunter2\ud800', 'hunter2', '1=hunter2'])(
  'refuses %j without showing the value',
  (text) => {
    let message = '';
    try {
      parseEnvAssignment(text);
    } catch (error) {
      message = error instanceof OutlastError ? error.message : '';
    }
    expect(message).not.toBe('');
    expect(message).not.toContain('hunter2');
  },
);

test('text for a program may hold anything but NUL and lone surrogates', () => {
  expect(parseProgramText('-x\n\u{1f600}', 'an argument')).toBe('-x\n\u{1f600}');
  expect(() => parseProgramText('a\0', 'argument 2')).toThrow('argument 2 holds a NUL byte');
  expect(() => parseProgramText('\udc00', 'argument 2')).toThrow('argument 2 is not valid Unicode');
});
