import { createFinding } from '@outlast/core';
import { expect, test } from 'vitest';
import { buildPalette } from './colors.js';
import { formatDiagnosis } from './format-diagnosis.js';

const palette = buildPalette(false);
const well = createFinding('clock', 'ok', 'the clocks agree');
const noted = createFinding('setsid', 'note', 'no setsid', 'install it');
const killed = createFinding('logout', 'problem', 'everything dies', 'sudo mend it');

test('the worst comes first, equal findings are folded, and each has its remedy beneath', async () => {
  const diagnoses = [
    { host: null, findings: [well] },
    { host: 'web1', findings: [noted, well] },
    { host: 'web2', findings: [killed, noted, well] },
    { host: 'db', findings: [well] },
  ];
  expect(await formatDiagnosis(diagnoses, { palette, verbose: false })).toBe(
    [
      'HOST                LEVEL    CHECK   FINDING',
      'web2                problem  logout  everything dies',
      '                                     → sudo mend it',
      'web[1-2] (2 hosts)  note     setsid  no setsid',
      '                                     → install it',
      'this laptop         ok       all     1 checks, nothing in the way',
      'db                  ok       all     1 checks, nothing in the way',
      '',
    ].join('\n'),
  );
});

test('what is well is shown when asked for', async () => {
  const text = await formatDiagnosis([{ host: 'web1', findings: [noted, well] }], { palette, verbose: true });
  expect(text).toMatch(/note +setsid +no setsid\n.*→ install it\nweb1 +ok +clock +the clocks agree\n$/);
});

test('text of the host cannot reach the terminal as it is', async () => {
  const nasty = createFinding('shell', 'note', 'a\u001b[2Jb\nc', '\u202erm');
  const text = await formatDiagnosis([{ host: 'web1', findings: [nasty] }], { palette, verbose: false });
  expect(text).toContain('a\\x1b[2Jb\\nc');
  expect(text).toContain('→ \\u202erm');
});

test('a message is never cut', async () => {
  const long = createFinding('shell', 'note', 'x'.repeat(500), 'y'.repeat(500));
  const text = await formatDiagnosis([{ host: 'web1', findings: [long] }], { palette, verbose: false });
  expect(text).toContain('x'.repeat(500));
  expect(text).toContain('y'.repeat(500));
});

test('levels are coloured where there is colour', async () => {
  const text = await formatDiagnosis([{ host: 'web1', findings: [killed] }], {
    palette: buildPalette(true),
    verbose: false,
  });
  expect(text).toContain('\u001b[31mproblem\u001b[39m');
});
