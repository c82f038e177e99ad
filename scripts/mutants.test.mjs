import { expect, test } from 'vitest';
import { MUTANTS } from './mutants/guards.mjs';
import { checkTexts } from './mutants/select-mutants.mjs';

test('every guard that mutants take out stands where they look for it', () => {
  expect(checkTexts(MUTANTS)).toEqual([]);
});
