import { beforeEach, describe, expect, test } from 'vitest';
import { addLaptop } from '../program-lab.js';
import { readApp, readPid } from './answer.js';
import { askProgram, makeUser, needDocker } from './docker-lab.js';
import { waitForProcesses } from './remote-processes.js';

beforeEach(needDocker);

const CLIENTS = Array.from({ length: 16 }, (_, index) => index);

describe.each(['debian2', 'busybox'] as const)('sixteen clients at once on %s', (name) => {
  test('make one process, and every one of them is told of it', async () => {
    const host = await makeUser(name);
    const laptop = await addLaptop([host]);
    const words = ['web', '--connect-timeout', '60s', '--settle', '200ms', '--', 'sleep', '1000'];
    const apps = (await Promise.all(CLIENTS.map(() => askProgram(laptop, [host], 'start', ...words)))).map(readApp);
    const [only] = new Set(apps.map(readPid));
    expect(apps.map(({ pid }) => pid)).toEqual(CLIENTS.map(() => only));
    expect(apps.filter(({ changed }) => changed)).toHaveLength(1);
    const left = await waitForProcesses(host, 2);
    expect(left.filter(({ line }) => line === 'sleep 1000').map(({ pid }) => pid)).toEqual([only]);
  });
});

test('clients that want to start different things make one process, and the others are told what runs', async () => {
  const host = await makeUser('debian2');
  const laptop = await addLaptop([host]);
  const start = (index: number) =>
    askProgram(
      laptop,
      [host],
      'start',
      'web',
      '--settle',
      '200ms',
      '--connect-timeout',
      '60s',
      '--',
      'sleep',
      `${1000 + index}`,
    );
  const answers = await Promise.all(CLIENTS.slice(0, 4).map(start));
  expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
  for (const { outcomes } of answers.filter(({ ok }) => !ok))
    expect(outcomes[0]?.error).toMatchObject({ code: 'E_ALREADY_RUNNING', hint: expect.stringContaining('restart') });
  await waitForProcesses(host, 2);
});
