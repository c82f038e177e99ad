import { execFileSync } from 'node:child_process';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { buildSettings } from '../../../test/openssh-samples.js';
import { parseSshConfigOutput, type RawSettings } from '../configuration/raw-settings.js';
import type { SshOptions } from '../transport.js';
import { buildHopCommand, buildMasterArgs } from './arguments.js';

let hasSsh = false;
beforeAll(() => {
  try {
    execFileSync('ssh', ['-V'], { stdio: 'ignore' });
    hasSsh = true;
  } catch {}
});
beforeEach((context) => {
  if (!hasSsh) context.skip('no ssh program on this machine; on Debian and Ubuntu: apt-get install openssh-client');
});

const TARGET = { name: 'web1', destination: 'web1' };

/** What `ssh` makes of its arguments. */
function resolve(args: readonly string[]): RawSettings {
  return parseSshConfigOutput(
    execFileSync('ssh', ['-G', ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
  );
}

function buildArgs(options: readonly string[], mayAsk = false): string[] {
  const sshOptions: SshOptions = { configFile: 'none', identityFiles: [], options, jump: 'hop' };
  const raw = resolve(['-F', 'none', ...options.flatMap((option) => ['-o', option]), '--', 'web1']);
  const settings = buildSettings(raw);
  return buildMasterArgs({ target: TARGET, settings, sshOptions, controlPath: '/tmp/m', mayAsk, proxyCommand: 'mine' });
}

test('what keeps a connection safe and ours wins over what the user asks for', () => {
  const raw = resolve(
    buildArgs([
      ...[
        'ControlMaster=no',
        'ControlPath=/x',
        'ControlPersist=yes',
        'ForkAfterAuthentication=yes',
        'SessionType=default',
      ],
      ...['ForwardAgent=yes', 'ForwardX11=yes', 'Tunnel=yes', 'RequestTTY=force', 'RemoteCommand=id', 'EscapeChar=%'],
      ...['PermitLocalCommand=no', 'LocalCommand=id', 'StrictHostKeyChecking=no', 'UpdateHostKeys=yes', 'BatchMode=no'],
      ...[
        'ConnectTimeout=3',
        'ConnectionAttempts=9',
        'ProxyCommand=theirs',
        'LogLevel=QUIET',
        'ClearAllForwardings=no',
      ],
    ]),
  );
  const expected = {
    controlmaster: 'true',
    controlpath: '/tmp/m',
    controlpersist: 'no',
    forkafterauthentication: 'no',
    sessiontype: 'none',
    forwardagent: 'no',
    forwardx11: 'no',
    tunnel: 'false',
    requesttty: 'false',
    escapechar: 'none',
    permitlocalcommand: 'yes',
    localcommand: 'echo outlast-ready',
    stricthostkeychecking: 'accept-new',
    updatehostkeys: 'false',
    batchmode: 'yes',
    connecttimeout: '0',
    connectionattempts: '1',
    proxycommand: 'mine',
    loglevel: 'DEBUG',
    clearallforwardings: 'yes',
  };
  expect(Object.fromEntries(Object.keys(expected).map((key) => [key, raw.get(key)?.[0]]))).toEqual(expected);
  expect(raw.get('remotecommand') ?? ['none']).toEqual(['none']);
});

test.each(['yes', 'ask', 'accept-new'])('StrictHostKeyChecking %s stays what it is', (strict) => {
  const raw = resolve(buildArgs([`StrictHostKeyChecking=${strict}`], true));
  expect(raw.get('stricthostkeychecking')).toEqual([strict === 'yes' ? 'true' : strict]);
  expect(raw.get('batchmode')).toEqual(['no']);
});

test('what the user says of keepalives and identities counts', () => {
  const raw = resolve(buildArgs(['ServerAliveInterval=7', 'ServerAliveCountMax=9', 'IdentityFile=/my/key']));
  expect([raw.get('serveraliveinterval'), raw.get('serveralivecountmax'), raw.get('identityfile')]).toEqual([
    ['7'],
    ['9'],
    ['/my/key'],
  ]);
});

test('the name of a host is one word of the ProxyCommand, and nothing that ssh expands', () => {
  const args = buildArgs([]);
  const settings = { hostname: "a'b; id %h", port: 22 } as Parameters<typeof buildHopCommand>[1];
  expect(buildHopCommand('/tmp/m', settings)).toBe(
    `ssh -F none -S /tmp/m -o ProxyCommand=false -W '[a'\\''b; id %%h]:22' -- hop`,
  );
  // The jump hosts of the flags are connected by us.
  expect(args).not.toContain('-J');
});
