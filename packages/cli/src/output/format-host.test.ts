import { expect, test } from 'vitest';
import { formatHost } from './format-host.js';

test.each([
  ['web1', 'web1'],
  ['deploy@web1:2222', 'deploy@web1:2222'],
  ['[2001:db8::1]:22', '[2001:db8::1]:22'],
  ['bücher.example', 'xn--bcher-kva.example'],
  ['ann@bücher.example:2222', 'ann@xn--bcher-kva.example:2222'],
  // The first letter is a Cyrillic one.
  ['аpple.example', 'xn--pple-43d.example'],
  ['web\x1b1', 'web\\x1b1'],
  ['web\u202e1', 'web\\u202e1'],
])('%j is shown as %s', (host, expected) => {
  expect(formatHost(host)).toBe(expected);
});
