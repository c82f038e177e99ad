import { expect, test } from 'vitest';
import { completeHint } from './complete-hint.js';

test.each([
  [
    'look with: outlast status web; is the host full?',
    'look with: outlast status -F cfg -H web1 web; is the host full?',
  ],
  ['outlast stop', 'outlast stop -F cfg -H web1'],
  ['see: outlast help start', 'see: outlast help start'],
  ['outlast needs Linux', 'outlast needs Linux'],
])('%j becomes %j', (hint, completed) => {
  expect(completeHint(hint, '-F cfg -H web1')).toBe(completed);
});

test('without flags it stays, and a flag is text, whatever is in it', () => {
  expect(completeHint('outlast stop web', '')).toBe('outlast stop web');
  expect(completeHint('outlast stop web', "-F '$1$&'")).toBe("outlast stop -F '$1$&' web");
});
