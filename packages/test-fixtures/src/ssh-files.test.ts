import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { generateKeyPair } from './keys.js';
import { runProgram } from './run-program.js';
import { buildKnownHosts, buildSshConfig, formatDestination } from './ssh-files.js';
import type { HostFacts } from './test-host.js';

const clientKey = generateKeyPair();
const first: HostFacts = {
  alias: 'first',
  address: '127.0.0.1',
  port: 2222,
  user: 'ada',
  hostKeys: ['ssh-ed25519 AAAA1', 'ssh-rsa AAAA2'],
  stateDir: '/home/ada/.local/state/outlast',
  clientKey,
  access: { kind: 'container', docker: 'docker', container: 'none' },
};
const second: HostFacts = { ...first, alias: 'second', address: 'inside', port: 22, jump: 'first' };

test('an ssh configuration names for each alias what ssh needs, and nothing of the home of the user', async (context) => {
  const config = buildSshConfig([first, second], { knownHosts: '/l a/known_hosts', keyFileOf: () => '/l a/id' });
  const folder = mkdtempSync(join(tmpdir(), 'outlast-ssh-files-'));
  writeFileSync(join(folder, 'config'), config);
  const answer = await runProgram(['ssh', '-F', join(folder, 'config'), '-G', 'second']).catch(() => undefined);
  rmSync(folder, { recursive: true });
  if (answer === undefined)
    return context.skip('no ssh program here; on Debian and Ubuntu: apt-get install openssh-client');
  const seen = answer.stdout;
  expect(seen.split('\n')).toEqual(
    expect.arrayContaining(['hostname inside', 'port 22', 'user ada', 'identityfile /l a/id', 'proxyjump first']),
  );
  expect(seen).toContain('userknownhostsfile /l a/known_hosts\n');
});

test('known_hosts has every key under the name by which ssh looks for it', () => {
  expect(buildKnownHosts([first, second])).toBe(
    '[127.0.0.1]:2222 ssh-ed25519 AAAA1\n[127.0.0.1]:2222 ssh-rsa AAAA2\ninside ssh-ed25519 AAAA1\ninside ssh-rsa AAAA2\n',
  );
});

test('a destination has user, address and port, IPv6 in brackets', () => {
  expect(formatDestination(first)).toBe('ada@127.0.0.1:2222');
  expect(formatDestination({ ...first, address: '::1' })).toBe('ada@[::1]:2222');
});
