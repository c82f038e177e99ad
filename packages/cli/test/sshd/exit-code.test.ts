import { findFreePort, varyHost } from '@outlast/test-fixtures';
import { beforeAll, describe, expect, test } from 'vitest';
import { addLaptop, ask, codesOf, shell, useLab } from '../program-lab.js';

const lab = useLab(['web1', 'web2']);

beforeAll(async () => {
  await lab.run(['start', 'up', '-H', 'web1', '--settle', '100ms', '--', 'sleep', '600']);
  await lab.run(['start', 'down', '-H', 'web1', '--settle', '100ms', ...shell('sleep 0.5; exit 5')]);
  await lab.run(['wait', 'down', '-H', 'web1']);
});

test.each([
  ['0 for an app that runs', ['status', 'up'], 0],
  ['0 for one that runs among others that do not', ['status', 'up', 'down'], 0],
  ['0 for all apps, whatever their state', ['status'], 0],
  ['3 for an app that has ended', ['status', 'down'], 3],
  ['3 for an app that nobody knows', ['status', 'nobody'], 3],
  ['3 for the logs of an app that nobody knows', ['logs', 'nobody'], 3],
  ['3 for following an app that nobody knows', ['logs', 'nobody', '-f'], 3],
  ['3 for waiting for an app that nobody knows', ['wait', 'nobody'], 3],
  ['3 for inspecting an app that nobody knows', ['inspect', 'nobody'], 3],
  ['3 for stopping an app that nobody knows', ['stop', 'nobody'], 3],
  ['3 for signalling an app that nobody knows', ['signal', 'HUP', 'nobody'], 3],
  ['1 for signalling an app that has ended', ['signal', 'HUP', 'down'], 1],
  ['0 for the logs of an app that has ended', ['logs', 'down'], 0],
  ['1 for forgetting an app that runs', ['rm', 'up'], 1],
  ['the code of the app for wait', ['wait', 'down'], 5],
  ['1 for a search that finds nothing', ['find', 'no[ ]such process'], 1],
  ['0 for help', ['stop', '--help'], 0],
  ['2 for a program that does not stand behind the dashes', ['start', 'up', 'sleep', '10'], 2],
  ['2 for what exec is given in front of them', ['exec', 'uname'], 2],
  ['2 for an ssh configuration that ssh refuses', ['status', '-o', 'NoSuchOption=1'], 2],
  ['2 for one app too many', ['adopt', 'up', 'down', '--pid', '4711'], 2],
])('%s', async (_what, args, exitCode) => {
  const result = await lab.run([...args, '-H', 'web1']);
  expect(result.exitCode, result.stderr).toBe(exitCode);
});

describe('exec passes the end of the program on', () => {
  test.each([
    ['its code', 'exit 42', 42],
    ['a code that looks like one of ours', 'exit 4', 4],
    ['a signal, as shells do', 'kill -s TERM $$', 143],
    ['success', 'true', 0],
  ])('%s', async (_what, line, exitCode) => {
    expect((await lab.run(['exec', '-H', 'web1', ...shell(line)])).exitCode).toBe(exitCode);
  });

  test('as a document, without calling it an error', async () => {
    const told = await lab.ask(['exec', '-H', 'web1', ...shell('kill -s TERM $$')]);
    expect(told.document.outcomes).toEqual([
      { host: 'web1', ok: false, exitCode: null, signal: 'TERM', stdout: '', stderr: '' },
    ]);
  });

  test('but is 1 where several hosts are asked', async () => {
    const line = 'test -e "$XDG_STATE_HOME/good" || exit 9';
    await lab.host('web1').run(': >"$XDG_STATE_HOME/good"');
    const told = await lab.ask(['exec', '-H', 'web1,web2', ...shell(line)]);
    expect(told.exitCode).toBe(1);
    expect(told.document.outcomes).toMatchObject([
      { host: 'web1', ok: true, exitCode: 0 },
      { host: 'web2', ok: false, exitCode: 9 },
    ]);
    const { stderr } = await lab.run(['exec', '-H', 'web1,web2', ...shell(line)]);
    expect(stderr).toMatch(/web2 .*ended with 9/);
  });
});

describe('a host that cannot be reached', () => {
  test('is exit 4 when it is the only one, 1 beside one that can', async () => {
    const dead = varyHost(lab.host(), { alias: 'dead', port: await findFreePort() });
    const laptop = await addLaptop([lab.host(), dead]);
    const alone = await ask(laptop, ['status', '-H', 'dead']);
    expect([alone.exitCode, codesOf(alone)]).toEqual([4, ['E_CONNECT_REFUSED']]);
    const both = await ask(laptop, ['status', 'up', '-H', 'dead,web1']);
    expect([both.exitCode, codesOf(both)]).toEqual([1, ['E_CONNECT_REFUSED', 'ok']]);
    expect(both.document.outcomes[1]?.apps?.[0]?.state).toBe('running');
    expect((await ask(laptop, ['stop', 'up', '-H', 'dead'])).exitCode).toBe(4);
  });
});

test('nobody is told that it is safe to disconnect where nothing runs', async () => {
  const result = await lab.run(['restart', 'nobody', '-H', 'web1']);
  expect([result.exitCode, result.stderr]).toEqual([3, '']);
});
