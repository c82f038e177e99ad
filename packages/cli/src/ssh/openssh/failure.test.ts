import { expect, test } from 'vitest';
import { readOpensshSample } from '../../../test/openssh-samples.js';
import {
  findLastWords,
  findProxyWords,
  isRefusedByHop,
  marksHostQuestions,
  readDialError,
  readFailure,
  readForeignLine,
  readHangUp,
  readHostKey,
  readOffendingKey,
  readOfferedKeys,
  readQuestion,
  readSoftware,
  readStage,
} from './failure.js';

test.each([
  ['unknown-key', 'E_HOST_KEY_UNKNOWN', /verification failed/],
  ['unknown-key-strict', 'E_HOST_KEY_UNKNOWN', /No ED25519 host key/],
  ['changed-key', 'E_HOST_KEY_CHANGED', /HAS CHANGED/],
  ['revoked-key', 'E_HOST_KEY_REVOKED', /marked as revoked/],
  ['revoked-by-file', 'E_HOST_KEY_REVOKED', /revoked by file/],
  ['no-kex', 'E_NO_COMMON_ALGORITHM', /no matching key exchange method/],
  ['no-host-key-type', 'E_NO_COMMON_ALGORITHM', /no matching host key type/],
  ['wrong-key', 'E_AUTH', /^publickey,password,keyboard-interactive$/],
  ['too-many-keys', 'E_AUTH', /Too many authentication failures/],
  ['closed-early', 'E_THROTTLED', /^$/],
  ['reset-early', 'E_THROTTLED', /^$/],
  ['max-startups', 'E_THROTTLED', /^Exceeded MaxStartups$/],
  ['hop-gone', 'E_THROTTLED', /^$/],
  ['proxy-refused', 'E_THROTTLED', /^$/],
  ['proxy-unknown-key', 'E_THROTTLED', /^$/],
  ['proxy-unreached', 'E_THROTTLED', /^$/],
  ['proxy-verbose-refused', 'E_THROTTLED', /^$/],
  ['behind-verbose-proxy', 'E_AUTH', /^publickey,password,keyboard-interactive$/],
  ['banner-in-words-of-ssh', 'E_AUTH', /^publickey,password,keyboard-interactive$/],
  ['closed-behind-banner', 'E_CONNECT_CLOSED', /^Connection closed by/],
  ['http', 'E_NOT_SSH', /^HTTP\/1\.1 400/],
  ['smtp', 'E_NOT_SSH', /^220 mail/],
  ['ssh-1', 'E_NOT_SSH', /Protocol major versions differ/],
  ['binary', 'E_NOT_SSH', /invalid characters/],
])('%s is %s', (name, code, said) => {
  const failure = readFailure(readOpensshSample(name));
  expect(failure).toEqual({ code, said: expect.stringMatching(said) });
});

test.each([
  ['no-address', 'ENOTFOUND'],
  ['refused', 'ECONNREFUSED'],
  ['unreachable', 'ENETUNREACH'],
  ['reset-while-dialling', 'ECONNRESET'],
  ['proxy-unreached', undefined],
  ['banner-in-words-of-ssh', undefined],
])('dialling for %s fails with %s', (name, errno) => {
  expect(readDialError(readOpensshSample(name))?.code).toBe(errno);
});

test('a line that a server sends before its banner is told from the words of ssh', () => {
  expect(readForeignLine(readOpensshSample('smtp'))).toBe('220 mail ESMTP');
  for (const name of ['mute', 'max-startups', 'connected', 'banner-in-words-of-ssh'])
    expect(readForeignLine(readOpensshSample(name))).toBeUndefined();
});

test('what a talkative ssh says as ProxyCommand is not taken for what ours says', () => {
  const [refused, behind] = [readOpensshSample('proxy-verbose-refused'), readOpensshSample('behind-verbose-proxy')];
  expect([readHostKey(refused), readSoftware(refused), readOfferedKeys(refused)]).toEqual([undefined, '', []]);
  expect(readOfferedKeys(behind)).toEqual(['/home/me/.ssh/stranger']);
  expect(readHostKey(behind)).toBe(readHostKey(readOpensshSample('banner-in-words-of-ssh')));
});

