import { afterEach, expect, test, vi } from 'vitest';
import { createGarbageCollector } from './garbage.js';

afterEach(() => vi.unstubAllGlobals());

test('garbage is collected now and then in a large fleet, and not in a small one', () => {
  const gc = vi.fn();
  vi.stubGlobal('gc', gc);
  const [small, large] = [createGarbageCollector(), createGarbageCollector()];
  for (let host = 0; host < 100; host++) small();
  expect(gc).not.toHaveBeenCalled();
  for (let host = 0; host < 1_000; host++) large();
  expect(gc).toHaveBeenCalledTimes(4);
});

test('without the launcher nothing is collected, and nothing fails', () => {
  vi.stubGlobal('gc', undefined);
  const collect = createGarbageCollector();
  expect(() => {
    for (let host = 0; host < 1_000; host++) collect();
  }).not.toThrow();
});
