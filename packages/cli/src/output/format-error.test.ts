import { OutlastError } from '@outlast/core';
import { describe, expect, test } from 'vitest';
import { buildPalette } from './colors.js';
import { describeError } from './describe-error.js';
import { formatFatalError, formatHostErrors } from './format-error.js';

const LAYOUT = { palette: buildPalette(false) };
const TIMEOUT = { code: 'E_CONNECT_TIMEOUT', message: 'no answer in 10 s', hint: 'is the host up?' };

describe('the errors of hosts', () => {
  test('equal ones are folded, others stand in lines of their own, aligned', () => {
    const errors = [
      { host: 'web1', error: TIMEOUT },
      { host: 'db', error: { code: 'E_AUTH', message: 'no identity was accepted', via: 'bastion' } },
      { host: 'web2', error: TIMEOUT },
      { host: 'web3', error: TIMEOUT },
      { host: 'web7', error: TIMEOUT },
    ];
    expect(formatHostErrors(errors, LAYOUT)).toBe(
      [
        'web[1-3,7] (4 hosts)  E_CONNECT_TIMEOUT  no answer in 10 s',
        '      → is the host up?',
        'db                    E_AUTH             no identity was accepted (via bastion)\n',
      ].join('\n'),
    );
  });

  test('the last lines of the log are indented and escaped', () => {
    const error = { code: 'E_START_FAILED', message: 'exited 1', lastLines: ['\x1b[31mboom', 'bye\r'], hint: null };
    expect(formatHostErrors([{ host: 'web1', error }], LAYOUT)).toBe(
      'web1  E_START_FAILED  exited 1\n      | \\x1b[31mboom\n      | bye\\r\n',
    );
  });

  test('errors that differ only in the lines of the log are not folded', () => {
    const error = { code: 'E_START_FAILED', message: 'exited 1' };
    const text = formatHostErrors(
      [
        { host: 'web1', error: { ...error, lastLines: ['a'] } },
        { host: 'web2', error: { ...error, lastLines: ['b'] } },
      ],
      LAYOUT,
    );
    expect(text).toContain('| a');
    expect(text).toContain('| b');
  });

  test('a message from the host cannot write to the terminal', () => {
    const error = { code: 'E_NOT_SSH', message: 'got \x1b]0;x\x07\nHTTP', hint: 'a\x1bb', via: 'j\u202e' };
    expect(formatHostErrors([{ host: 'w\x1b', error }], LAYOUT)).toBe(
      'w\\x1b  E_NOT_SSH  got \\x1b]0;x\\x07\n      HTTP (via j\\u202e)\n      → a\\x1bb\n',
    );
  });

  test('names that fold into no short label stand above their error, and a terminal shows three lines of them', () => {
    const hosts = Array.from(
      { length: 60 },
      (_, index) => `host-${String.fromCharCode(97 + (index % 26)).repeat(index + 1)}`,
    );
    const errors = [
      ...hosts.map((host) => ({ host, error: TIMEOUT })),
      { host: 'db', error: { ...TIMEOUT, hint: null } },
    ];
    const [names, first, , last] = formatHostErrors(errors, LAYOUT).split('\n');
    expect(names).toBe(`${hosts.join(',')} (60 hosts)`);
    expect(first).toBe('      E_CONNECT_TIMEOUT  no answer in 10 s');
    expect(last).toBe('db  E_CONNECT_TIMEOUT  no answer in 10 s');
    const [cut = ''] = formatHostErrors(errors, { ...LAYOUT, width: 80 }).split('\n');
    expect(cut).toMatch(/^host-a,host-bb,.*,… \(60 hosts, -v names all\)$/);
    expect(cut.indexOf('…')).toBeLessThanOrEqual(240);
    expect(formatHostErrors(errors, { ...LAYOUT, width: 80, verbose: true })).toContain(
      `${hosts.join(',')} (60 hosts)`,
    );
  });

  test('a hint that can be typed has the flags of the run', () => {
    const error = { ...TIMEOUT, hint: 'see: outlast status' };
    expect(formatHostErrors([{ host: 'web1', error }], { ...LAYOUT, repeated: '-H web1' })).toContain(
      '→ see: outlast status -H web1\n',
    );
  });

  test('no error is no line', () => {
    expect(formatHostErrors([], LAYOUT)).toBe('');
  });
});

describe('an error that ends the run', () => {
  const cause = new Error('EACCES: /x', { cause: new Error('deepest') });
  const error = describeError(
    new OutlastError('E_CONFIG', 'outlast.yaml:3:1: a\noutlast.yaml:4:1: b', { hint: 'fix it', cause }),
  );

  test('keeps the lines of its message, and shows no stack', () => {
    expect(formatFatalError(error, LAYOUT)).toBe(
      'error: outlast.yaml:3:1: a\n      outlast.yaml:4:1: b\n      → fix it\n',
    );
  });

  test('shows stack and causes when asked', () => {
    const text = formatFatalError(error, { ...LAYOUT, verbose: true });
    expect(text).toContain('format-error.test.ts');
    expect(text).toContain('caused by: Error: EACCES: /x');
    expect(text).toContain('caused by: Error: deepest');
  });

  test('a ring of causes ends', () => {
    const ring = new Error('ring');
    ring.cause = ring;
    const text = formatFatalError(describeError(ring), { ...LAYOUT, verbose: true });
    expect(text.split('caused by: Error: ring')).toHaveLength(2);
  });
});

test('what we did not throw on purpose is E_INTERNAL with a way to report it', () => {
  expect(describeError(new TypeError('x is not a function'))).toMatchObject({
    code: 'E_INTERNAL',
    message: 'x is not a function',
  });
  expect(describeError('text').message).toBe('text');
  expect(describeError(undefined).hint).toContain('--verbose');
});
