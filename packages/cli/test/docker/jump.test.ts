import type { TestHost } from '@outlast/test-fixtures';
import { beforeEach, describe, expect, test } from 'vitest';
import { addLaptop } from '../program-lab.js';
import { readApp, readPid } from './answer.js';
import { askProgram, getHost, makeUser, needDocker } from './docker-lab.js';
import { readArgv, waitForProcesses } from './remote-processes.js';

beforeEach(needDocker);

describe('a host that is reachable only through another', () => {
  async function goRound(host: TestHost, laptopHosts: readonly TestHost[], flags: readonly string[]) {
    const laptop = await addLaptop(laptopHosts);
    const to = (verb: string, ...words: string[]) => askProgram(laptop, [host], verb, ...words);
    const started = await to('start', 'web', ...flags, '--settle', '100ms', '--', 'sleep', '1000');
    expect(started).toMatchObject({ ok: true, stderr: 'Safe to disconnect.\n' });
    expect(await readArgv(host, readPid(readApp(started)))).toEqual(['sleep', '1000']);
    expect(readApp(await to('status', 'web', ...flags)).pid).toBe(readApp(started).pid);
    expect(readApp(await to('stop', 'web', ...flags))).toMatchObject({ state: 'stopped', how: 'term' });
    await waitForProcesses(host, 0);
  }

  test('is managed by the ProxyJump of the ssh configuration', async () => {
    const inner = await makeUser('inner');
    await goRound(inner, [getHost('debian'), inner], []);
  });

  test('is managed by -J', async () => {
    const { jump, ...inner } = await makeUser('inner');
    expect(jump).toBe('debian');
    await goRound(inner, [getHost('debian'), inner], ['-J', 'debian']);
  });

  test('is an error of its own when the jump is left out', async () => {
    const { jump, ...inner } = await makeUser('inner');
    expect(jump).toBe('debian');
    const laptop = await addLaptop([getHost('debian'), inner]);
    const answer = await askProgram(laptop, [getHost('debian'), inner], 'status');
    expect(answer.exitCode).toBe(1);
    expect(answer.outcomes[0]).toMatchObject({ host: 'debian', ok: true });
    expect(answer.outcomes[1]).toMatchObject({ host: 'inner', ok: false, error: { code: 'E_RESOLVE' } });
  });
});
