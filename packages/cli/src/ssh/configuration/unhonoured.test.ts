import { readFileSync } from 'node:fs';
import { OutlastError } from '@outlast/core';
import { describe, expect, test } from 'vitest';
import type { TransportName } from '../transports.js';
import type { HostSettings } from './host-settings.js';
import { parseSshConfigOutput } from './raw-settings.js';
import { createHostResolver, resolveHost } from './ssh-config.js';
import { addUnhonoured, findUnhonoured, type SaidWhen, selectSaid, UNHONOURED_KEYWORDS } from './unhonoured.js';

const withoutSsh = { PATH: '/no/such/folder', SSH_AUTH_SOCK: '/run/agent' };
const target = { name: 'web1', destination: 'web1' };
const documentation = readFileSync(new URL('../../../../../docs/ssh-configuration.md', import.meta.url), 'utf8');
const readKeywords = (text: string): string[] =>
  [...text.matchAll(/`([A-Z][A-Za-z0-9]+)`/g)].map(([, word]) => word ?? '');

type Followed = Omit<HostSettings, 'sshArgs'>;
const resolve = (...options: string[]): Promise<Followed> => resolveFor('ssh2', options);

/** The settings, without the words that say them again. */
async function resolveFor(transport: TransportName, options: readonly string[]): Promise<Followed> {
  const sshOptions = { configFile: 'none', identityFiles: [], options };
  const { sshArgs: _sshArgs, ...settings } = await resolveHost(target, { sshOptions, env: withoutSsh, transport });
  return settings;
}

/** The keywords in the rows of the table in the documentation that begin so. */
function readTable(what: string): string[] {
  return documentation
    .split('\n')
    .filter((line) => line.split('|')[1]?.trim() === what)
    .flatMap(readKeywords);
}

// What each does not say by itself.
const SAMPLES: Readonly<Record<string, string>> = {
  ...{
    AddressFamily: 'inet',
    StrictHostKeyChecking: 'no',
    Port: '77',
    ProxyCommand: 'nc',
    IdentityAgent: '/run/other',
  },
  ...{ ConnectTimeout: '9', ServerAliveInterval: '9', ServerAliveCountMax: '9', NumberOfPasswordPrompts: '9' },
  ...{
    HashKnownHosts: 'yes',
    IdentitiesOnly: 'yes',
    BatchMode: 'yes',
    RekeyLimit: '1G 1h',
    ConnectionAttempts: '2',
    RequiredRSASize: '3072',
  },
  ...{
    PubkeyAuthentication: 'no',
    PasswordAuthentication: 'no',
    KbdInteractiveAuthentication: 'no',
    TCPKeepAlive: 'no',
  },
  ...{ KnownHostsCommand: '/bin/x', PKCS11Provider: '/x.so', SecurityKeyProvider: '/x.so', BindInterface: 'eth0' },
  ...{ FingerprintHash: 'MD5', LocalCommand: 'true', RemoteCommand: 'true', SetEnv: 'A=b', ForwardAgent: '/run/other' },
  ...{ DynamicForward: '1080', LocalForward: '1 a:1', RemoteForward: '1 a:1', Tunnel: 'point-to-point' },
};
const YES = 'VerifyHostKeyDNS GSSAPIKeyExchange NoHostAuthenticationForLocalhost UseKeychain GSSAPIAuthentication';
const MORE_YES = 'HostbasedAuthentication AddKeysToAgent CheckHostIP Compression ForwardX11';
const yes = new Set(`${YES} ${MORE_YES}`.split(' '));
const sampleOf = (keyword: string): string => SAMPLES[keyword] ?? (yes.has(keyword) ? 'yes' : '/srv/other');

describe('the table in the documentation', () => {
  test.each(readTable('followed'))('%s is followed', async (keyword) => {
    const settings = await resolve(`${keyword}=${sampleOf(keyword)}`);
    expect(settings).not.toEqual(await resolve());
    expect(settings.notHonoured).toEqual([]);
  });

  test.each<SaidWhen>(['in a run', 'host key unknown', 'not let in', 'only in hosts'])('%s', async (when) => {
    const keywords = readTable(when);
    for (const keyword of keywords) {
      const options = [`${keyword}=${sampleOf(keyword)}`, 'PermitLocalCommand=yes'];
      const { notHonoured } = await resolve(...options);
      expect(notHonoured).toEqual([keyword]);
    }
    expect(keywords.toSorted()).toEqual(selectSaid(UNHONOURED_KEYWORDS, when).toSorted());
  });

  test.each(readTable('never said'))('%s is taken without a word', async (keyword) => {
    expect(await resolve(`${keyword}=x`)).toEqual(await resolve());
  });
});

test('over openssh only what the documentation names has no effect', async () => {
  const paragraph = documentation.split('\n\n').find((text) => text.startsWith('Over `openssh`')) ?? '';
  const options = UNHONOURED_KEYWORDS.map((keyword) => `${keyword}=${sampleOf(keyword)}`);
  const { notHonoured } = await resolveFor('openssh', [...options, 'PermitLocalCommand=yes']);
  expect(notHonoured.toSorted()).toEqual(readKeywords(paragraph).toSorted());
});

test('what ssh prints without anybody having set it is not said', () => {
  const defaults = parseSshConfigOutput(`rekeylimit 0 0
gssapikeyexchange no
verifyhostkeydns false
securitykeyprovider internal
addkeystoagent false
checkhostip no
compression no
connectionattempts 1
fingerprinthash SHA256
forwardagent no
forwardx11 no
hostbasedauthentication no
nohostauthenticationforlocalhost no
tcpkeepalive yes
tunnel false
pkcs11provider none
`);
  expect(findUnhonoured(defaults, 'ssh2')).toEqual([]);
});

test('a warning comes once a run for each keyword that matters in any case', async () => {
  const warnings: string[] = [];
  const options = ['RekeyLimit=1G', 'BindInterface=eth0', 'Compression=yes', 'GSSAPIAuthentication=yes'];
  const sshOptions = { configFile: 'none', identityFiles: [], options };
  const resolver = createHostResolver({ sshOptions, env: withoutSsh, warn: (message) => warnings.push(message) });
  for (const destination of ['web1', 'web2']) await resolver({ name: destination, destination });
  expect(warnings).toEqual([expect.stringMatching(/^RekeyLimit /), expect.stringMatching(/^BindInterface /)]);
  const followed: string[] = [];
  const source = { sshOptions, env: withoutSsh, transport: 'openssh' as const };
  await createHostResolver({ ...source, warn: (message) => followed.push(message) })(target);
  expect(followed).toEqual([]);
});

test.each([
  ['E_HOST_KEY_UNKNOWN', 'file it; KnownHostsCommand of the ssh configuration can only be followed by OpenSSH itself'],
  ['E_AUTH', 'file it; PKCS11Provider of the ssh configuration can only be followed by OpenSSH itself'],
  ['E_RESOLVE', 'file it'],
] as const)('%s says what ssh would have followed', (code, hint) => {
  const error = new OutlastError(code, 'no', { hint: 'file it', host: 'web1' });
  const said = addUnhonoured(error, ['Compression', 'KnownHostsCommand', 'PKCS11Provider']);
  expect(said).toMatchObject({ code, message: 'no', details: { hint, host: 'web1' } });
});
