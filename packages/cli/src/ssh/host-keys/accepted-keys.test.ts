import { expect, test } from 'vitest';
import { createAcceptedKeys } from './accepted-keys.js';

const [one, two] = [1, 2].map((fill) => Buffer.from(`\0\0\0\vssh-ed25519\0\0\0 ${String(fill).repeat(32)}`)) as [
  Buffer,
  Buffer,
];

test('a name may have several keys, each once', () => {
  const accepted = createAcceptedKeys();
  expect([one, two, one].map((key) => accepted.add({ name: 'web1', key, file: 'kh' }))).toEqual([true, true, false]);
  expect(accepted.snapshot().lookup('web1')).toMatchObject([
    { file: 'kh', line: 0, marker: 'none', type: 'ssh-ed25519', key: one },
    { key: two },
  ]);
  expect(accepted.snapshot().lookup('web2')).toEqual([]);
});

test('a key is found under the name that had it first', () => {
  const accepted = createAcceptedKeys();
  for (const file of ['first', 'second']) accepted.add({ name: file, key: one, file });
  expect(accepted.snapshot().findKey(one)?.file).toBe('first');
  expect(accepted.snapshot().findKey(two)).toBeUndefined();
});

test('what is accepted later is not in an earlier snapshot', () => {
  const accepted = createAcceptedKeys();
  accepted.add({ name: 'web1', key: one, file: '' });
  const before = accepted.snapshot();
  accepted.add({ name: 'web1', key: two, file: '' });
  expect([before.lookup('web1').length, before.findKey(two)]).toEqual([1, undefined]);
  expect(accepted.snapshot().lookup('web1')).toHaveLength(2);
});
