import { describe, expect, test } from 'vitest';
import { interpolateText } from './interpolate-text.js';

const ENV = { NAME: 'value', EMPTY: '', NESTED: '${NAME}', PRICE: '$&$1', GONE: undefined };
const interpolate = (text: string, room = 1_000) => interpolateText(text, { env: ENV, room });

test.each([
  ['${NAME}', 'value'],
  ['a${NAME}b${NAME}', 'avaluebvalue'],
  ['${NAME:-other}', 'value'],
  ['${NAME-other}', 'value'],
  ['${EMPTY}', ''],
  ['${EMPTY:-other}', 'other'],
  ['${EMPTY-other}', ''],
  ['${MISSING:-other}', 'other'],
  ['${MISSING-other}', 'other'],
  ['${GONE:-other}', 'other'],
  ['${MISSING:-}', ''],
  ['${MISSING:-a:-b $c "d"}', 'a:-b $c "d"'],
  ['$${NAME}', '${NAME}'],
  ['$$${NAME}', '$${NAME}'],
  ['${NESTED}', '${NAME}'],
  ['${PRICE}', '$&$1'],
  ['$NAME $5 $$ $(id) {port}', '$NAME $5 $$ $(id) {port}'],
])('%j becomes %j', (text, expected) => {
  expect(interpolate(text)).toBe(expected);
});

describe('refuses', () => {
  test.each([
    ['${NAEM}', 'the variable NAEM is not set; did you mean "NAME"?'],
    ['${MISSING}', 'the variable MISSING is not set'],
    ['${GONE}', 'the variable GONE is not set'],
    ['${constructor}', 'the variable constructor is not set'],
    ['${__proto__}', 'the variable __proto__ is not set'],
    ['${}', '"${}" has a ${ that is no variable'],
    ['${NAME', '"${NAME" has a ${ that is no variable'],
    ['${1}', 'that is no variable'],
    ['${NAME:=x}', 'that is no variable'],
    ['${NAME:?x}', 'that is no variable'],
    ['${NAME%x}', 'that is no variable'],
    ['${MISSING:-${NAME}}', 'that is no variable'],
  ])('%j', (text, message) => {
    expect(() => interpolate(text)).toThrow(
      expect.objectContaining({ code: 'E_CONFIG', message: expect.stringContaining(message) }),
    );
  });

  test('what comes to more than there is room for, before it is put together', () => {
    const env = { LONG: 'x'.repeat(100_000) };
    expect(() => interpolateText('${LONG}'.repeat(100_000), { env, room: 1_048_576 })).toThrow('more than 1 MiB');
    expect(interpolate('${NAME}', 5)).toBe('value');
    expect(() => interpolate('${NAME}', 4)).toThrow('more than 1 MiB');
  });
});