test('what ssh says of keys is read', () => {
  const changed = readOpensshSample('changed-key');
  expect(readHostKey(changed)).toMatch(/^ssh-ed25519 SHA256:[\w+/]{43}$/);
  expect(readOffendingKey(changed)).toEqual({ file: '/home/me/.ssh/known_hosts_changed', line: '1' });
  expect(readOfferedKeys(readOpensshSample('wrong-key'))).toEqual(['/home/me/.ssh/stranger']);
  expect(readOfferedKeys(readOpensshSample('too-many-keys'))).toHaveLength(6);
});

test('a host that hung up on the last of several tries is told from one that refused them all', () => {
  expect(readHangUp(readOpensshSample('too-many-keys'))).toEqual({
    tries: 6,
    words: 'Too many authentication failures',
    methods: 'publickey,password,keyboard-interactive',
  });
  expect(readHangUp(readOpensshSample('wrong-key'))).toBeUndefined();
});

test('a jump host that leads nowhere is told from one that has gone', () => {
  expect(
    ['hop-refused', 'hop-gone', 'banner-in-words-of-ssh'].map((name) => isRefusedByHop(readOpensshSample(name))),
  ).toEqual([true, false, false]);
});

test('the last words are those of whoever had the last word', () => {
  expect(findProxyWords(readOpensshSample('proxy-failed'))).toBe('no route for you');
  expect(findProxyWords(readOpensshSample('proxy-refused'))).toMatch(/^root@127\.0\.0\.1: Permission denied/);
  expect(findLastWords(readOpensshSample('too-many-keys'))).toMatch(/^Disconnected from/);
  expect(findLastWords(readOpensshSample('connected'))).toBe('');
});

test.each([
  ['mute', 'waiting for the banner'],
  ['mute-behind-banner', 'exchanging keys'],
  ['wrong-key', 'waiting for the authentication'],
])('%s is a sample of %s', (name, stage) => {
  const stages = readOpensshSample(name).split(/\r?\n/).map(readStage);
  expect(stages.filter((one) => one !== undefined).at(-1)).toBe(stage);
});

test('a question about a host key is told from one for a secret', () => {
  const key = expect.stringMatching(/^ED25519 SHA256:[\w+/]{43}$/);
  expect(readQuestion(readOpensshSample('ask-host-key'))).toEqual({ kind: 'host-key', key });
  const path = '/home/me/.ssh/id_locked';
  expect(readQuestion(readOpensshSample('ask-passphrase'))).toEqual({ kind: 'passphrase', path });
  expect(readQuestion(readOpensshSample('ask-password'))).toEqual({ kind: 'secret' });
  // A host that asks for the same by keyboard-interactive.
  expect(readQuestion(readOpensshSample('ask-host-in-words-of-ssh'))).toEqual({ kind: 'secret' });
  expect(readQuestion("Please type 'yes', 'no' or the fingerprint: ")).toEqual({ kind: 'secret' });
});

test('a path that ssh may have cut off does not say which key is meant', () => {
  const ask = (length: number) => readQuestion(`Enter passphrase for key '${'/'.padEnd(length, 'k')}': `).kind;
  expect([ask(99), ask(100)]).toEqual(['passphrase', 'secret']);
});

test.each([
  ['OpenSSH_7.4p1', false],
  ['OpenSSH_8.4p1 Debian-5+deb11u3', false],
  ['OpenSSH_8.5p1', true],
  ['OpenSSH_8.10p1', true],
  ['OpenSSH_9.2p1 Debian-2+deb12u10', true],
  ['OpenSSH_10.0p2 Debian-7', true],
  ['Sun_SSH_2.4', false],
  [null, false],
])('%s marks what a host asks: %s', (version, marks) => {
  expect(marksHostQuestions(version)).toBe(marks);
});
