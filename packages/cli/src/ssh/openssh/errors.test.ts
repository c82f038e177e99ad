import { expect, test } from 'vitest';
import { buildSettings, readOpensshSample } from '../../../test/openssh-samples.js';
import { buildDialError } from '../connect-errors.js';
import { buildMasterError } from './errors.js';

const settings = buildSettings(new Map([['hostkeyalias', ["it's"]]]));
const build = (log: string) => buildMasterError({ name: 'web1', settings, log, exitCode: 255 });

test.each([
  ['no-address', 'ENOTFOUND'],
  ['refused', 'ECONNREFUSED'],
  ['unreachable', 'ENETUNREACH'],
  ['reset-while-dialling', 'ECONNRESET'],
])('dialling that fails (%s) is told as over the other transport', (name, code) => {
  const error = build(readOpensshSample(name));
  const other = buildDialError(Object.assign(new Error(code), { code }), settings);
  const tell = ({ code, message, details }: typeof error) => ({ code, message, hint: details.hint });
  expect(tell(error)).toEqual(tell(other));
});

test('the repair of a changed key can be typed whatever its file is called', () => {
  const log = readOpensshSample('changed-key').replaceAll('/home/me/', "/home/o'neill/");
  expect(build(log).details.hint).toMatch(
    /: ssh-keygen -f '\/home\/o'\\''neill\/\.ssh\/known_hosts_changed' -R 'it'\\''s'$/,
  );
});
