import { OutlastError } from '@outlast/core';
import { describe, expect, test } from 'vitest';
import type { RowShape } from './row-shapes.js';
import { parseRowTemplate } from './row-template.js';

const SHAPE: RowShape = { list: 'apps', fields: ['app', 'pid', 'ports', 'argv', 'spec', 'none'], columns: {} };
const ROW = {
  own: { app: 'dashboard', pid: null, ports: [80, 443], none: [], argv: ['a b', 'c\nd'], spec: { hup: 'ignore' } },
  outcome: { host: 'web1', ok: false, apps: [], error: { code: 'E_AUTH', message: 'no\u001b[2J' } },
};

const format = (text: string) => parseRowTemplate(text, SHAPE).format(ROW);

function refuse(text: string): OutlastError {
  try {
    parseRowTemplate(text, SHAPE);
  } catch (error) {
    if (error instanceof OutlastError) return error;
    throw error;
  }
  throw new Error(`${text} was not refused`);
}

describe('a line', () => {
  test.each([
    ['{host} {app}', 'web1 dashboard\n'],
    ['{host}\\t{ok}\\n{app}', 'web1\tfalse\ndashboard\n'],
    ['{pid}', '-\n'],
    ['{ports}', '80,443\n'],
    ['{none}', '-\n'],
    ['{spec}', '{"hup":"ignore"}\n'],
    ['{error.code}', 'E_AUTH\n'],
    ['{error.via}', '-\n'],
    ['{{"host":"{host}"}}', '{"host":"web1"}\n'],
    ['C:\\\\t{app}\\x', 'C:\\tdashboard\\x\n'],
  ])('%s is %j', (text, line) => {
    expect(format(text)).toBe(line);
  });

  test('cannot be broken or act on the terminal by what a host says', () => {
    expect(format('{argv} {error.message}')).toBe('a b,c\\nd no\\x1b[2J\n');
  });
});

describe('refused before anything is sent', () => {
  test('is a field that the verb does not have, with the one that was probably meant', () => {
    expect(refuse('{host} {prots}')).toMatchObject({
      code: 'E_USAGE',
      message: 'there is no field "prots"; did you mean "ports"?',
    });
    expect(refuse('{apps}').message).toContain('there is no field "apps"');
    expect(refuse('{}').message).toContain('there is no field ""');
    expect(refuse('{__proto__}').code).toBe('E_USAGE');
    expect(refuse('{error.constructor}').code).toBe('E_USAGE');
  });

  test.each(['', 'json', 'wide', '{{host}}'])('is %j, which names no field', (text) => {
    expect(refuse(text)).toMatchObject({ code: 'E_USAGE', details: { hint: expect.stringContaining('--json') } });
  });

  test.each(['{host', 'host}', '{host}}', '{a{b}'])('is %j, whose braces do not match', (text) => {
    expect(refuse(text)).toMatchObject({ code: 'E_USAGE' });
  });
});
