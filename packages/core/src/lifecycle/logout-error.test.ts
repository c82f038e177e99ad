import { expect, test } from 'vitest';
import { createLogoutError } from './logout-error.js';

test.each([
  ['setsid no yes deploy', ['--launcher systemd', 'sudo loginctl enable-linger deploy', 'KillUserProcesses=no']],
  ['setsid unknown yes deploy', ['--launcher systemd', 'sudo loginctl enable-linger deploy']],
  ['setsid no yes a b', ["sudo loginctl enable-linger 'a b'"]],
  ['systemd no yes deploy', ['sudo loginctl enable-linger deploy']],
])('the remedy for %j is one that helps there', (detail, parts) => {
  const error = createLogoutError(detail);
  expect(error.code).toBe('E_KILLED_AT_LOGOUT');
  for (const part of parts) expect(error.details.hint).toContain(part);
});

test('no remedy is named that could not help', () => {
  expect(createLogoutError('setsid no no deploy').details.hint).not.toContain('--launcher');
  expect(createLogoutError('setsid yes yes deploy').details.hint).not.toContain('enable-linger');
  expect(createLogoutError('systemd no yes deploy').details.hint).not.toContain('KillUserProcesses');
});
