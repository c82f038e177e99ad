import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatKnownHostName } from '@outlast/test-fixtures';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { askInProcess } from '../in-process.js';
import { useLab } from '../program-lab.js';

// The key exchange that ssh prefers takes it 0.1 s of processor time.
const kex = 'KexAlgorithms curve25519-sha256';
const lab = useLab(['one', 'two'], { sshd: { config: [kex] } });
let folder = '';
let hasSsh = false;

beforeAll(async () => {
  folder = join(lab.laptop.home, 'ssh files');
  hasSsh = (await lab.laptop.run(['/bin/sh', '-c', 'command -v ssh'])).exitCode === 0;
  await mkdir(join(folder, 'conf.d'), { recursive: true });
  await writeFile(join(folder, 'conf.d/10-port.conf'), 'Host web*\n  Port 2210\n');
  await writeFile(join(folder, 'conf.d/20-user.conf'), 'User twenty\nHost db1\n  HostName 192.0.2.20\n');
  await writeFile(join(folder, 'conf.d/.hidden.conf'), 'User hidden\n');
  await writeFile(join(folder, 'key'), 'no key\n', { mode: 0o600 });
});
beforeEach((context) => {
  if (!hasSsh) context.skip('no ssh program on this machine; on Debian and Ubuntu: apt-get install openssh-client');
});

/** Writes a configuration in which DIR is the folder of this test, in whose name is a space. */
async function writeConfig(text: string): Promise<string> {
  const path = join(lab.laptop.home, 'config');
  await writeFile(path, text.replaceAll('DIR', folder));
  return path;
}

const fill = (words: readonly string[]): string[] => words.map((word) => word.replaceAll('DIR', folder));
const ENV = { KEYS: '/srv/keys', NOTHING: '' };

/** What `ssh -G` says, and what `ssh -v` says that it tries. */
async function askSsh(config: string, args: readonly string[], host: string) {
  const ssh = (...flags: string[]) => lab.laptop.run(['ssh', '-F', config, ...flags, ...args, host], { env: ENV });
  // Nobody is asked, and where the configuration knows no other way, the one that leads nowhere is taken.
  const quick = ['-v', '-o', 'BatchMode=yes'];
  const nowhere = args.includes('-J') ? [] : ['-o', 'ProxyCommand=true'];
  const [said, tried] = await Promise.all([ssh('-G'), ssh(...quick, ...nowhere)]);
  const lines = said.stdout.split('\n');
  const read = (keyword: string) => lines.find((line) => line.startsWith(`${keyword} `))?.slice(keyword.length + 1);
  const proxied = read('proxycommand') === undefined ? '' : (await ssh(...quick)).stderr;
  const identityFiles = findAll(tried.stderr, /identity file (.*) type -?\d+/g).filter(
    (path) => !path.endsWith('-cert'),
  );
  return {
    address: read('hostname'),
    user: read('user'),
    port: Number(read('port')),
    proxyJump: read('proxyjump') ?? null,
    proxyCommand: findAll(proxied, /Executing proxy command: exec (.*?)\r?$/gm)[0] ?? null,
    identityFiles: [...new Set(identityFiles)],
    identitiesOnly: read('identitiesonly') === 'yes',
    hostKeyAlias: read('hostkeyalias') ?? null,
    // ssh prints no quotes: the only space in a path is that in our folder.
    userKnownHostsFiles: fill(read('userknownhostsfile')?.replaceAll(folder, 'DIR').split(' ') ?? []),
  };
}

const findAll = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, found]) => found ?? '');

const HOSTS = ['web1', 'web2', 'db1'];

interface Case {
  readonly config: string;
  readonly args?: readonly string[];
  readonly hosts?: readonly string[];
  readonly notHonoured?: readonly string[];
}

