import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  attachHost,
  canStartProcessSshd,
  createLaptop,
  describeHost,
  findProcessesOf,
  formatFingerprint,
  generateKeyPair,
  isListening,
  type Laptop,
  runProgram,
  startEmbeddedHost,
  startProcessSshd,
  type TestHost,
  waitFor,
} from '@outlast/test-fixtures';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

let host: TestHost;
let inner: TestHost;
let laptop: Laptop;
const missing = await canStartProcessSshd();

beforeAll(async () => {
  if (missing !== undefined) return;
  host = await startProcessSshd();
  inner = await startProcessSshd({ alias: 'inner', jump: 'sshd', hostKeyTypes: ['ecdsa', 'ed25519', 'rsa'] });
  laptop = await createLaptop([host, inner]);
});

afterAll(async () => {
  await laptop?.remove();
  await inner?.stop();
  await host?.stop();
});

beforeEach((context) => {
  if (missing !== undefined) context.skip(missing);
});

const ssh = (...args: string[]) => laptop.run(['ssh', '-F', laptop.sshConfig, ...args]);
const folderOf = (target: TestHost) => dirname(dirname(target.stateDir));

describe('the sshd of this machine', () => {
  test('lets the laptop in by its alias, without a question, and runs the login shell of its user', async () => {
    const answer = await ssh('sshd', 'id -un; printf "%s\\n" "$XDG_STATE_HOME"');
    expect(answer.stderr).toBe('');
    expect(answer.stdout).toBe(`${host.user}\n${dirname(host.stateDir)}\n`);
  });

  test('is looked at out of band with the same eyes', async () => {
    const line = 'id -un; pwd; echo "$HOME" "$XDG_STATE_HOME"';
    expect((await host.run(line)).stdout).toBe((await ssh('sshd', line)).stdout);
  });

  test('is reached through a jump host', async () => {
    const answer = await ssh('inner', 'echo there');
    expect(answer.stdout).toBe('there\n');
    await waitFor(async () => (await host.readLog()).split('Accepted publickey').length > 1, { what: 'the jump' });
  });

  test('presents exactly the host keys that its facts name', async () => {
    for (const key of inner.hostKeys) {
      const type = key.split(' ')[0] === 'ssh-rsa' ? 'rsa-sha2-512' : key.split(' ')[0];
      const answer = await ssh('-v', '-o', `HostKeyAlgorithms=${type}`, 'inner', 'true');
      expect(answer.stderr).toContain(formatFingerprint(key));
      expect(answer.exitCode).toBe(0);
    }
  });

  test('turns another key away', async () => {
    const stranger = await createLaptop([host], { clientKey: generateKeyPair() });
    const answer = await stranger.run(['ssh', '-F', stranger.sshConfig, '-o', 'BatchMode=yes', 'sshd', 'true']);
    expect(answer.exitCode).toBe(255);
    expect(answer.stderr).toContain('Permission denied (publickey)');
    await stranger.remove();
  });

  test('is looked at from another process by its facts', async () => {
    const facts = JSON.parse(JSON.stringify(describeHost(host)));
    const attached = attachHost(facts);
    expect((await attached.run('echo seen')).stdout).toBe('seen\n');
    expect(await attached.readLog()).toContain('Server listening');
    await attached.stop();
    expect(await isListening(host.port)).toBe(true);
  });
});

test('lines of sshd_config that a test brings win over ours', async () => {
  const own = await startProcessSshd({ alias: 'own', config: ['ForceCommand echo forced', 'LogLevel DEBUG1'] });
  const visitor = await createLaptop([own]);
  const answer = await visitor.run(['ssh', '-F', visitor.sshConfig, 'own', 'echo asked']);
  expect(answer.stdout).toBe('forced\n');
  expect(await own.readLog()).toContain('debug1:');
  await visitor.remove();
  await own.stop();
});

test('an sshd that cannot start says why, with the end of its log, and leaves no folder', async () => {
  const reason = await startProcessSshd({ config: ['NoSuchKeyword yes'] }).then(
    () => '',
    (error: Error) => error.message,
  );
  expect(reason).toContain('sshd did not start: it ended with 255');
  expect(reason).toContain('NoSuchKeyword');
});

test('stop ends the sessions and what they left behind, removes the folder, and frees the port for the next', async () => {
  const own = await startProcessSshd({ alias: 'own' });
  const visitor = await createLaptop([own]);
  const open = visitor.spawn(['ssh', '-F', visitor.sshConfig, 'own', 'echo ready; sleep 1000'], { stdio: 'pipe' });
  if (open.stdout === null) throw new Error('its stdout is a pipe');
  await once(open.stdout, 'data');
  await visitor.run(['ssh', '-F', visitor.sshConfig, 'own', 'cd /; setsid sleep 1000 </dev/null >/dev/null 2>&1 &']);
  const ended = once(open, 'exit');
  expect(findProcessesOf(folderOf(own)).length).toBeGreaterThanOrEqual(2);

  await own.stop();

  expect((await ended)[0]).toBe(255);
  expect(findProcessesOf(folderOf(own))).toEqual([]);
  expect(existsSync(folderOf(own))).toBe(false);
  const next = await startProcessSshd({ alias: 'own', port: own.port });
  expect(await isListening(own.port)).toBe(true);
  await next.stop();
  expect(await isListening(own.port)).toBe(false);
  await visitor.remove();
});

test('root can have it serve another user, with state of that user', async (context) => {
  if (process.getuid?.() !== 0) context.skip('only root can serve another user');
  const own = await startProcessSshd({ alias: 'own', user: 'nobody' });
  const who = 'id -un; mkdir "$XDG_STATE_HOME/outlast" && ls -ld "$XDG_STATE_HOME/outlast"';
  const answer = await own.run(who);
  expect(answer.stdout).toMatch(/^nobody\ndrwx\S+ \d+ nobody /);
  await own.stop();
});

test('OpenSSH itself is content with the embedded host: key, host key, exec, exit code', async () => {
  const embedded = await startEmbeddedHost();
  const visitor = await createLaptop([embedded]);
  const answer = await visitor.run(['ssh', '-F', visitor.sshConfig, 'embedded', 'echo "$HOME"; cat; exit 3'], {
    input: 'in',
  });
  expect(answer).toMatchObject({ stderr: '', exitCode: 3, stdout: `${(await embedded.run('pwd')).stdout}in` });
  await visitor.remove();
  await embedded.stop();
});

test('nothing stays behind when the tests themselves are killed', async () => {
  const script = `
    import { createLaptop, startEmbeddedHost, startProcessSshd } from '@outlast/test-fixtures';
    import { dirname } from 'node:path';
    const host = await startProcessSshd();
    const embedded = await startEmbeddedHost();
    const laptop = await createLaptop([host, embedded]);
    await host.run('setsid sleep 1000 </dev/null >/dev/null 2>&1 &');
    console.log(dirname(dirname(host.stateDir)), laptop.home, dirname((await embedded.run('pwd')).stdout));
    process.kill(process.pid, 'SIGKILL');`;
  const killed = await runProgram([process.execPath, '--input-type=module', '-e', script], {
    cwd: import.meta.dirname,
    env: process.env,
  });
  expect(killed).toMatchObject({ signal: 'SIGKILL', stderr: '' });
  const folders = killed.stdout.trim().split(' ');
  expect(folders).toHaveLength(3);
  await waitFor(() => !folders.some((folder) => existsSync(folder)), { what: 'the folders to go' });
  expect(folders.flatMap(findProcessesOf)).toEqual([]);
});
