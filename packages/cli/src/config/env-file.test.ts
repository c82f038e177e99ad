import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OutlastError } from '@outlast/core';
import { expect, test } from 'vitest';
import { parseEnvFile, readEnvFile } from './env-file.js';

// What dotenv 17 makes of the same text.
test.each([
  ['A=b', { A: 'b' }],
  ['A=', { A: '' }],
  ['A= # c', { A: '' }],
  ['  A = b c  ', { A: 'b c' }],
  ['export A=b', { A: 'b' }],
  ['A: b', { A: 'b' }],
  ['A=b=c', { A: 'b=c' }],
  ['A=b#c', { A: 'b' }],
  ['A=b # c', { A: 'b' }],
  ['A="b # c" # d', { A: 'b # c' }],
  ["A='b # c' # d", { A: 'b # c' }],
  ['A=`b # c`', { A: 'b # c' }],
  ['A=" b "', { A: ' b ' }],
  ['A="b\\nc\\rd"', { A: 'b\nc\rd' }],
  ["A='b\\nc'", { A: 'b\\nc' }],
  ['A=`b\\nc`', { A: 'b\\nc' }],
  ['A="b\nc\nd"\nE=f', { A: 'b\nc\nd', E: 'f' }],
  ["A='b\nc'", { A: 'b\nc' }],
  ['A="b\\"c"', { A: 'b\\"c' }],
  ["A='it's'", { A: "it's" }],
  ["A=it's", { A: "it's" }],
  ['A="it\'s"', { A: "it's" }],
  ['A="C:\\dir\\"', { A: 'C:\\dir\\' }],
  [`A=$B \${C} $(id) \`id\``, { A: `$B \${C} $(id) \`id\`` }],
  ['A={"b": "c"}', { A: '{"b": "c"}' }],
  ['A="\u{1f600} é"', { A: '\u{1f600} é' }],
  ['A=1\nA=2', { A: '2' }],
  ['# c\n\n\t\nA=b\r\nC=d\rE=f', { A: 'b', C: 'd', E: 'f' }],
  ['\ufeffA=b', { A: 'b' }],
  ['constructor=x', { constructor: 'x' }],
  ['', {}],
])('reads %j', (text, variables) => {
  expect(parseEnvFile(text, '.env')).toEqual(variables);
});

test.each([
  ['A=b\nhunter2', '.env:2: this is not NAME=value'],
  ['\n\nhunter-2=x', '.env:3: the name is not letters'],
  ['1hunter2=x', '.env:1: the name is not letters'],
  ['__proto__=hunter2', '.env:1: the name is not letters'],
  ['A="hunter2', '.env:1: the quote is not closed'],
  ['A="hunter2" hunter2', '.env:1: the quote is not closed, or something follows it'],
  ["B='x\ny'\nA='hunter2", '.env:3: the quote is not closed'],
  ['A="\nhunter2\0"', '.env:1: the value holds a NUL byte'],
  ['export hunter2', '.env:1: this is not NAME=value'],
  ['=hunter2', '.env:1: this is not NAME=value'],
  ['hunter2:x', '.env:1: this is not NAME=value'],
])('refuses %j without showing it', (text, message) => {
  let error: unknown;
  try {
    parseEnvFile(text, '.env');
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(OutlastError);
  expect((error as OutlastError).code).toBe('E_CONFIG');
  expect((error as OutlastError).message).toContain(message);
  expect(JSON.stringify([(error as OutlastError).message, (error as OutlastError).details])).not.toContain('hunter');
});

test('reports every bad line', () => {
  expect(() => parseEnvFile('x\nA=1\ny\n', 'a.env')).toThrow(
    'a.env:1: this is not NAME=value\na.env:3: this is not NAME=value',
  );
});

test('the result has no prototype', () => {
  expect(Object.getPrototypeOf(parseEnvFile('A=b', '.env'))).toBeNull();
});

test('a large value in quotes is read', () => {
  const value = 'x\\"\n'.repeat(200_000);
  expect(parseEnvFile(`A="${value}"`, '.env').A).toBe(value);
});

test('reads a file, and says which one it cannot read', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'outlast-env-'));
  try {
    await writeFile(join(folder, '.env'), 'A=b\n');
    expect(await readEnvFile(join(folder, '.env'), '.env')).toEqual({ A: 'b' });
    await expect(readEnvFile(join(folder, 'no.env'), 'no.env')).rejects.toThrow(
      'cannot read no.env: there is no such file',
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});