const CASES: Readonly<Record<string, Case>> = {
  'nothing at all': { config: '' },
  'a pattern': { config: 'Host web*\n  User web\n  Port 2201\n' },
  'a pattern with one character': {
    config: 'Host web?\n  User one\nHost web??\n  User two\n',
    hosts: ['web1', 'web10'],
  },
  'a negation': { config: 'Host * !db1\n  User all\n' },
  'nothing but a negation': { config: 'Host !db1\n  User nobody\n' },
  'the first value wins': { config: 'Host web1\n  User first\nHost *\n  User second\n  Port 2202\n' },
  'capitals in the name': { config: 'Host WEB1\n  User capitals\n', hosts: ['WEB1', 'web1'] },
  'an address in another form': { config: 'Host ::0001\n  User odd\n', hosts: ['::0001', '2001:DB8:0::1'] },
  'equals signs and tabs': { config: 'Host=web1\tdb1\n\tUser = tab\n\tport=2203\n' },
  'quotes and comments': { config: '# User none\nHost "web1"\n  User "quoted" # not this\n' },
  'Match all': { config: 'Host web1\n  User host\nMatch all\n  User all\n  HostKeyAlias everyone\n' },
  'Match host': { config: 'Host web1\n  HostName db1\nMatch host db1\n  User matched\n' },
  'Match originalhost': { config: 'Match originalhost web*,!web2\n  User original\n' },
  'Match user': { config: 'Match user deploy\n  Port 2204\n', args: ['-l', 'deploy'] },
  'Match localuser': {
    config: 'Match localuser nobody-of-that-name\n  User local\nMatch !localuser root\n  Port 24\n',
  },
  'Match exec': { config: 'Match exec "test %n = web2"\n  User executed\n' },
  'Match final': { config: 'Match final host web1\n  User late\nHost *\n  Port 2205\n' },
  'Include with a pattern': { config: 'Include "DIR/conf.d/*.conf"\nHost *\n  User star\n' },
  'Include for some': { config: 'Host web1\n  Include "DIR/conf.d/*.conf"\nHost *\n  User star\n' },
  'Include of what is not there': { config: 'Include /no/such/*.conf /no/such/file\nUser after\n' },
  'tokens in HostName': { config: 'Host web* db?\n  HostName %h.internal.example\n' },
  'tokens in IdentityFile': { config: 'User me\nIdentityFile %d/%u/%r@%h-%n-%p-%i-%L-100%%\nIdentityFile ~/k-%C\n' },
  'several of IdentityFile': {
    config: 'Host web1\n  IdentityFile ~/a\nHost *\n  IdentityFile /b\n  IdentityFile ~/a\n',
  },
  'only these identities': { config: 'IdentitiesOnly yes\nIdentityFile "DIR/key"\nCertificateFile ~/cert\n' },
  'a variable': { config: `IdentityFile \${KEYS}/id\nUserKnownHostsFile \${KEYS}/known /other\n` },
  'paths with a space': { config: 'IdentityFile "DIR/my key"\nUserKnownHostsFile "DIR/known" ~/.ssh/known\n' },
  'known_hosts with tokens': { config: 'UserKnownHostsFile ~/.ssh/known-%h /srv/%k-%n\nHostKeyAlias fleet\n' },
  'no known_hosts': { config: 'UserKnownHostsFile /dev/null\nHostKeyAlias MiXeD\n' },
  'a jump host, but not for itself': { config: 'Host * !web2\n  ProxyJump me@web2:2206\n' },
  'ProxyJump none': { config: 'Host web1\n  ProxyJump none\nHost *\n  ProxyJump hop1,hop2\n' },
  'a ProxyCommand': {
    config: 'Host db1\n  ProxyCommand none\nHost *\n  User me\n  ProxyCommand true %h %n %p %r 100%%\n',
  },
  '-l and -o': { config: 'User config\nPort 2207\n', args: ['-l', 'flag', '-o', 'Port=2208', '-o', 'HostKeyAlias x'] },
  '-i before the configured': { config: 'IdentityFile ~/configured\n', args: ['-i', 'DIR/key'] },
  '-J': { config: 'Host *\n  ProxyJump configured\n', args: ['-J', 'a,me@b:2209'], hosts: ['web1'] },
  'what cannot be followed': {
    config: 'RekeyLimit 1G 1h\nCompression yes\nGSSAPIAuthentication yes\nControlMaster auto\nControlPath ~/%C\n',
    notHonoured: ['RekeyLimit', 'GSSAPIAuthentication', 'Compression'],
  },
};

describe('hosts says what ssh says of', () => {
  test.each(Object.entries(CASES))('%s', async (_what, { config, args = [], hosts = HOSTS, notHonoured = [] }) => {
    const path = await writeConfig(config);
    const chosen = hosts.flatMap((host) => ['-H', host.includes(':') ? `[${host}]` : host]);
    const { document, stderr } = await askInProcess(lab.laptop, ['hosts', '-F', path, ...fill(args), ...chosen], ENV);
    expect(stderr).toEqual(
      notHonoured.includes('RekeyLimit') ? expect.stringMatching(/^warning: RekeyLimit.*\n$/) : '',
    );
    const said = await Promise.all(hosts.map((host) => askSsh(path, fill(args), host)));
    expect(document.outcomes).toHaveLength(hosts.length);
    for (const [index, { source, ...outcome }] of document.outcomes.entries()) {
      const { host } = outcome;
      expect(outcome).toEqual({ ok: true, host, transport: 'ssh2', ...said[index], notHonoured });
    }
  });
});

