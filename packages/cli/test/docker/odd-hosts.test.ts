import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { addLaptop } from '../program-lab.js';
import { readApp, readLines, readPid } from './answer.js';
import { ask, makeUser, needDocker, runAsRoot } from './docker-lab.js';
import { readArgv, waitForProcesses } from './remote-processes.js';

beforeEach(needDocker);

describe('a user whose rc file', () => {
  const RC_FILES = {
    'prints a lot': 'echo "@@ BEGIN welcome"; echo "and on stderr" >&2; printf "no newline at its end"',
    'reads stdin': 'read -r first_line; echo "read: $first_line"',
    'reads stdin and changes how the shell works':
      'read -r first; set -u; set -C; alias ls="ls --color=always"; export LC_ALL=C LANG=xx POSIXLY_CORRECT=1 IFS=:; cd /tmp',
    'becomes zsh': 'exec zsh',
  };
  const ARGV = ['/bin/sh', '-c', 'echo up; while :; do sleep 1; done', "it's  two"];

  test.each(Object.entries(RC_FILES))('%s is served like any other', async (_what, text) => {
    const host = await makeUser('debian');
    await runAsRoot(host, 'printf "%s\\n" "$2" >"/home/$1/.bashrc"', host.user, text);
    const laptop = await addLaptop([host]);
    const to = (verb: string, ...words: string[]) => ask(laptop, [host], verb, ...words);
    const started = await to('start', 'web', '--settle', '200ms', '--', ...ARGV);
    expect(started.stderr).toBe('Safe to disconnect.\n');
    const pid = readPid(readApp(started));
    expect(await readArgv(host, pid)).toEqual(ARGV);
    expect(readApp(await to('status', 'web'))).toMatchObject({ state: 'running', pid });
    expect(readLines(await to('logs', 'web'))).toEqual(['up']);
    const printed = await to('exec', '--', 'printf', '%s', 'just this');
    expect(printed.outcomes[0]).toMatchObject({ ok: true, stdout: 'just this' });
    expect(readApp(await to('stop', 'web'))).toMatchObject({ state: 'stopped', how: 'term' });
    await waitForProcesses(host, 0);
  });

  test('ends the session is told what the host said', async () => {
    const host = await makeUser('debian');
    await runAsRoot(
      host,
      'printf "%s\\n" "$2" >"/home/$1/.bashrc"',
      host.user,
      'echo "closed for maintenance"; exit 0',
    );
    const laptop = await addLaptop([host]);
    // More than one: how the end of such a session is cut into packets is a matter of luck.
    const starts = [1, 2, 3, 4, 5].map(() => ask(laptop, [host], 'start', 'web', '--', 'sleep', '1000'));
    for (const { outcomes } of await Promise.all(starts)) {
      expect(outcomes[0]).toMatchObject({ ok: false, error: { code: 'E_NO_SHELL' } });
      expect(outcomes[0]?.error?.message).toContain('closed for maintenance');
    }
    await waitForProcesses(host, 0);
  });
});

describe('a state folder', () => {
  test('on a full file system: nothing new runs, and what runs stays under control', async () => {
    const host = await makeUser('debian2');
    // Each container has a small file system of its own there.
    const folder = `/dev/shm/${host.user}`;
    await host.run(`mkdir -p ${folder} .local && ln -s ${folder} .local/state`);
    onTestFinished(async () => {
      await runAsRoot(host, 'rm -rf "$1"', folder);
    });
    const laptop = await addLaptop([host]);
    const to = (verb: string, ...words: string[]) => ask(laptop, [host], verb, ...words);
    const start = (app: string) => to('start', app, '--settle', '100ms', '--', 'sleep', '1000');
    const pid = readPid(readApp(await start('before')));
    await host.run(`cat /dev/zero >${folder}/ballast 2>/dev/null; df ${folder}`);

    const refused = await start('after');
    expect(refused.outcomes[0]).toMatchObject({ ok: false, error: { code: 'E_STATE_DIR' } });
    expect(refused.outcomes[0]?.error?.message).toContain(`${host.stateDir}/apps`);
    const [first, second] = await waitForProcesses(host, 2);
    expect([first?.pid, second?.pid]).toContain(pid);
    expect(readApp(await to('status', 'before'))).toMatchObject({ state: 'running', pid });
    const stopped = readApp(await to('stop', 'before'));
    expect(stopped).toMatchObject({ state: 'stopped', signal: 'TERM', how: 'term', changed: true });
    await waitForProcesses(host, 0);
    expect(readApp(await to('rm', 'before'))).toMatchObject({ changed: true });

    await host.run(`rm ${folder}/ballast`);
    expect(readApp(await start('after'))).toMatchObject({ state: 'running', changed: true });
  });

  test('that cannot be made is named, and nothing runs', async () => {
    const host = await makeUser('debian2');
    await host.run('mkdir .local && chmod 500 .local');
    const answer = await ask(await addLaptop([host]), [host], 'start', 'web', '--', 'sleep', '1000');
    expect(answer.outcomes[0]).toMatchObject({ ok: false, error: { code: 'E_STATE_DIR' } });
    expect(answer.outcomes[0]?.error?.message).toContain(host.stateDir);
    await waitForProcesses(host, 0);
  });

  test('that others can write to is refused, and nothing runs', async () => {
    const host = await makeUser('debian2');
    await host.run(`mkdir -p ${host.stateDir} && chmod 777 ${host.stateDir}`);
    const answer = await ask(await addLaptop([host]), [host], 'start', 'web', '--', 'sleep', '1000');
    expect(answer.outcomes[0]).toMatchObject({ ok: false, error: { code: 'E_STATE_DIR' } });
    expect(answer.outcomes[0]?.error?.message).toContain('can be written by others');
    await waitForProcesses(host, 0);
  });
});
