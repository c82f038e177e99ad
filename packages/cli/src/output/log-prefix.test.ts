import { describe, expect, test } from 'vitest';
import { buildPalette } from './colors.js';
import { createLogPrefixer, type LogPrefixOptions } from './log-prefix.js';

const WEB1 = { host: 'web1', app: 'dashboard' };
const DB = { host: 'database', app: 'api' };

function createPrefixer(options: Partial<LogPrefixOptions> = {}) {
  return createLogPrefixer({ sources: [WEB1, DB], palette: buildPalette(false), escaped: false, ...options });
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');

describe('lines of many logs', () => {
  test('are aligned by host and app', () => {
    const prefixer = createPrefixer();
    expect(text(prefixer.push(WEB1, Buffer.from('a\nb\n')))).toBe('web1     dashboard | a\nweb1     dashboard | b\n');
    expect(text(prefixer.push(DB, Buffer.from('\n')))).toBe('database api       | \n');
  });

  test('are whole, whatever the chunks', () => {
    const prefixer = createPrefixer({ sources: [] });
    const one = { host: 'w', app: 'a' };
    const two = { host: 'w', app: 'b' };
    const out = [
      prefixer.push(one, Buffer.from('hel')),
      prefixer.push(two, Buffer.from('x\ny')),
      prefixer.push(one, Buffer.from('lo\n')),
    ];
    expect(out.map(text)).toEqual(['', 'w b | x\n', 'w a | hello\n']);
    expect(text(prefixer.end(two))).toBe('w b | y\n');
    expect(text(prefixer.end(two))).toBe('');
  });

  test('keep their bytes off a terminal', () => {
    const prefixer = createPrefixer({ sources: [] });
    const line = Buffer.from([0xff, 0x00, 0x1b, 0x5b, 0x6d, 0x0d, 0x0a]);
    expect(prefixer.push({ host: 'w', app: 'a' }, line)).toEqual(Buffer.concat([Buffer.from('w a | '), line]));
  });

  test('are escaped on a terminal', () => {
    const prefixer = createPrefixer({ sources: [], escaped: true });
    const out = prefixer.push({ host: 'w', app: 'a' }, Buffer.from('\x1b[2J\té\r\n'));
    expect(Buffer.from(out).toString()).toBe('w a | \\x1b[2J\té\\r\n');
  });

  test('do not depend on memory that the caller reuses', () => {
    const prefixer = createPrefixer({ sources: [] });
    const chunk = Buffer.from('abc');
    prefixer.push(WEB1, chunk);
    chunk.fill(0x7a);
    expect(text(prefixer.end(WEB1))).toContain('| abc\n');
  });

  test('are right in a chunk of any size, whatever its prefix makes of it', () => {
    const prefixer = createPrefixer({ sources: [], lineLimit: 300_000 });
    const chunk = Buffer.from(`${'x'.repeat(99)}\n`.repeat(9_000));
    const expected = `w a | ${'x'.repeat(99)}\n`.repeat(9_000);
    expect(text(prefixer.push({ host: 'w', app: 'a' }, chunk))).toBe(expected);
  });

  test('get one colour a host', () => {
    const palette = buildPalette(true);
    const prefixer = createPrefixer({ palette });
    expect(text(prefixer.push(WEB1, Buffer.from('x\n')))).toBe(`${palette.host(0)('web1     dashboard |')} x\n`);
    expect(text(prefixer.push(DB, Buffer.from('x\n')))).toBe(`${palette.host(1)('database api       |')} x\n`);
  });
});

describe('a line without an end', () => {
  test('is written in pieces, so that memory stays flat', () => {
    const prefixer = createPrefixer({ sources: [], lineLimit: 10 });
    const out: string[] = [];
    for (let index = 0; index < 25; index++) out.push(text(prefixer.push({ host: 'w', app: 'a' }, Buffer.from('x'))));
    out.push(text(prefixer.push({ host: 'w', app: 'a' }, Buffer.from('end\n'))));
    expect(out.join('')).toBe('w a | xxxxxxxxxx\nw a | xxxxxxxxxx\nw a | xxxxxend\n');
  });

  test('is never cut within a character', () => {
    const prefixer = createPrefixer({ sources: [], escaped: true, lineLimit: 4 });
    const source = { host: 'w', app: 'a' };
    const euro = Buffer.from('€€');
    const out = [
      prefixer.push(source, euro.subarray(0, 4)),
      prefixer.push(source, euro.subarray(4)),
      prefixer.end(source),
    ];
    expect(Buffer.concat(out).toString()).toBe('w a | €\nw a | €\n');
  });

  test('is written in smaller pieces where many sources hold such lines', () => {
    const prefixer = createPrefixer({ sources: [], lineLimit: 10, totalLimit: 25 });
    const push = (host: string, length: number) =>
      text(prefixer.push({ host, app: 'a' }, Buffer.from('x'.repeat(length))));
    for (const host of ['1', '2', '3']) expect(push(host, 8)).toBe('');
    expect(push('4', 2)).toBe('4 a | xx\n');
    expect(text(prefixer.push({ host: '1', app: 'a' }, Buffer.from('end\n')))).toBe('1 a | xxxxxxxxend\n');
    expect(push('4', 8)).toBe('');
  });
});
