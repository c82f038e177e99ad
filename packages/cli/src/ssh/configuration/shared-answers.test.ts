import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createSeededRandom, type SeededRandom } from '@outlast/test-fixtures';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SshOptions, Target } from '../transport.js';
import { createHostResolver, resolveHost } from './ssh-config.js';

const folder = mkdtempSync(join(tmpdir(), 'outlast-shared-answers-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const hasSsh = spawnSync('ssh', ['-V']).error === undefined;
const counter = join(folder, 'runs');
const env = { PATH: `${folder}/bin:${process.env.PATH}`, KEYS: '/srv/keys' };

beforeAll(() => {
  if (!hasSsh) return;
  const real = execFileSync('/bin/sh', ['-c', 'command -v ssh'], { encoding: 'utf8' }).trim();
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin/ssh'), `#!/bin/sh\necho run >> '${counter}'\nexec '${real}' "$@"\n`, { mode: 0o755 });
  mkdirSync(join(folder, 'inc'));
  writeFileSync(join(folder, 'inc/10-port.conf'), 'Host web*\n  Port 2200\n');
  writeFileSync(join(folder, 'inc/20-user.conf'), 'User included\nHost db?\n  HostName 192.0.2.9\n');
  writeFileSync(join(folder, 'inc/.hidden.conf'), 'User hidden\n');
  writeFileSync(join(folder, 'inc/matching'), 'Match host web1\n  User matched\n');
});
beforeEach((context) => {
  if (!hasSsh) context.skip('no ssh program on this machine; on Debian and Ubuntu: apt-get install openssh-client');
  writeFileSync(counter, '');
});

const NAMES = ['web1', 'web2', 'web10', 'db1', 'db22', 'a.example.com', 'b.example.com', '192.0.2.7', '192.0.2.8'];
// Names that ssh rewrites, or that only look like names.
const ODD_NAMES = ['Web1', 'DB1', '127.1', '010.0.0.1', '1', '0x7f000001', '::0001', '1and1', 'a.example.com.', 'web'];

interface Asked {
  /** What each host came to, in the order of the names; an error as its code and message. */
  readonly answers: unknown[];
  readonly runs: number;
}

async function ask(
  names: readonly string[],
  resolve: (target: Target) => Promise<unknown>,
  users: readonly (string | undefined)[] = [undefined],
): Promise<Asked> {
  const before = countRuns();
  const targets = names.flatMap((destination) =>
    users.map((user) => ({ name: destination, destination, ...(user === undefined ? {} : { user }) })),
  );
  const answers = await Promise.all(
    targets.map((target) => resolve(target).catch(({ code, message }) => `${code} ${message}`)),
  );
  return { answers, runs: countRuns() - before };
}

const countRuns = () => readFileSync(counter, 'utf8').length / 'run\n'.length;

/** Asks for all names together and for each alone, expects the same of both, and returns the runs that the first took. */
async function compare(
  config: string,
  given: Partial<SshOptions> = {},
  names = [...NAMES.slice(0, 6), 'Web1', '127.1'],
) {
  const configFile = join(folder, 'config');
  writeFileSync(configFile, config.replaceAll('FOLDER', folder));
  const sshOptions = { configFile, identityFiles: [], options: [], ...given };
  const together = await ask(names, createHostResolver({ sshOptions, env }));
  const alone = await ask(names, (target) => resolveHost(target, { sshOptions, env }));
  expect(together.answers).toEqual(alone.answers);
  expect(alone.runs).toBe(names.length);
  return together.runs;
}

describe('one question is enough', () => {
  const many = Array.from({ length: 300 }, (_, index) => `web${index}.example.com`);

  test.each<[string, string, Partial<SshOptions>, number]>([
    ['no configuration at all', '', {}, 1],
    ['a Host line for all', 'Host *\n  User deploy\n  IdentityFile ~/.ssh/fleet\n', {}, 1],
    ['lines before any Host', 'User deploy\nMatch all\n  Port 2222\n', {}, 1],
    ['a ControlPath with tokens', 'ControlMaster auto\nControlPath ~/.ssh/cm-%r@%h:%p-%C\n', {}, 1],
    ['a ProxyCommand with tokens', 'ProxyCommand nc -x proxy:1080 %h %p\n', {}, 1],
    ['a key for each user', 'IdentityFile %d/.ssh/key-%r\nIdentityFile ~/.ssh/key-%h\n', {}, 1],
    ['a jump host', 'Host bastion\n  HostName 192.0.2.1\nHost * !bastion\n  ProxyJump bastion\n', {}, 1],
    ['a HostName for all', 'HostName gateway.example\nHostKeyAlias fleet\n', {}, 1],
    ['two patterns', 'Host web1*\n  User one\nHost web2*.example.com\n  User two\n', {}, 3],
    ['an Include', `Include FOLDER/inc/*.conf\nHost *\n  Port 23\n`, {}, 1],
    ['an Include for some', 'Host web1*\n  Include FOLDER/inc/10*\nHost *\n  User all\n', {}, 2],
    ['flags', '', { user: 'root', jump: 'hop', options: ['Port=77', 'ControlPath=~/%h'] }, 1],
    ['-F none', '', { configFile: 'none' }, 1],
  ])('for each class of hosts: %s', async (_what, config, options, runs) => {
    const sshOptions = { configFile: join(folder, 'config'), identityFiles: [], options: [], ...options };
    writeFileSync(join(folder, 'config'), config.replaceAll('FOLDER', folder));
    expect((await ask(many, createHostResolver({ sshOptions, env }))).runs).toBe(runs);
    await compare(config, options, many.slice(8, 14));
  });

  test('also with the configuration of this user and this machine', async () => {
    const sshOptions = { identityFiles: [], options: [] };
    const together = await ask(NAMES, createHostResolver({ sshOptions, env }));
    const alone = await ask(NAMES, (target) => resolveHost(target, { sshOptions, env }));
    expect(together.answers).toEqual(alone.answers);
  });

  test('for all names but those that ssh rewrites', async () => {
    expect(await compare('Host w*\n  User web\n', {}, [...NAMES, ...ODD_NAMES])).toBe(2 + ODD_NAMES.length - 1);
  });

  test('for each user, since users are told apart', async () => {
    const sshOptions = { configFile: 'none', identityFiles: [], options: [] };
    const { answers, runs } = await ask(NAMES, createHostResolver({ sshOptions, env }), [undefined, 'a', 'b']);
    expect(runs).toBe(3);
    expect(answers.slice(0, 3)).toMatchObject([{ hostname: 'web1' }, { user: 'a' }, { user: 'b', hostname: 'web1' }]);
  });
});

describe('each host is asked for where only ssh can tell', () => {
  test('hosts with key files of their own share no answer', async () => {
    // Of files that are not there ssh says nothing.
    const [run = '', second = '', fourth = ''] = ['key-run', 'key-2', 'key-4'].map((name) => join(folder, name));
    for (const file of [run, second, fourth]) writeFileSync(file, '');
    const sshOptions = { configFile: 'none', identityFiles: [run], options: [] };
    const resolve = createHostResolver({ sshOptions, env });
    const withKey = (destination: string, key?: string) =>
      resolve({ name: destination, destination, ...(key === undefined ? {} : { identityFiles: [key] }) });
    await withKey('web1');
    const found = await Promise.all([withKey('web2', second), withKey('web3'), withKey('web4', fourth)]);
    expect(found.map(({ identityFiles }) => identityFiles)).toEqual([[run, second], [run], [run, fourth]]);
    expect((await withKey('web2', second)).sshArgs.join(' ')).toBe(`-F none -i ${run} -i ${second} web2`);
  });

  test.each<[string, string, Partial<SshOptions>?]>([
    ['a Match on the host', 'Match host web*\n  User matched\n'],
    ['a Match on the name as given', 'Match originalhost web1,db*\n  User matched\n'],
    ['a Match that runs something', 'Match exec "test %h = web1"\n  User matched\n'],
    ['a Match in an Include', 'Include FOLDER/inc/matching\n'],
    ['a Match that comes last', 'Match final host web1\n  User matched\n'],
    ['a HostName with a token', 'HostName %h.internal\n'],
    ['known_hosts with a token', 'UserKnownHostsFile ~/.ssh/known/%h\n'],
    ['known_hosts by alias', 'UserKnownHostsFile ~/.ssh/known/%k\n'],
    ['known_hosts by a hash of the name', 'UserKnownHostsFile ~/.ssh/known/%C\n'],
    ['a hash of the name in a key', 'IdentityFile ~/.ssh/%C\n'],
    ['an agent with a token', 'IdentityAgent ~/.ssh/%n.sock\n'],
    ['a token in -o', '', { options: ['UserKnownHostsFile=/srv/%n'] }],
    ['a HostName with a token in -o', '', { options: ['HostName %h.internal'] }],
    ['a Match in -o', '', { options: ['Match=host web1'] }],
    ['canonical names', 'CanonicalizeHostname yes\nCanonicalDomains invalid\n'],
    ['a Host line in quotes', 'Host "web1" db*\n  User quoted\n'],
    ['a Host line with a comment', 'Host web1 # db1\n  User commented\n'],
    ['a keyword in quotes', '"Host" web1\n  User quoted\n'],
  ])('%s', async (_what, config, options) => {
    expect(await compare(config, options)).toBe(8);
  });

  test('a host that is its own jump host is refused, and no other', async () => {
    const names = ['web1', 'web2', 'web3'];
    expect(await compare('ProxyJump web1\n', {}, names)).toBe(3);
    expect(await compare('ProxyJump web2\n', {}, names)).toBe(2);
  });

  // Whatever another ssh does in its own way, it is found out by what it says.
  test.each([
    ['reads-another-file', 'shift 3; exec REAL -GvF "FOLDER/other-$host" "$@"', { user: 'user-1' }],
    ['applies-other-lines', 'cp FOLDER/other FOLDER/config; exec REAL "$@"', { user: 'user-1' }],
    ['puts-in-the-name', 'REAL "$@" | sed "s/%h/$host/"', { identityFiles: ['/srv/web1'] }],
    ['makes-a-name', 'REAL "$@" | sed "s/^hostname .*/hostname gw-$host/"', { hostname: 'gw-web1' }],
  ])('where an ssh %s', async (name, script, expected) => {
    const path = join(folder, name, 'ssh');
    mkdirSync(dirname(path));
    const body = script.replace('REAL', join(folder, 'bin/ssh')).replaceAll('FOLDER', folder);
    writeFileSync(path, `#!/bin/sh\nfor host; do :; done\n${body}\n`, { mode: 0o755 });
    writeFileSync(join(folder, 'other'), 'Host web1\n  User user-1\nHost web2\n  User user-2\n');
    for (const host of ['web1', 'web2']) writeFileSync(join(folder, `other-${host}`), `User user-${host.at(-1)}\n`);
    writeFileSync(join(folder, 'config'), 'IdentityFile /srv/%h\n');
    const resolver = createHostResolver({
      sshOptions: { configFile: join(folder, 'config'), identityFiles: [], options: [] },
      env: { ...env, PATH: `${dirname(path)}:${env.PATH}` },
    });
    const { answers } = await ask(['web1', 'web2'], resolver);
    const text = JSON.stringify(expected);
    expect(answers).toMatchObject([JSON.parse(text), JSON.parse(text.replaceAll('1', '2'))]);
  });

  test('a refusal of ssh is that of each host', async () => {
    expect(await compare('Prot 22\n', {}, ['web1', 'web2'])).toBe(2);
  });
});

const VALUES: readonly string[] = [
  ...['User one', 'User two', 'Port 2201', 'Port 2202', 'HostName 192.0.2.1', 'HostName web1', 'HostName %h.example'],
  ...['HostKeyAlias fleet', 'HostKeyAlias web2', 'ProxyJump bastion', 'ProxyJump web2', 'ProxyJump none'],
  ...['ProxyCommand nc %h %p', 'ProxyCommand none', 'IdentityFile ~/.ssh/%r', 'IdentityFile ~/.ssh/web1'],
  ...['UserKnownHostsFile ~/.ssh/known_%h', 'UserKnownHostsFile /srv/a /srv/b', 'IdentitiesOnly yes'],
  ...['ControlPath ~/%C', 'CertificateFile ~/c-%n', 'IdentityAgent none', 'Ciphers aes128-ctr', 'ConnectTimeout 9'],
  ...['Include FOLDER/inc/*.conf', 'Include FOLDER/inc/10*', 'Include FOLDER/inc/none', 'RekeyLimit 1G'],
];
const SECTIONS: readonly string[] = [
  ...['Host *', 'Host web*', 'Host web? db1', 'Host * !web1', 'Host !db* *', 'Host *.example.com', 'Host=web1 a*'],
  ...['Host !web1', 'Host WEB1 db1', 'Host 192.0.2.*', 'Host 192.0.2.7', 'HOST  db?\t web10', 'Match all', 'Host w*1*'],
];

function writeRandomConfig(random: SeededRandom): string {
  const lines: string[] = [];
  for (let count = random.integer(1, 14); count > 0; count--) {
    if (random.chance(0.45)) lines.push(random.pick(SECTIONS));
    else lines.push(random.pick(['', '  ', '\t']) + random.pick(VALUES));
  }
  return lines.join(random.pick(['\n', '\r\n', '\n\n# a comment\n']));
}

test.each(Array.from({ length: 20 }, (_, seed) => seed))('a random configuration (%i)', async (seed) => {
  const random = createSeededRandom(`shared-answers-${seed}`);
  const config = writeRandomConfig(random);
  const names = [...NAMES].sort(() => random.next() - 0.5);
  await compare(config, random.chance(0.2) ? { options: [random.pick(VALUES)] } : {}, names).catch((error) => {
    throw new Error(`${config}\n${error.message}`, { cause: error });
  });
});
