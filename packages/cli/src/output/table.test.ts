import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { buildPalette } from './colors.js';
import { formatTable } from './table.js';

const COLUMNS = [{ title: 'HOST' }, { title: 'PID', align: 'right' }, { title: 'PATH', shrinks: true }] as const;

test('columns are aligned, two spaces apart, without trailing spaces', async () => {
  const table = await formatTable(COLUMNS, [
    ['web1', '7', '/srv'],
    ['database', '12345', ''],
  ]);
  expect(table).toBe('HOST        PID  PATH\nweb1          7  /srv\ndatabase  12345\n');
});

test('wide characters take two columns', async () => {
  const table = await formatTable(
    [{ title: 'A' }, { title: 'B' }],
    [
      ['日本', 'x'],
      ['abcd', 'y'],
    ],
  );
  expect(table).toBe('A     B\n日本  x\nabcd  y\n');
});

test('a column that shrinks gives way to the width of the terminal', async () => {
  const table = await formatTable(COLUMNS, [['web1', '12345', '/srv/a/very/long/path/indeed']], { width: 30 });
  expect(table).toBe('HOST    PID  PATH\nweb1  12345  /srv/a/very/long…\n');
});

test('a column that shrinks last keeps its width while another has some to give', async () => {
  const columns = [
    { title: 'HOST', shrinks: 'last' },
    { title: 'PATH', shrinks: true },
  ] as const;
  const rows = [['deploy@192.0.2.11', '/srv/long/path']];
  expect(await formatTable(columns, rows, { width: 28 })).toContain('deploy@192.0.2.11  /srv/lon…');
  expect(await formatTable(columns, rows, { width: 22 })).toMatch(/^deploy@192… {2}\/srv\/lon…$|deploy@192\.…/m);
});

test.each([1, 2, 5, 9, 14, 20])('no line is longer than a terminal of %i columns', async (width) => {
  const rows = [['web1日本日本', '12345', '/srv/日本/long/path/indeed']];
  const table = await formatTable(COLUMNS, rows, { width });
  for (const line of table.split('\n')) expect(stringWidth(line)).toBeLessThanOrEqual(width);
  expect(table).toContain('…');
});

test('an unknown width cuts nothing', async () => {
  const long = 'x'.repeat(500);
  expect(await formatTable(COLUMNS, [['web1', '1', long]], { width: 0 })).toContain(long);
});

test('colour is put around the text after it was measured', async () => {
  const { green, bold } = buildPalette(true);
  const table = await formatTable([{ title: 'STATE' }, { title: 'PID' }], [[{ text: 'up', style: green }, '7']], {
    header: bold,
  });
  expect(table).toBe('\x1b[1mSTATE\x1b[22m  \x1b[1mPID\x1b[22m\n\x1b[32mup\x1b[39m     7\n');
});

test('without rows and header there is nothing', async () => {
  expect(await formatTable(COLUMNS, [], { header: false })).toBe('');
});
