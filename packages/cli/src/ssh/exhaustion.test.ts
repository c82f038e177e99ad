import { expect, test } from 'vitest';
import { addHost, buildDialError } from './connect-errors.js';

const fail = (code: string) => Object.assign(new Error(`connect ${code}`), { code });

test.each([
  ['EMFILE', /open no more files/, /--parallel.*ulimit -n/],
  ['ENFILE', /open no more files/, /--parallel.*ulimit -n/],
  ['EAGAIN', /start no more processes/, /--parallel.*ulimit -u/],
])('%s is told as what this laptop has run out of, not as a fault of the host', (code, message, hint) => {
  const told = { code: 'E_CONNECT_UNREACHABLE', message: expect.stringMatching(message) };
  const details = { hint: expect.stringMatching(hint) };
  expect(buildDialError(fail(code), { hostname: 'web1', port: 22 })).toMatchObject({ ...told, details });
  expect(addHost(fail(code), 'web1')).toMatchObject({ ...told, details: { ...details, host: 'web1' } });
});
