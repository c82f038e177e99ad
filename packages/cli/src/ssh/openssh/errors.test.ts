import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { buildHostSettings } from '../configuration/host-settings.js';
import { buildDialError } from '../connect-errors.js';
import { buildMasterError } from './errors.js';

function readSample(name: string): string {
  return readFileSync(new URL(`./fixtures/${name}.openssh-9.2.txt`, import.meta.url), 'utf8');
}

const settings = buildHostSettings(new Map([['hostkeyalias', ["it's"]]]), {
  destination: 'web1',
  sshArgs: ['web1'],
  expandPath: (path) => path,
  expandProxyCommand: (line) => line,
  authSock: undefined,
  readEnv: () => undefined,
});
const build = (log: string) => buildMasterError({ name: 'web1', settings, log, exitCode: 255 });

test.each([
  ['no-address', 'ENOTFOUND'],
  ['refused', 'ECONNREFUSED'],
  ['unreachable', 'ENETUNREACH'],
  ['reset-while-dialling', 'ECONNRESET'],
])('dialling that fails (%s) is told as over the other transport', (name, code) => {
  const error = build(readSample(name));
  const other = buildDialError(Object.assign(new Error(code), { code }), settings);
  const tell = ({ code, message, details }: typeof error) => ({ code, message, hint: details.hint });
  expect(tell(error)).toEqual(tell(other));
});

test('the repair of a changed key can be typed whatever its file is called', () => {
  const log = readSample('changed-key').replaceAll('/home/me/', "/home/o'neill/");
  expect(build(log).details.hint).toMatch(
    /: ssh-keygen -f '\/home\/o'\\''neill\/\.ssh\/known_hosts_changed' -R 'it'\\''s'$/,
  );
});
