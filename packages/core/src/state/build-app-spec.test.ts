import { expect, test } from 'vitest';
import { DEFAULT_RESTART, DEFAULT_STOP } from './app-spec.js';
import { type AppSettings, buildAppSpec } from './build-app-spec.js';

test('what is left out is as start has it', () => {
  expect(buildAppSpec({ argv: ['sleep', '5'] })).toEqual({
    argv: ['sleep', '5'],
    shell: false,
    cwd: null,
    inRelease: false,
    port: null,
    runtime: { python: null, node: null, loginShell: false },
    env: {},
    secretEnv: {},
    hup: 'ignore',
    launcher: 'setsid',
    restart: { policy: 'no', max: 10, backoffSeconds: [1, 60] },
    stop: { signal: 'TERM', graceMs: 10_000 },
    log: { maxSizeBytes: null, keep: 3, split: false },
  });
});

test('part of a group of settings leaves the rest of it as it is', () => {
  const spec = buildAppSpec({ shell: 'a | b', restart: { policy: 'always' }, stop: { signal: 'sigint' } });
  expect(spec).toMatchObject({ argv: ['/bin/sh', '-c', 'a | b'], shell: true });
  expect(spec.restart).toEqual({ ...DEFAULT_RESTART, policy: 'always' });
  expect(spec.stop).toEqual({ ...DEFAULT_STOP, signal: 'INT' });
});

const argv = ['true'];
const REFUSED: readonly [string, unknown][] = [
  ['no program', {}],
  ['two programs', { argv, shell: 'true' }],
  ['an empty argv', { argv: [] }],
  ['an empty program', { argv: [''] }],
  ['an empty shell line', { shell: ' \n' }],
  ['NUL in an argument', { argv: ['echo', 'a\0b'] }],
  ['a folder of two lines', { argv, cwd: '/a\n/b' }],
  ['a name that is none', { argv, env: { 'A-B': 'x' } }],
  ['a secret name that is none', { argv, secretEnv: JSON.parse('{"__proto__": "x"}') }],
  ['NUL in a value', { argv, secretEnv: { A: 'hidden\0' } }],
  ['no signal', { argv, stop: { signal: 'TERMS' } }],
  ['a grace period that is no number', { argv, stop: { graceMs: Number.NaN } }],
  ['a grace period of more than 7 days', { argv, stop: { graceMs: 8 * 86_400_000 } }],
  ['a log that is cut at every line', { argv, log: { maxSizeBytes: 10 } }],
  ['a longest wait before the first', { argv, restart: { backoffSeconds: [5, 1] } }],
];

test.each(REFUSED)('%s is refused before anything is sent', (_what, settings) => {
  expect(() => buildAppSpec(settings as AppSettings)).toThrow(
    expect.objectContaining({ code: 'E_USAGE', message: expect.not.stringContaining('hidden') }),
  );
});
