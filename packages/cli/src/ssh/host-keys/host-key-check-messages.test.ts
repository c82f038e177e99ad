import { expect, test } from 'vitest';
import type { HostSettings } from '../configuration/host-settings.js';
import { formatKey } from './fingerprint.js';
import { buildChangedError, buildUnknownError, formatHostKeyQuestion } from './host-key-check-messages.js';
import { hashName } from './known-hosts-name.js';

const address = { hostname: '192.0.2.7', port: 2222, user: 'me', sshArgs: ['-F', '/my config', 'web1'] };
const settings = { ...address, hostKeyAlias: 'web1', userKnownHostsFiles: [] };
const host = { name: 'web1', settings: settings as unknown as HostSettings };
const makeKey = (fill: number) => Buffer.concat([Buffer.from('\0\0\0\vssh-ed25519\0\0\0 '), Buffer.alloc(32, fill)]);
const [key, other] = [makeKey(1), makeKey(2)];
const entry = { file: '/my kh', line: 3, marker: 'none', patterns: 'web1', type: 'ssh-ed25519', key: other } as const;

test('a changed key is told with both fingerprints and the line', () => {
  expect(buildChangedError(host, entry, key).message).toBe(
    `the host key of web1 (192.0.2.7 port 2222) has changed: known is ${formatKey(other)} (/my kh:3), presented was ${formatKey(key)}`,
  );
});

test.each([
  ['its name alone', { patterns: 'web1' }, /: ssh-keygen -f '\/my kh' -R web1$/],
  ['a hash', { patterns: hashName('web1', Buffer.alloc(20)) }, /: ssh-keygen -f '\/my kh' -R web1$/],
  ['a list', { patterns: 'web1,web2' }, /: correct line 3 of \/my kh by hand, it speaks of more than this host$/],
  ['a wildcard', { patterns: 'web*' }, /: correct line 3 of \/my kh by hand/],
  ['nothing but what this run accepted', { line: 0, file: '' }, /listening in\. Two machines .*: ask its keeper$/],
])('the repair of a changed key under %s spares what is not its own', (_what, change, repair) => {
  expect(buildChangedError(host, { ...entry, ...change }, key).details.hint).toMatch(repair);
});

test('an unknown key is told with its fingerprint, and with whoever else has it', () => {
  const build = (twin: typeof entry | undefined) =>
    buildUnknownError(host, key, { state: 'unknown', certified: false, twin });
  expect(build(undefined).message.endsWith(`which presented ${formatKey(key)}`)).toBe(true);
  expect(build(entry).message).toContain(`${formatKey(key)}, as another host has (/my kh:3)`);
});

test.each([
  ['as it is set', {}, "ssh -F '/my config' web1"],
  ['though nothing may be asked', { batchMode: true }, "ssh -o 'BatchMode=no' -F '/my config' web1"],
  [
    'though unknown keys are refused',
    { strictHostKeyChecking: 'yes' } as const,
    "ssh -o 'StrictHostKeyChecking=ask' -F '/my config' web1",
  ],
])('the line that puts an unknown key on file makes ssh ask, %s', (_what, change, line) => {
  const changed = { ...host, settings: { ...host.settings, ...change } };
  const unknown = { state: 'unknown', certified: false, twin: undefined } as const;
  expect(buildUnknownError(changed, key, unknown).details.hint).toBe(
    `compare it with ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub on the host, then connect once with: ${line}`,
  );
});

test('a question names the file that the key goes to, if any', () => {
  const unknown = { state: 'unknown', certified: false, twin: undefined } as const;
  const ask = (...userKnownHostsFiles: string[]) =>
    formatHostKeyQuestion({ ...host, settings: { ...host.settings, userKnownHostsFiles } }, key, unknown);
  expect(ask('/kh', '/kh2')).toBe(
    `web1 (192.0.2.7 port 2222) is not known yet. Its key is ${formatKey(key)}. Trust it and add it to /kh? (yes/no)`,
  );
  for (const question of [ask(), ask('/dev/null')]) expect(question).toContain('. Trust it? (yes/no)');
});
