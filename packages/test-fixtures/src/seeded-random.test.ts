import { expect, test } from 'vitest';
import { createSeededRandom } from './seeded-random.js';

const draw = (seed: string, count: number) => {
  const random = createSeededRandom(seed);
  return Array.from({ length: count }, () => random.integer(0, 9));
};

test('the same seed makes the same choices, another one others', () => {
  expect(draw('1/races/7', 50)).toEqual(draw('1/races/7', 50));
  expect(draw('1/races/7', 50)).not.toEqual(draw('1/races/8', 50));
});

test('every choice comes up, and none outside', () => {
  const drawn = draw('1', 1000);
  expect(new Set(drawn)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
  for (const digit of new Set(drawn)) expect(drawn.filter((other) => other === digit).length).toBeGreaterThan(60);
});
