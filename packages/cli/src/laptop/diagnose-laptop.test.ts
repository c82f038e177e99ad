import { OutlastError } from '@outlast/core';
import { expect, test } from 'vitest';
import type { AccessSurvey } from '../ssh/authentication/survey-access.js';
import { diagnoseLaptop } from './diagnose-laptop.js';
import type { LaptopSurvey } from './survey-laptop.js';

const access: AccessSurvey = {
  transport: 'ssh2',
  identities: ['agent'],
  skipped: [],
  withoutKey: [],
  knownHosts: [
    { path: '/home/me/.ssh/known_hosts', problem: null },
    { path: '/home/me/.ssh/known_hosts2', problem: 'ENOENT' },
  ],
  refusals: [],
};
const openssh: AccessSurvey = { ...access, transport: 'openssh' };
const healthy: LaptopSurvey = {
  nodeVersion: '22.12.0',
  sshVersion: 'OpenSSH_9.2p1',
  hasAgent: true,
  access: [access],
  config: { files: ['outlast.yaml'], error: null },
  openFiles: 1024,
  parallel: 32,
};

test('a healthy laptop is well in every check', () => {
  const findings = diagnoseLaptop(healthy);
  expect(findings.map(({ level }) => level)).toEqual(Array.from(findings, () => 'ok'));
  expect(new Set(findings.map(({ check }) => check)).size).toBe(7);
});

const RULES: readonly [
  what: string,
  Partial<LaptopSurvey>,
  check: string,
  level: string,
  message: RegExp,
  remedy: RegExp | null,
][] = [
  ['an old Node', { nodeVersion: '22.11.0' }, 'node', 'warning', /Node 22\.11\.0/, /22\.12/],
  ['an older Node', { nodeVersion: '20.18.3' }, 'node', 'warning', /Node 20\.18\.3/, /20\.19/],
  ['an odd Node', { nodeVersion: '21.7.0' }, 'node', 'warning', /Node 21\.7\.0/, /20\.19/],
  ['no ssh', { sshVersion: null }, 'ssh', 'warning', /no ssh on PATH/, /^install/],
  [
    'a configuration with a mistake',
    { config: { files: [], error: new OutlastError('E_CONFIG', 'outlast.yaml:1:1: no', { hint: 'mend it' }) } },
    'configuration',
    'problem',
    /^outlast\.yaml:1:1: no$/,
    /^mend it$/,
  ],
  [
    'an ssh configuration with a mistake',
    { access: [{ ...access, refusals: [new OutlastError('E_CONFIG', 'ssh refuses it')] }] },
    'ssh-configuration',
    'problem',
    /^ssh refuses it$/,
    null,
  ],
  [
    'no key for some hosts',
    { access: [{ ...access, withoutKey: ['a', 'b', 'c', 'd', 'e', 'f', 'g'] }] },
    'identities',
    'warning',
    /no key to log in with to a, b, c, d, e, and 2 more:/,
    /^ssh-add/,
  ],
  [
    'no key and no agent',
    { hasAgent: false, access: [{ ...access, identities: [], withoutKey: ['localhost'] }] },
    'identities',
    'warning',
    /^no key to log in with: /,
    /^ssh-keygen/,
  ],
  [
    'an agent that is gone',
    { access: [{ ...access, skipped: ['agent: cannot be reached'] }] },
    'identities',
    'note',
    /agent: cannot be reached/,
    /ssh-agent/,
  ],
  [
    'known_hosts that cannot be read',
    { access: [{ ...access, knownHosts: [{ path: '/k', problem: 'EACCES' }] }] },
    'known-hosts',
    'problem',
    /^\/k cannot be read \(EACCES\)/,
    /UserKnownHostsFile/,
  ],
  [
    'no known_hosts',
    { access: [{ ...access, knownHosts: [{ path: '/k', problem: 'ENOENT' }] }] },
    'known-hosts',
    'note',
    /no known_hosts file yet/,
    null,
  ],
  [
    'few files for many hosts',
    { openFiles: 256, parallel: 200 },
    'open-files',
    'note',
    /^256 files .* 108 hosts .*, not 200$/,
    /^ulimit -n 440$/,
  ],
  [
    'no ssh where hosts are reached by it',
    { sshVersion: null, access: [access, openssh] },
    'ssh',
    'problem',
    /no ssh on PATH: the transport openssh/,
    /ssh2/,
  ],
  [
    'no key where ssh may have something else',
    { access: [{ ...openssh, withoutKey: ['a'] }] },
    'identities',
    'note',
    /no key to log in with to a: ssh is left with/,
    /^ssh-add/,
  ],
  [
    'known_hosts that ssh cannot read',
    { access: [{ ...openssh, knownHosts: [{ path: '/k', problem: 'EACCES' }] }] },
    'known-hosts',
    'warning',
    /^\/k cannot be read \(EACCES\), so ssh takes each host in it for unknown$/,
    /UserKnownHostsFile/,
  ],
  [
    'few files for many ssh',
    { access: [access, openssh], openFiles: 256, parallel: 50 },
    'open-files',
    'note',
    /^256 files .* 43 hosts .*, not 50$/,
    /^ulimit -n 290$/,
  ],
  ['hardly any files', { openFiles: 32, parallel: 1 }, 'open-files', 'warning', /^32 files/, /^ulimit -n 42$/],
];

test.each(RULES)('%s is told', (_what, changes, check, level, message, remedy) => {
  const bad = diagnoseLaptop({ ...healthy, ...changes }).filter((finding) => finding.level !== 'ok');
  expect(bad).toMatchObject([{ check, level, message: expect.stringMatching(message) }]);
  if (remedy === null) expect(bad[0]?.remedy).toBe(null);
  else expect(bad[0]?.remedy).toMatch(remedy);
});

test('what holds for hosts over either transport is told once', () => {
  const findings = diagnoseLaptop({ ...healthy, access: [access, openssh] });
  expect(findings).toEqual(diagnoseLaptop(healthy));
});

test('what is not known, or has no limit, is no finding', () => {
  for (const openFiles of [null, Number.POSITIVE_INFINITY]) {
    const findings = diagnoseLaptop({ ...healthy, openFiles, config: { files: [], error: null } });
    expect(findings.filter(({ level }) => level !== 'ok')).toEqual([]);
  }
});
