import { expect, test } from 'vitest';
import { decodeToken, encodeToken } from '../wire/token.js';
import {
  type AppSpec,
  DEFAULT_LOG,
  DEFAULT_RESTART,
  DEFAULT_STOP,
  formatAppSpec,
  NOT_DEPLOYED,
  parseAppSpec,
} from './app-spec.js';

const SPEC: AppSpec = {
  argv: ['a b', '', "it's\n🚀"],
  shell: false,
  cwd: null,
  env: { B: '2', A: 'x'.repeat(10_000) },
  secretEnv: { S: 's' },
  hup: 'ignore',
  launcher: 'setsid',
  restart: DEFAULT_RESTART,
  stop: DEFAULT_STOP,
  log: DEFAULT_LOG,
  ...NOT_DEPLOYED,
};

test('a spec comes back from its lines, none of them longer than a record may be', () => {
  const lines = formatAppSpec(SPEC);
  expect(lines.length).toBeGreaterThan(3);
  expect(lines.every((line) => /^[A-Za-z0-9%._~-]{1,3000}$/.test(line))).toBe(true);
  expect(parseAppSpec(decodeToken(lines.join('')))).toEqual({ ...SPEC, secretEnv: { S: '********' } });
});

test('a record from before there were launchers was started by the only one', () => {
  const { launcher: _, ...old } = SPEC;
  expect(parseAppSpec({ version: 1, ...old })?.launcher).toBe('setsid');
  expect(parseAppSpec({ version: 1, ...SPEC, launcher: 'systemd' })?.launcher).toBe('systemd');
  expect(parseAppSpec({ version: 1, ...SPEC, launcher: 'of another version' })?.launcher).toBe('setsid');
});

test('the order of variables makes no other spec, a value does', () => {
  const { A, B } = SPEC.env as { A: string; B: string };
  expect(formatAppSpec({ ...SPEC, env: { A, B } })).toEqual(formatAppSpec(SPEC));
  expect(formatAppSpec({ ...SPEC, env: { A, B: '3' } })).not.toEqual(formatAppSpec(SPEC));
});

test.each([
  null,
  1,
  'x',
  [],
  {},
  { version: 2, ...SPEC },
  { ...SPEC },
  { version: 1, argv: [] },
  { version: 1, ...SPEC, argv: [1] },
  { version: 1, ...SPEC, secretEnv: null },
  { version: 1, ...SPEC, cwd: 7 },
  { version: 1, ...SPEC, stop: undefined },
])('%j is no spec of ours', (value) => {
  expect(parseAppSpec(decodeToken(encodeToken(value)))).toBeNull();
});
