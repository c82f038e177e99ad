import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateKeyPair } from '@outlast/test-fixtures';
import { beforeAll, expect, test } from 'vitest';
import { codesOf, useLab } from '../program-lab.js';

// Without the key that the inventory names nobody is let in.
const fleetKey = generateKeyPair();
const lab = useLab(['web1'], { sshd: { clientKey: fleetKey } });
let project = '';

beforeAll(async () => {
  project = join(lab.laptop.home, 'project');
  await mkdir(join(project, 'group_vars'), { recursive: true });
  await writeFile(join(lab.laptop.home, '.ssh', 'id_test'), generateKeyPair().privateKey);
  await writeFile(join(project, 'fleet key'), fleetKey.privateKey, { mode: 0o600 });
  await writeFile(
    join(project, 'hosts.ini'),
    `[web]\nfront ansible_host=web1 ansible_become=yes\nother ansible_host="{{ ip }}"\n`,
  );
  await writeFile(join(project, 'group_vars', 'web.yml'), 'ansible_ssh_private_key_file: fleet key\n');
  await writeFile(join(project, 'list.sh'), '#!/bin/sh\nexec echo \'{"web": {"hosts": ["front"]}, "_meta": {}}\'\n');
  await chmod(join(project, 'list.sh'), 0o755);
  await writeFile(join(project, 'outlast.yaml'), 'apps:\n  sleeper:\n    hosts: [web]\n    run: [sleep, "600"]\n');
});

const run = (...args: string[]) => lab.run(args, { cwd: project });
const ask = (...args: string[]) => lab.ask(args, { cwd: project });

test('hosts of an inventory are reached as it says, and what is not followed is said once', async () => {
  const told = await ask('exec', '--inventory', 'hosts.ini', '-g', 'web', '-x', 'other', '--', 'echo', 'in');
  expect(codesOf(told), told.stderr).toEqual(['ok']);
  expect(told.document.outcomes[0]).toMatchObject({ host: 'front', stdout: 'in\n' });
  expect(told.stderr).toBe('warning: ansible_become of the inventory is not followed (1 host: front)\n');
});

test('hosts shows where they come from, and which key they are let in with', async () => {
  const { stdout } = await run('hosts', '--inventory', 'hosts.ini', '-g', 'web', '-x', 'other');
  expect(stdout).toMatch(/^front .* group web in hosts\.ini:1\s*$/m);
  const { document } = await ask('hosts', '--inventory', 'hosts.ini', '-H', 'front');
  expect(document.outcomes[0]).toMatchObject({ identityFiles: ['fleet key', expect.any(String)], source: '-H' });
});

test('a template that decides how a host is reached stops the run before anything is sent', async () => {
  const { exitCode, stderr } = await run('exec', '--inventory', 'hosts.ini', '-a', '--', 'true');
  expect(exitCode).toBe(2);
  expect(stderr).toContain('hosts.ini:3:7: `ansible_host`: "{{ ip }}" is a template');
});

test('an app of outlast.yaml may name a group of the inventory, here of a program', async () => {
  const { stdout } = await run('start', 'sleeper', '--inventory', './list.sh', '--dry-run');
  expect(stdout).toContain('front');
  const without = await run('start', 'sleeper', '--dry-run');
  expect([without.exitCode, without.stderr]).toEqual([2, expect.stringContaining('there is no host or group "web"')]);
});
