import { buffer } from 'node:stream/consumers';
import { waitFor } from '@outlast/test-fixtures';
import { describe, expect, test } from 'vitest';
import { shell, useLab } from '../program-lab.js';

const lab = useLab(['web1', 'web2', 'web3']);
const ALL = ['-H', 'web[1-3]', '--gather'];

const give = (alias: string, name: string) => lab.host(alias).run(`: >"$XDG_STATE_HOME/${name}"`);

describe('exec --gather', () => {
  test('prints equal outputs once under folded names, and each stream where it belongs', async () => {
    await give('web2', 'odd');
    const line = 'echo same; echo warned >&2; test ! -e "$XDG_STATE_HOME/odd" || { echo odd; exit 3; }';
    const { stdout, stderr, exitCode } = await lab.run(['exec', ...ALL, ...shell(line)]);
    expect(stdout).toBe('web[1,3] (2 hosts)\nsame\n\nweb2\nsame\nodd\n');
    const told = 'web2  E_EXEC_FAILED  the program ended with 3\n3 hosts: 2 ok, 1 failed\n';
    expect(stderr).toBe(`web[1-3] (3 hosts)\nwarned\n${told}`);
    expect(exitCode).toBe(1);
  });

  test('of one host passes its code on', async () => {
    const { stdout, stderr, exitCode } = await lab.run(['exec', '-H', 'web1', '--gather', ...shell('echo hi; exit 7')]);
    expect({ stdout, stderr, exitCode }).toEqual({ stdout: 'web1\nhi\n', stderr: '', exitCode: 7 });
  });

  test('prints what is there when it is interrupted', async () => {
    const line = 'echo begun; : >"$XDG_STATE_HOME/begun"; exec sleep 60';
    const client = lab.laptop.spawnOutlast(['exec', ...ALL, ...shell(line)]);
    const ended = new Promise((resolve) => client.once('close', resolve));
    if (client.stdout === null) throw new Error('its stdout is no pipe');
    const said = buffer(client.stdout);
    const hasBegun = async (alias: string) =>
      (await lab.host(alias).run('test -e "$XDG_STATE_HOME/begun"')).exitCode === 0;
    for (const alias of ['web1', 'web2', 'web3']) await waitFor(() => hasBegun(alias), { what: 'the program' });
    client.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(String(await said)).toBe('web[1-3] (3 hosts)\nbegun\n');
  });

  test.each(['--json', '--ndjson'])('is refused with %s, before anything is sent', async (flag) => {
    const { stderr, exitCode } = await lab.run(['exec', ...ALL, flag, '--', 'true']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('--gather');
  });

  test('gives up the host whose output is too large to be kept, and none of the others', async () => {
    await give('web2', 'large');
    const line = 'test ! -e "$XDG_STATE_HOME/large" || head -c 70000000 /dev/zero; echo small';
    const { stdout, stderr, exitCode } = await lab.run(['exec', ...ALL, ...shell(line)]);
    expect(stdout).toBe('web[1,3] (2 hosts)\nsmall\n');
    expect(stderr).toMatch(/^web2 {2}E_PROTOCOL .* more than 64 MiB\n +→ without --gather/);
    expect(exitCode).toBe(1);
  });
});
