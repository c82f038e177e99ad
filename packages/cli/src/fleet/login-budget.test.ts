import { OutlastError } from '@outlast/core';
import { expect, test } from 'vitest';
import { createLoginBudget } from './login-budget.js';

const refuse = (login: string) => ({ reached: false, error: new OutlastError('E_AUTH', 'refused', { login }) });
const WELCOME = { reached: true };
const SILENT = { reached: false, error: new OutlastError('E_CONNECT_TIMEOUT', 'mute') };

test.each([
  ['as many refusals of one login', [refuse('a'), refuse('a'), refuse('a')], true],
  ['fewer', [refuse('a'), refuse('a')], false],
  ['refusals of different logins', [refuse('a'), refuse('b'), refuse('a')], false],
  ['a host that let us in between them', [refuse('a'), refuse('a'), WELCOME, refuse('a')], false],
  ['a host between them that never answered', [refuse('a'), SILENT, refuse('a'), refuse('a')], true],
  ['a host that let us in too late', [refuse('a'), refuse('a'), refuse('a'), WELCOME], true],
])('%s', (_what, outcomes, spent) => {
  const budget = createLoginBudget(3);
  for (const outcome of outcomes) budget.count(outcome);
  expect(budget.spent).toBe(spent);
});
