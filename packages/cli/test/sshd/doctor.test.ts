import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findFreePort } from '@outlast/test-fixtures';
import { afterEach, describe, expect, test } from 'vitest';
import type { ToldFinding, ToldOutcome } from '../document-schema.js';
import { addLaptop, ask, codesOf, useLab } from '../program-lab.js';

const lab = useLab(['web1', 'web2']);

/** Findings of one check, of a host or of the laptop. */
function pick(where: { readonly findings?: unknown } | ToldOutcome | undefined, check: string): ToldFinding[] {
  return ((where?.findings ?? []) as readonly ToldFinding[]).filter((finding) => finding.check === check);
}

afterEach(async () => {
  await rm(join(lab.laptop.home, 'outlast.yaml'), { force: true });
});

describe('of hosts', () => {
  test('a host and a laptop in order are one line each, and exit 0', async () => {
    const { stdout, exitCode } = await lab.run(['doctor', '-H', 'web1']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^HOST +LEVEL +CHECK +FINDING\n/);
    expect(stdout).not.toMatch(/problem|required-tools/);
    const { stdout: all } = await lab.run(['doctor', '-H', 'web1', '--verbose']);
    expect(all).toMatch(/^web1 +ok +required-tools +every program/m);
    expect(all).toMatch(/^this laptop +ok +ssh +OpenSSH/m);
  });

  test('a problem on one host is exit 1, and the other is told as it is', async () => {
    const { stateDir } = lab.host('web2');
    await mkdir(stateDir, { recursive: true });
    await chmod(stateDir, 0o777);
    try {
      const told = await lab.ask(['doctor', '-H', 'web1,web2']);
      expect([told.exitCode, told.document.ok]).toEqual([1, false]);
      const [web1, web2] = told.document.outcomes;
      expect([web1?.ok, web2?.ok, web2?.error]).toEqual([true, false, undefined]);
      expect(pick(web2, 'state-folder')).toMatchObject([
        { level: 'problem', remedy: expect.stringMatching(/chmod 700/) },
      ]);
      const { stdout } = await lab.run(['doctor', '-H', 'web1,web2']);
      const [, first, second] = stdout.split('\n');
      expect(first).toMatch(/^web2 +problem +state-folder +\/.*outlast can be written by others/);
      expect(second).toMatch(/^ +→ look who has written there, then: chmod 700 \//);
    } finally {
      await chmod(stateDir, 0o700);
    }
  });

  test('a host that nobody reaches is exit 4, and the laptop is told nevertheless', async () => {
    const port = await findFreePort();
    const told = await lab.ask(['doctor', '-H', `127.0.0.1:${port}`]);
    expect([told.exitCode, codesOf(told)]).toEqual([4, ['E_CONNECT_REFUSED']]);
    expect(pick(told.document.laptop, 'ssh')).toMatchObject([{ level: 'ok' }]);
  });

  test('--ndjson tells of the laptop first, then of each host', async () => {
    const { stdout } = await lab.run(['doctor', '--ndjson', '-H', 'web1,web2']);
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.map((event) => Object.keys(event)[0])).toEqual(['laptop', 'host', 'host']);
    expect(events[0]).not.toHaveProperty('ok');
  });

  test('--print-script prints what would run, and it runs by hand', async () => {
    const { stdout } = await lab.run(['doctor', '--print-script', '-H', 'web1']);
    expect(stdout).toMatch(/^outlast_first=/);
    const { stdout: answer } = await lab.laptop.run(['ssh', '-F', lab.laptop.sshConfig, 'web1', 'sh'], {
      input: stdout,
    });
    expect(answer).toMatch(/ SURVEYED\n.* END 0\n$/);
  });
});

