import { expect, test } from 'vitest';
import { formatSuggestion, suggestNearest } from './suggest.js';

test.each([
  ['grps', ['hosts', 'groups', 'apps'], 'groups'],
  ['dashbaord', ['dashboard', 'worker'], 'dashboard'],
  ['WEB1', ['web1', 'web2'], 'web1'],
  ['enviroment', ['env', 'environment'], 'environment'],
  ['ab', ['ba', 'xyz'], 'ba'],
])('takes %j for the nearest of %j', (word, known, nearest) => {
  expect(suggestNearest(word, known)).toBe(nearest);
});

test.each([
  ['zzz', ['hosts', 'groups']],
  ['', ['a']],
  ['x'.repeat(65), [`${'x'.repeat(64)}y`]],
  ['a', []],
])('offers nothing for %j', (word, known) => {
  expect(suggestNearest(word, known)).toBeUndefined();
  expect(formatSuggestion(word, known)).toBe('');
});

test('formats a question for the end of a message', () => {
  expect(formatSuggestion('grps', ['groups'], '`')).toBe('; did you mean `groups`?');
});
