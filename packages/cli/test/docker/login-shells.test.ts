import type { Laptop, TestHost } from '@outlast/test-fixtures';
import { beforeEach, describe, expect, test } from 'vitest';
import { addLaptop } from '../program-lab.js';
import { readApp, readLines, readPid } from './answer.js';
import { ask, askProgram, makeUser, needDocker } from './docker-lab.js';
import { readArgv, waitForProcesses } from './remote-processes.js';

beforeEach(needDocker);

const SHELLS = [
  { shell: 'bash', on: 'debian3' },
  { shell: 'dash', on: 'debian3' },
  { shell: 'zsh', on: 'debian3' },
  { shell: 'ksh93', on: 'debian3' },
  { shell: 'mksh', on: 'debian3' },
  { shell: 'yash', on: 'debian3' },
  { shell: 'posh', on: 'debian3' },
  { shell: 'fish', on: 'debian3' },
  { shell: 'tcsh', on: 'debian3' },
  { shell: 'ash', on: 'busybox' },
] as const;

/** What one shell or another takes for something of its own. */
const WORDS = [
  ...[
    '',
    ' ',
    'two  words',
    '\ttab',
    'new\nline',
    '\n',
    '\r',
    '\u0001\u007F\u001B[31m',
    '\u202Ertl',
    '😀👩‍👩‍👧',
    'é漢字',
    `\${HOME}`,
  ],
  ...String.raw`\n end\ \\ it's ' '\'' " "" $HOME $(id) $$ $ !! !x ! ^a^b #c * ? [a] {a,b} ~ ~/x`.split(' '),
  ...'-n - -- -rf --help =x A=b %s % ; & && | < > >>x ( ) 2>&1 `id`'.split(' '),
  'end of all',
];
const PRINT_WORDS = 'for word; do printf "%s\\0" "$word"; done';
const APP = 'trap "echo got it" USR1; trap "exit 3" USR2; echo "up with $#"; while :; do sleep 0.1; done';

describe.each(SHELLS)('behind the login shell $shell', ({ shell, on }) => {
  async function prepare(): Promise<{ host: TestHost; laptop: Laptop }> {
    const host = await makeUser(on, shell);
    return { host, laptop: await addLaptop([host]) };
  }

  test('an app goes the whole round, from its start to its removal', async () => {
    const { host, laptop } = await prepare();
    const to = (verb: string, ...words: string[]) => ask(laptop, [host], verb, ...words);
    const start = () => to('start', 'web', '--settle', '200ms', '--', '/bin/sh', '-c', APP, 'sh', ...WORDS);

    const started = readApp(await start());
    expect(started).toMatchObject({ state: 'running', changed: true });
    const pid = readPid(started);
    expect(await readArgv(host, pid)).toEqual(['/bin/sh', '-c', APP, 'sh', ...WORDS]);
    const seen = readApp(await to('status', 'web'));
    expect(seen).toMatchObject({ state: 'running', pid, argv: ['/bin/sh', '-c', APP, 'sh', ...WORDS] });
    expect(readLines(await to('logs', 'web'))).toEqual([`up with ${WORDS.length}`]);

    const found = await to('find', 'end of all');
    expect(found.outcomes[0]?.processes?.map((each) => [each.pid, each.app])).toContainEqual([pid, 'web']);
    expect(readApp(await to('signal', 'USR1', 'web'))).toMatchObject({ changed: true, pid });
    const waiting = to('wait', 'web');
    await to('signal', 'USR2', 'web');
    const ended = await waiting;
    expect(ended.exitCode).toBe(3);
    expect(readApp(ended)).toMatchObject({ state: 'exited', exitCode: 3, signal: null, lastPid: pid });
    expect(readLines(await to('logs', 'web'))).toEqual([`up with ${WORDS.length}`, 'got it']);

    expect(readApp(await start())).toMatchObject({ state: 'running', changed: true });
    expect(readApp(await to('stop', 'web'))).toMatchObject({ state: 'stopped', how: 'term', changed: true });
    await waitForProcesses(host, 0);
    expect(readApp(await to('rm', 'web'))).toMatchObject({ state: 'unknown', changed: true });
    expect((await to('status', 'web')).exitCode).toBe(3);
    expect((await host.run(`ls -A ${host.stateDir}/apps`)).stdout).toBe('');
  });

  test('exec hands every word over byte for byte, and the exit code back', async () => {
    const { host, laptop } = await prepare();
    const line = `${PRINT_WORDS}; echo "and this" >&2; exit 5`;
    const answer = await askProgram(laptop, [host], 'exec', '--', '/bin/sh', '-c', line, 'sh', ...WORDS);
    const [outcome] = answer.outcomes;
    expect(outcome).toMatchObject({ ok: false, exitCode: 5, signal: null, stderr: 'and this\n' });
    expect(outcome?.stdout?.split('\0').slice(0, -1)).toEqual(WORDS);
    expect(answer.exitCode).toBe(5);
  });
});

test('a restricted shell, which may start nothing by its path, is told as that', async () => {
  const host = await makeUser('debian3', 'rbash');
  const laptop = await addLaptop([host]);
  const { outcomes, exitCode } = await ask(laptop, [host], 'start', 'web', '--', 'sleep', '1000');
  expect(outcomes[0]).toMatchObject({ ok: false, error: { code: 'E_NO_SHELL' } });
  expect(outcomes[0]?.error?.message).toContain('restricted');
  expect(exitCode).toBe(4);
  await waitForProcesses(host, 0);
});