describe('of this laptop alone', () => {
  test('where neither flags nor a configuration name a host', async () => {
    const flags = ['-o', `UserKnownHostsFile=${lab.laptop.knownHosts}`];
    const told = await lab.ask(['doctor', ...flags]);
    expect(told.document).toMatchObject({ ok: true, outcomes: [] });
    expect(told.exitCode).toBe(0);
    expect(pick(told.document.laptop, 'node')).toMatchObject([
      { level: 'ok', message: `Node ${process.versions.node}` },
    ]);
    expect(pick(told.document.laptop, 'known-hosts')).toMatchObject([
      { level: 'ok', message: `host keys are known from ${lab.laptop.knownHosts}` },
    ]);
  });

  test('hosts of a configuration are asked without being named', async () => {
    await writeFile(join(lab.laptop.home, 'outlast.yaml'), 'hosts: { web1: web1 }\n');
    const told = await lab.ask(['doctor']);
    expect(told.document.outcomes.map(({ host }) => host)).toEqual(['web1']);
    expect(pick(told.document.laptop, 'configuration')).toMatchObject([
      { level: 'ok', message: 'outlast.yaml can be read and is valid' },
    ]);
  });

  test('a configuration with a mistake is a finding, exit 2, and no host is asked', async () => {
    await writeFile(join(lab.laptop.home, 'outlast.yaml'), 'hots: {}\n');
    const told = await lab.ask(['doctor', '-H', 'web1']);
    expect([told.exitCode, told.document.ok, told.document.outcomes]).toEqual([2, false, []]);
    expect(pick(told.document.laptop, 'configuration')).toMatchObject([
      { level: 'problem', message: expect.stringContaining('outlast.yaml:1:1') },
    ]);
  });

  test('an ssh configuration that ssh refuses is a problem', async () => {
    const laptop = await addLaptop([lab.host('web1')]);
    await writeFile(laptop.sshConfig, 'NoSuchKeyword yes\n');
    const told = await ask(laptop, ['doctor']);
    expect(told.exitCode).toBe(1);
    expect(pick(told.document.laptop, 'ssh-configuration')).toMatchObject([{ level: 'problem' }]);
  });

  test('no ssh, a dead agent and no key are told', async () => {
    const laptop = await addLaptop([lab.host('web1')]);
    const bare = join(laptop.home, 'bare');
    await mkdir(bare);
    const env = { PATH: bare, SSH_AUTH_SOCK: join(laptop.home, 'nobody') };
    // -F would need ssh.
    const [node = '', program = ''] = laptop.argvOf([]);
    const { stdout, exitCode } = await laptop.run([node, program, 'doctor', '-o', 'IdentityFile=/nowhere/key'], {
      env,
    });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^this laptop +warning +ssh +no ssh on PATH/m);
    expect(stdout).toMatch(/^this laptop +warning +identities +no key to log in with: /m);
    expect(stdout).toMatch(/^this laptop +note +identities +left out: agent: cannot be reached\n.*→ eval/m);
    expect(stdout).toMatch(/^this laptop +note +identities +left out: \/nowhere\/key: not found/m);
  });

  test('of a host that ssh itself reaches only what ssh cannot use is told', async () => {
    const laptop = await addLaptop([lab.host('web1')]);
    const keyFile = join(laptop.home, '.ssh', 'id_test');
    await laptop.run(['ssh-keygen', '-q', '-s', keyFile, '-I', 'test', `${keyFile}.pub`]);
    const identities = async (...flags: string[]) =>
      pick((await ask(laptop, ['doctor', '-H', 'web1', ...flags])).document.laptop, 'identities');
    expect(await identities()).toMatchObject([
      { level: 'note', message: `left out: ${keyFile}-cert.pub: a certificate` },
    ]);
    expect(await identities('--transport', 'openssh')).toMatchObject([
      { level: 'ok', message: `keys to try: ${keyFile}-cert.pub, ${keyFile}` },
    ]);
  });

  test('no ssh is a problem where hosts are reached by it', async () => {
    const laptop = await addLaptop([lab.host('web1')]);
    const bare = join(laptop.home, 'bare');
    await mkdir(bare);
    const [node = '', program = ''] = laptop.argvOf([]);
    const argv = [node, program, 'doctor', '--transport', 'openssh'];
    const { stdout, exitCode } = await laptop.run(argv, { env: { PATH: bare } });
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(
      /^this laptop +problem +ssh +no ssh on PATH: the transport openssh reaches no host\n.*→ install/m,
    );
  });

  test('what the ssh configuration says in vain is told on the way to the host', async () => {
    const flags = ['-H', 'web1', '-o', 'RekeyLimit=1G'];
    const { stderr } = await lab.run(['doctor', ...flags]);
    expect(stderr.match(/RekeyLimit of the ssh configuration has no effect here/g)).toHaveLength(1);
    expect((await lab.run(['doctor', '--transport', 'openssh', ...flags])).stderr).not.toMatch(/RekeyLimit/);
  });

  test('that files may be open for fewer hosts at a time is told', async () => {
    const argv = ['sh', '-c', 'ulimit -n 256; exec "$@"', 'sh', ...lab.laptop.argvOf(['doctor', '-P', '500'])];
    const { stdout } = await lab.laptop.run(argv);
    expect(stdout).toMatch(/^this laptop +note +open-files +256 files may be open .* 108 hosts .* not 500/m);
    expect(stdout).toMatch(/→ ulimit -n 1040/);
  });

  test('a host without an identity is named', async () => {
    const laptop = await addLaptop([lab.host('web1')]);
    const flags = ['-o', 'IdentityFile=none', '-o', 'IdentityAgent=none', '-o', 'IdentitiesOnly=yes'];
    await writeFile(laptop.sshConfig, `Host plain\n  HostName 127.0.0.1\n  Port ${await findFreePort()}\n`);
    const told = await ask(laptop, ['doctor', '-H', 'plain', ...flags]);
    expect(told.exitCode).toBe(4);
    expect(pick(told.document.laptop, 'identities')[0]).toMatchObject({
      level: 'warning',
      message: expect.stringContaining('no key to log in with to plain:'),
    });
  });
});