describe('a host is reached as ssh reaches it', () => {
  const ACCESS = 'Host *\n  IdentityFile DIR-key\n  IdentitiesOnly yes\n  UserKnownHostsFile "KNOWN"\n';

  test.each<[string, string, (readonly string[])?]>([
    ['by a pattern', 'Host tar*\n  HostName 127.0.0.1\n  Port TWO\n'],
    ['by Match exec', 'Match exec "test %n = target"\n  HostName 127.0.0.1\n  Port ONE\nHost *\n  Port TWO\n'],
    [
      'by what comes first',
      'Host target\n  HostName 127.0.0.1\n  Port ONE\nHost *\n  HostName 127.0.0.2\n  Port TWO\n',
    ],
    ['by -o', 'Host *\n  HostName 127.0.0.1\n  Port ONE\n', ['-o', 'Port=TWO']],
    ['by its alias in known_hosts', 'HostName localhost\nPort TWO\nHostKeyAlias two-alias\n'],
    [
      'through a jump host',
      'Host hop\n  HostName 127.0.0.1\n  Port ONE\nHost target\n  HostName 127.0.0.1\n  Port TWO\n  ProxyJump hop\n',
    ],
    [
      'without the jump host',
      'Host target\n  HostName 127.0.0.1\n  Port TWO\n  ProxyJump none\nHost *\n  ProxyJump nowhere.invalid\n',
    ],
    [
      'through a ProxyCommand',
      'Host hop\n  HostName 127.0.0.1\n  Port ONE\nHost target\n  HostName 127.0.0.1\n  Port TWO\n  ProxyCommand ssh -F CONFIG -W %h:%p hop\n',
    ],
  ])('%s', async (_what, config, args = []) => {
    const { known } = await writeAccess();
    const place = (text: string) =>
      text
        .replaceAll('ONE', String(lab.host('one').port))
        .replaceAll('TWO', String(lab.host('two').port))
        .replaceAll('CONFIG', join(lab.laptop.home, 'config'))
        .replaceAll('KNOWN', known)
        .replaceAll('DIR-key', `"${join(folder, 'good key')}"`);
    const path = await writeConfig(place(config + ACCESS));
    const line = 'echo "$XDG_STATE_HOME"';
    const flags = args.map(place);
    const words = ['exec', '-F', path, ...flags, '-H', 'target', '--', '/bin/sh', '-c', line];
    const [ssh, told] = await Promise.all([
      lab.laptop.run(['ssh', '-F', path, '-o', 'BatchMode=yes', ...flags, 'target', line]),
      askInProcess(lab.laptop, words),
    ]);
    expect(ssh.exitCode, ssh.stderr).toBe(0);
    expect(told.document.outcomes, told.stderr).toMatchObject([{ ok: true, stdout: ssh.stdout }]);
  });

  test('and not where its key is revoked', async () => {
    const { known } = await writeAccess();
    const revoked = join(folder, 'revoked');
    await writeFile(revoked, `${lab.host('one').hostKeys[0]}\n`);
    const { port } = lab.host('one');
    const other = lab.host('two').port;
    const hosts = `Host first\n  Port ${port}\nHost second\n  Port ${other}\nHost *\n  HostName 127.0.0.1\n`;
    const path = await writeConfig(
      `${hosts}  RevokedHostKeys "${revoked}"\n  IdentityFile "DIR/good key"\n  UserKnownHostsFile "${known}"\n`,
    );
    const ssh = (host: string) => lab.laptop.run(['ssh', '-F', path, '-o', 'BatchMode=yes', host, 'true']);
    expect([(await ssh('first')).exitCode, (await ssh('second')).exitCode]).toEqual([255, 0]);
    const { document } = await askInProcess(lab.laptop, ['exec', '-F', path, '-H', 'first,second', '--', 'true']);
    expect(document.outcomes).toMatchObject([{ error: { code: 'E_HOST_KEY_REVOKED' } }, { ok: true }]);
  });
});

test('what ssh would follow and outlast cannot is told with the host, and where it matters', async () => {
  const { address, port, user } = lab.host('one');
  const path = await writeConfig(
    `HostName ${address}\nPort ${port}\nUserKnownHostsFile /dev/null\nKnownHostsCommand /bin/true\nCompression yes\n`,
  );
  const run = (...argv: string[]) => lab.laptop.run([...lab.laptop.argvOf([]), ...argv]);
  const plain = await run('hosts', '-F', path, '-H', 'web1');
  expect(plain).toMatchObject({ stderr: '', stdout: expect.not.stringContaining('Compression') });
  const verbose = (await run('hosts', '-v', '-F', path, '-H', 'web1')).stdout;
  expect(verbose).toMatch(new RegExp(`^web1 .*${port} +${user} .*KnownHostsCommand Compression$`, 'm'));
  const { outcomes } = JSON.parse((await run('exec', '--json', '-F', path, '-H', 'web1', '--', 'true')).stdout);
  expect(outcomes[0].error).toMatchObject({
    code: 'E_HOST_KEY_UNKNOWN',
    hint: expect.stringMatching(/; KnownHostsCommand of the ssh configuration/),
  });
});

/** Writes the key that both hosts let in, and a known_hosts of their addresses and of an alias. */
async function writeAccess(): Promise<{ known: string }> {
  const known = join(folder, 'known hosts');
  const [one, two] = [lab.host('one'), lab.host('two')];
  const lines = [one, two].map((host) => `${formatKnownHostName(host)} ${host.hostKeys[0]}\n`);
  await writeFile(known, `${lines.join('')}two-alias ${two.hostKeys[0]}\n`);
  await writeFile(join(folder, 'good key'), one.clientKey.privateKey, { mode: 0o600 });
  return { known };
}
