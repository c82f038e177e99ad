import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, type TestContext, test } from 'vitest';
import type { SshOptions } from '../transport.js';
import { createHostResolver, resolveHost } from './ssh-config.js';

const folder = mkdtempSync(join(tmpdir(), 'outlast-ssh-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const hasSsh = spawnSync('ssh', ['-V']).error === undefined;
const needSsh = (context: TestContext): void => {
  if (!hasSsh) context.skip('no ssh program on this machine; on Debian and Ubuntu: apt-get install openssh-client');
};

const CONFIG = `
Host web1
  HostName 192.0.2.11
  User deploy
  Port 2222
  IdentityFile ~/keys/%h-%r
  IdentityFile "${folder}/key with space"
  CertificateFile %d/cert
  IdentitiesOnly yes
  IdentityAgent ~/agent.sock
  UserKnownHostsFile "${folder}/known hosts" ~/.ssh/kh-%k
  GlobalKnownHostsFile none
  StrictHostKeyChecking accept-new
  HashKnownHosts yes
  ServerAliveInterval 7
  ConnectTimeout 4
Host inner
  ProxyJump web1,deploy@hop:2200
Host odd
  HostName 127.0.0.1&id
  ProxyCommand nc %h %p
Host proxied
  HostName real.example
  User me
  ProxyCommand nc --as %r %n %h %p 100%%
Host variable
  IdentityAgent $MY_AGENT
  UserKnownHostsFile \${MY_FOLDER}/kh
`;
const configFile = join(folder, 'config');
writeFileSync(configFile, CONFIG);

function resolve(destination: string, ssh: Partial<SshOptions> = {}, env: NodeJS.ProcessEnv = {}) {
  const sshOptions = { configFile, identityFiles: [], options: [], ...ssh };
  return resolveHost({ name: destination, destination }, { sshOptions, env: { PATH: process.env.PATH, ...env } });
}

describe('through ssh -G', () => {
  beforeEach(needSsh);

  test('an alias is what the configuration says', async () => {
    const { homedir } = userInfo();
    expect(await resolve('web1')).toMatchObject({
      destination: 'web1',
      hostname: '192.0.2.11',
      user: 'deploy',
      port: 2222,
      identityFiles: [`${homedir}/keys/192.0.2.11-deploy`, `${folder}/key with space`],
      certificateFiles: [`${homedir}/cert`],
      identitiesOnly: true,
      identityAgent: `${homedir}/agent.sock`,
      userKnownHostsFiles: [`${folder}/known hosts`, `${homedir}/.ssh/kh-web1`],
      globalKnownHostsFiles: [],
      strictHostKeyChecking: 'accept-new',
      hashKnownHosts: true,
      serverAliveInterval: 7,
      connectTimeout: 4,
      proxyJump: null,
      proxyCommand: null,
    });
  });

  test('flags win over the configuration', async () => {
    const ssh = {
      user: 'root',
      jump: 'a,b',
      identityFiles: [configFile],
      options: ['Port=77', 'StrictHostKeyChecking=no'],
    };
    const settings = await resolve('web1', ssh);
    expect(settings).toMatchObject({ user: 'root', port: 77, proxyJump: 'a,b', strictHostKeyChecking: 'no' });
    expect(settings.identityFiles[0]).toBe(configFile);
  });

  test('a user and a port of the target win over the flags', async () => {
    const sshOptions = { configFile, user: 'root', identityFiles: [], options: ['Port=77'] };
    const target = { name: 'web1', destination: 'web1', user: 'alice', port: 99 };
    expect(await resolveHost(target, { sshOptions, env: process.env })).toMatchObject({ user: 'alice', port: 99 });
  });

  test('a person types the words that ssh is asked with, with what the target says of itself', async () => {
    const ssh = { user: 'root', jump: 'a,b', identityFiles: ['/my keys/id'], options: ['Port=77', 'User "x y"'] };
    const sshOptions = { configFile, ...ssh };
    const flags = ['-J', 'a,b', '-i', '/my keys/id', '-o', 'Port=77', '-o', 'User "x y"'];
    expect((await resolve('web1', ssh)).sshArgs).toEqual(['-F', configFile, '-l', 'root', ...flags, 'web1']);
    const target = { name: 'nick', destination: 'web1', user: 'alice', port: 99 };
    const { sshArgs } = await resolveHost(target, { sshOptions, env: process.env });
    expect(sshArgs).toEqual(['-F', configFile, '-l', 'alice', '-p', '99', ...flags, 'web1']);
    const plain = await resolveHost(target, { sshOptions: { identityFiles: [], options: [] }, env: process.env });
    expect(plain.sshArgs).toEqual(['-l', 'alice', '-p', '99', 'web1']);
  });

  test('says the same as ssh for a host without configuration', async () => {
    const lines = execFileSync('ssh', ['-G', '-F', 'none', 'plain.example'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).split('\n');
    const read = (keyword: string) => lines.find((line) => line.startsWith(`${keyword} `))?.slice(keyword.length + 1);
    const settings = await resolve('plain.example', { configFile: 'none' });
    expect(settings).toMatchObject({
      hostname: read('hostname'),
      user: read('user'),
      port: Number(read('port')),
      userKnownHostsFiles: read('userknownhostsfile')?.split(' '),
      hostKeyAlgorithms: read('hostkeyalgorithms')?.split(','),
      strictHostKeyChecking: 'ask',
      identityAgent: null,
    });
    expect(settings.identityFiles).toContain(`${userInfo().homedir}/.ssh/id_ed25519`);
  });

  test('a ProxyCommand gets its tokens', async () => {
    expect(await resolve('proxied')).toMatchObject({ proxyCommand: 'nc --as me proxied real.example 22 100%' });
  });

  test('a name that the shell could misread is not put into a ProxyCommand', async () => {
    await expect(resolve('odd')).rejects.toMatchObject({ code: 'E_CONFIG' });
  });

  test('variables of the environment name the agent and files', async () => {
    const settings = await resolve('variable', {}, { MY_AGENT: '/run/my-agent', MY_FOLDER: '/srv' });
    expect(settings).toMatchObject({ identityAgent: '/run/my-agent', userKnownHostsFiles: ['/srv/kh'] });
    expect(await resolve('plain', {}, { SSH_AUTH_SOCK: '/run/agent' })).toMatchObject({ identityAgent: '/run/agent' });
  });

  test('an -i file that is not there is kept for the error message', async () => {
    expect((await resolve('plain', { identityFiles: ['/no/such/key'] })).identityFiles[0]).toBe('/no/such/key');
  });

  describe('the files that nobody has named', () => {
    const inHome = (name: string): string => `${userInfo().homedir}/.ssh/${name}`;
    const resolveBare = (ssh: Partial<SshOptions> = {}) => resolve('plain.example', { configFile: 'none', ...ssh });

    test('are those that ssh looks for', async () => {
      const { identityFiles, defaultIdentityFiles } = await resolveBare();
      expect(defaultIdentityFiles).toEqual(identityFiles);
      expect(defaultIdentityFiles).toContain(inHome('id_rsa'));
    });

    test.each(['~/.ssh/id_rsa', inHome('id_rsa')])('are none where the configuration names %s', async (path) => {
      const settings = await resolveBare({ options: [`IdentityFile=${path}`] });
      expect(settings).toMatchObject({ identityFiles: [inHome('id_rsa')], defaultIdentityFiles: [] });
    });

    test('are none where -i names a file that is there', async () => {
      expect(await resolveBare({ identityFiles: [configFile] })).toMatchObject({ defaultIdentityFiles: [] });
    });

    test('are the others where -i names one of them that is not there', async () => {
      const missing = inHome('id_xmss');
      const { identityFiles, defaultIdentityFiles } = await resolveBare({ identityFiles: [missing] });
      expect(identityFiles[0]).toBe(missing);
      expect(identityFiles.slice(1)).toEqual(defaultIdentityFiles);
      expect(defaultIdentityFiles).not.toContain(missing);
    });
  });

  test.each([
    ['an unknown -o', { options: ['NoSuchOption=1'] }, 'nosuchoption'],
    ['a value that is none', { options: ['Port=abc'] }, 'abc'],
    ['a missing -F', { configFile: '/no/such/config' }, '/no/such/config'],
  ])('%s is E_CONFIG with what ssh says', async (_what, ssh, part) => {
    const error = await resolve('web1', ssh).catch((reason: Error) => reason);
    expect(error).toMatchObject({ code: 'E_CONFIG', message: expect.stringContaining(part) });
  });

  test('a damaged file is E_CONFIG with its name and line', async () => {
    const broken = join(folder, 'broken');
    writeFileSync(broken, 'Host *\n  Prot 22\n');
    await expect(resolve('web1', { configFile: broken })).rejects.toMatchObject({
      code: 'E_CONFIG',
      message: expect.stringContaining(`${broken}: line 2`),
    });
  });

  test('ssh is asked once for each host', async () => {
    const counter = join(folder, 'counter');
    const counting = join(folder, 'counting');
    writeFileSync(counting, `Match exec "echo x >> ${counter}"\n  User counted\n`);
    const sshOptions = { configFile: counting, identityFiles: [], options: [] };
    const resolver = createHostResolver({ sshOptions, env: process.env });
    const target = { name: 'a', destination: 'a' };
    await Promise.all([
      resolver(target),
      resolver({ name: 'b', destination: 'b' }),
      resolver({ ...target, name: 'other' }),
    ]);
    expect(execFileSync('cat', [counter], { encoding: 'utf8' })).toBe('x\nx\n');
  });
});

describe('without an ssh program', () => {
  const env = { PATH: '/no/such/folder', SSH_AUTH_SOCK: '/run/agent' };
  const explicit = (ssh: Partial<SshOptions>) => ({ sshOptions: { identityFiles: [], options: [], ...ssh }, env });
  const target = { name: 'web1', destination: 'web1' };

  test('the flags count, and a warning comes once a run', async () => {
    const warnings: string[] = [];
    const options = [
      'UserKnownHostsFile="/srv/known hosts" /srv/kh2',
      'IdentitiesOnly yes',
      'hostkeyalias=Foo',
      'Port=23',
    ];
    const source = explicit({ user: 'deploy', identityFiles: ['/srv/key'], options, jump: 'hop' });
    const resolver = createHostResolver({ ...source, warn: (message) => warnings.push(message) });
    expect(await resolver({ ...target, port: 2222 })).toMatchObject({
      hostname: 'web1',
      user: 'deploy',
      port: 2222,
      identityFiles: ['/srv/key'],
      userKnownHostsFiles: ['/srv/known hosts', '/srv/kh2'],
      identitiesOnly: true,
      identityAgent: '/run/agent',
      proxyJump: 'hop',
      strictHostKeyChecking: 'ask',
    });
    await resolver({ name: 'web2', destination: 'web2' });
    expect(warnings).toEqual([expect.stringContaining('no ssh program')]);
  });

  test('a host brings its own keys, behind those of the run', async () => {
    const resolver = createHostResolver(explicit({ identityFiles: ['/srv/key'] }));
    const own = await resolver({ name: 'web1', destination: 'web1', identityFiles: ['~/own', '/srv/key'] });
    expect(own.identityFiles.slice(0, 2)).toEqual(['/srv/key', join(userInfo().homedir, 'own')]);
  });

  test('a hop gets the keys and options of the run, but not its user', async () => {
    const resolver = createHostResolver(
      explicit({ user: 'deploy', identityFiles: ['/srv/key'], options: ['Port=23'] }),
    );
    const hop = await resolver({ name: 'hop', destination: 'hop' }, { identityFiles: [], options: [] });
    expect(hop).toMatchObject({ user: userInfo().username, port: 23, identityFiles: ['/srv/key'] });
  });

  test('defaults are those of ssh, from the home of the user database', async () => {
    const { homedir, username } = userInfo();
    expect(await resolveHost(target, explicit({}))).toMatchObject({
      user: username,
      port: 22,
      identityFiles: ['id_ed25519', 'id_ecdsa', 'id_rsa'].map((name) => `${homedir}/.ssh/${name}`),
      defaultIdentityFiles: ['id_ed25519', 'id_ecdsa', 'id_rsa'].map((name) => `${homedir}/.ssh/${name}`),
      userKnownHostsFiles: [`${homedir}/.ssh/known_hosts`, `${homedir}/.ssh/known_hosts2`],
    });
  });

  test('a file that is named is no default, whatever its name', async () => {
    const settings = await resolveHost(target, explicit({ identityFiles: ['~/.ssh/id_ed25519'] }));
    const path = `${userInfo().homedir}/.ssh/id_ed25519`;
    expect(settings).toMatchObject({ identityFiles: [path], defaultIdentityFiles: [] });
  });

  test.each([{ options: ['NoSuchOption=1'] }, { options: ['Port'] }, { configFile: '/etc/hosts' }])(
    '%j is E_CONFIG',
    async (ssh) => {
      await expect(resolveHost(target, explicit(ssh))).rejects.toMatchObject({ code: 'E_CONFIG' });
    },
  );
});

test('a destination that is a flag or shell text never reaches ssh', async () => {
  for (const destination of ['-oProxyCommand=touch /tmp/x', '$(id)', 'a b']) {
    await expect(resolve(destination)).rejects.toMatchObject({ code: 'E_USAGE' });
  }
  await expect(resolve('web1', { user: '-x' })).rejects.toMatchObject({ code: 'E_USAGE' });
  await expect(resolve('web1', { jump: '-oProxyCommand=id' })).rejects.toMatchObject({ code: 'E_USAGE' });
});
