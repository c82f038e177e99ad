import { OutlastError } from '@outlast/core';
import { expect, test } from 'vitest';
import type { Outcome } from '../fleet/outcome.js';
import { buildPalette } from './colors.js';
import { formatSummary } from './format-summary.js';

type Case = Omit<Outcome<unknown>, 'host' | 'value'>;

const OK: Case = { ok: true, reached: true };
const FAILED: Case = { ok: false, reached: true };
const REFUSED: Case = { ok: false, reached: false, error: new OutlastError('E_CONNECT_REFUSED', 'refused') };
const LOST: Case = { ok: null, reached: false, error: new OutlastError('E_UNKNOWN_RESULT', 'lost') };
const SKIPPED: Case = { ok: false, reached: false, error: new OutlastError('E_SKIPPED', 'too many had failed') };

const summarise = (...cases: readonly Case[]) =>
  formatSummary(
    cases.map((each, index) => ({ host: `web${index}`, ...each })),
    buildPalette(false),
  );

test('every host counts as one of five', () => {
  expect(summarise(OK, OK, FAILED, REFUSED, LOST, SKIPPED)).toBe(
    '6 hosts: 2 ok, 1 failed, 1 unreachable, 1 unknown, 1 skipped\n',
  );
});

test('what does not occur is left out', () => {
  expect(summarise(OK, REFUSED, REFUSED)).toBe('3 hosts: 1 ok, 2 unreachable\n');
});

test('there is none where all is well, and none of a single host', () => {
  expect(summarise(OK, OK)).toBe('');
  expect(summarise(REFUSED)).toBe('');
  expect(summarise()).toBe('');
});
