import { beforeEach, describe, expect, test } from 'vitest';
import type { ToldFinding } from '../document-schema.js';
import { addLaptop } from '../program-lab.js';
import type { Answered } from './answer.js';
import { ask, makeUser, needDocker, runAsRoot } from './docker-lab.js';
import { waitForProcesses } from './remote-processes.js';

beforeEach(needDocker);

function pick(outcome: Answered | undefined, check: string): ToldFinding[] {
  return ((outcome?.findings ?? []) as readonly ToldFinding[]).filter((finding) => finding.check === check);
}

describe('doctor', () => {
  test('finds nothing wrong with Debian, and leaves nothing there', async () => {
    const host = await makeUser('debian');
    const answer = await ask(await addLaptop([host]), [host], 'doctor');
    expect([answer.exitCode, answer.stderr]).toEqual([0, '']);
    const [outcome] = answer.outcomes;
    expect(outcome?.ok).toBe(true);
    for (const check of ['logout', 'state-folder', 'required-tools', 'setsid', 'proc', 'init', 'clock', 'rc-output'])
      expect(pick(outcome, check)).toMatchObject([{ level: 'ok' }]);
    expect(pick(outcome, 'shell')[0]?.message).toMatch(/^\/bin\/sh is \/usr\/bin\/dash, the login shell is .*\/bash$/);
    expect((await host.run('ls -A ~ ~/.local 2>/dev/null')).stdout).not.toMatch(/outlast/);
    await waitForProcesses(host, 0);
  });

  test('finds that all of BusyBox works, but for setsid -f', async () => {
    const host = await makeUser('busybox');
    const answer = await ask(await addLaptop([host]), [host], 'doctor');
    const [outcome] = answer.outcomes;
    expect([answer.exitCode, outcome?.ok]).toEqual([0, true]);
    expect(pick(outcome, 'shell')).toMatchObject([{ level: 'ok', message: expect.stringContaining('busybox') }]);
    expect(pick(outcome, 'setsid')).toMatchObject([{ level: 'note', message: expect.stringContaining('-f') }]);
    for (const check of ['logout', 'state-folder', 'required-tools', 'disk-space', 'proc', 'init', 'clock'])
      expect(pick(outcome, check)).toMatchObject([{ level: 'ok' }]);
  });

  test.each([
    ['prints', 'echo "welcome back"', 'rc-output', 'note'],
    ['reads its input', 'read -r line', 'rc-input', 'warning'],
    ['execs another shell', 'exec zsh', 'shell', 'note'],
  ])('tells of an rc file that %s', async (_what, text, check, level) => {
    const host = await makeUser('debian');
    await runAsRoot(host, 'printf "%s\\n" "$2" >"/home/$1/.bashrc"', host.user, text);
    const answer = await ask(await addLaptop([host]), [host], 'doctor');
    expect(answer.exitCode).toBe(0);
    expect(pick(answer.outcomes[0], check)).toMatchObject([
      { level, remedy: expect.stringMatching(/^in the rc file, /) },
    ]);
  });

  test('tells of a state folder that cannot be made, as start does', async () => {
    const host = await makeUser('debian2');
    await host.run('mkdir .local && chmod 500 .local');
    const laptop = await addLaptop([host]);
    const answer = await ask(laptop, [host], 'doctor');
    expect(answer.exitCode).toBe(1);
    expect(answer.outcomes[0]).toMatchObject({ ok: false });
    const [finding] = pick(answer.outcomes[0], 'state-folder');
    expect(finding).toMatchObject({ level: 'problem', message: `/home/${host.user}/.local cannot be written` });
    const started = await ask(laptop, [host], 'start', 'web', '--', 'sleep', '1000');
    expect(started.outcomes[0]?.error?.code).toBe('E_STATE_DIR');
  });
});
