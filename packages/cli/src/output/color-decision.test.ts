import { describe, expect, test } from 'vitest';
import { resolveColor } from './color-decision.js';

describe('colour is decided once, by the first of these that speaks', () => {
  test.each([
    ['a terminal', { env: { TERM: 'xterm' }, isTTY: true }, true],
    ['no terminal', { env: { TERM: 'xterm' }, isTTY: false }, false],
    ['a dumb terminal', { env: { TERM: 'dumb' }, isTTY: true }, false],
    ['NO_COLOR on a terminal', { env: { NO_COLOR: '1' }, isTTY: true }, false],
    ['NO_COLOR that is empty', { env: { NO_COLOR: '' }, isTTY: true }, true],
    ['NO_COLOR beside FORCE_COLOR', { env: { NO_COLOR: '1', FORCE_COLOR: '1' }, isTTY: true }, false],
    ['FORCE_COLOR off a terminal', { env: { FORCE_COLOR: '1' }, isTTY: false }, true],
    ['FORCE_COLOR=0 on a terminal', { env: { FORCE_COLOR: '0' }, isTTY: true }, false],
    ['FORCE_COLOR that is empty', { env: { FORCE_COLOR: '' }, isTTY: false }, false],
    ['--color beside NO_COLOR', { flag: true, env: { NO_COLOR: '1' }, isTTY: false }, true],
    ['--no-color beside FORCE_COLOR', { flag: false, env: { FORCE_COLOR: '1' }, isTTY: true }, false],
  ])('%s', (_name, facts, expected) => {
    expect(resolveColor(facts)).toBe(expected);
  });
});
