import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { type Laptop, startTcpProxy, type TestHost, varyHost, waitFor } from '@outlast/test-fixtures';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { addLaptop } from '../program-lab.js';
import { readApp, readLines, readPid } from './answer.js';
import { askProgram, makeUser, needDocker } from './docker-lab.js';
import { countScripts, listProcesses, waitForProcesses } from './remote-processes.js';

beforeEach(needDocker);

async function prepare(): Promise<{ host: TestHost; laptop: Laptop }> {
  const host = await makeUser('busybox');
  return { host, laptop: await addLaptop([host]) };
}

describe('exec through dropbear', () => {
  test('passes the exit code through', async () => {
    const { host, laptop } = await prepare();
    const exec = (line: string) => laptop.outlast(['exec', '-H', host.alias, '--', '/bin/sh', '-c', line]);
    for (const code of [0, 1, 77, 255]) expect((await exec(`exit ${code}`)).exitCode).toBe(code);
  });

  test.each(['TERM', 'KILL', 'SEGV'])('tells of a program that was ended by %s', async (signal) => {
    const { host, laptop } = await prepare();
    const answer = await askProgram(laptop, [host], 'exec', '--', '/bin/sh', '-c', `echo out; kill -s ${signal} $$`);
    expect(answer.outcomes[0]).toMatchObject({ ok: false, exitCode: null, signal, stdout: 'out\n' });
    expect(answer.exitCode).toBe(128 + { TERM: 15, KILL: 9, SEGV: 11 }[signal as 'TERM']);
  });

  test('carries a megabyte each way unchanged', async () => {
    const { host, laptop } = await prepare();
    const input = Buffer.alloc(1 << 20, 'not all of it is the same: 0123456789\n').toString();
    const result = await laptop.outlast(['exec', '--stdin', '-H', host.alias, '--', 'cat'], { input });
    expect(result.stdout.length).toBe(input.length);
    expect(result.stdout === input).toBe(true);
  });
});

describe('find on a host of nothing but BusyBox', () => {
  test('sees what outlast manages and what not, with whole arguments, and never itself', async () => {
    const { host, laptop } = await prepare();
    const started = readApp(
      await askProgram(laptop, [host], 'start', 'web', '--settle', '100ms', '--', 'sleep', '1000'),
    );
    await host.run('(exec sh -c "while :; do sleep 1000; done" "by hand" "two  words" </dev/null >/dev/null 2>&1 &)');
    const { outcomes } = await askProgram(laptop, [host], 'find', 'sleep 1000');
    const own = (await listProcesses(host)).map(({ pid }) => pid);
    const found = (outcomes[0]?.processes ?? []).filter(({ pid }) => own.includes(pid));
    const shown = found.map(({ argv, app }) => ({ argv, app }));
    expect(shown).toContainEqual({ argv: ['sleep', '1000'], app: 'web' });
    expect(shown).toContainEqual({
      argv: ['sh', '-c', 'while :; do sleep 1000; done', 'by hand', 'two  words'],
      app: null,
    });
    expect(found.map(({ pid }) => pid)).toContain(readPid(started));
    const nothing = await askProgram(laptop, [host], 'find', 'no such process here');
    expect(nothing.outcomes[0]?.processes).toEqual([]);
  });
});

describe('the supervisor in BusyBox ash', () => {
  test('starts an app again that failed, until it ends well', async () => {
    const { host, laptop } = await prepare();
    const line =
      'n=$(cat count 2>/dev/null); echo $((n + 1)) >count; echo "try $((n + 1))"; sleep 0.5; [ "$((n + 0))" -ge 2 ]';
    const words = ['--settle', '100ms', '--restart', 'on-failure', '--', '/bin/sh', '-c', line];
    const started = readApp(await askProgram(laptop, [host], 'start', 'web', ...words));
    const ended = await askProgram(laptop, [host], 'wait', 'web');
    expect(ended.exitCode).toBe(0);
    const app = readApp(ended);
    expect(app).toMatchObject({ state: 'exited', exitCode: 0, restarts: 2 });
    expect(app.lastPid).not.toBe(started.pid);
    expect(readLines(await askProgram(laptop, [host], 'logs', 'web'))).toEqual(['try 1', 'try 2', 'try 3']);
    await waitForProcesses(host, 0);
  });

  test('starts an app again that was killed, and stops for good when asked, also in the middle of a back-off', async () => {
    const { host, laptop } = await prepare();
    const words = ['--settle', '100ms', '--restart', 'on-failure', '--', 'sleep', '1000'];
    const first = readPid(readApp(await askProgram(laptop, [host], 'start', 'web', ...words)));
    await host.run(`kill -s KILL ${first}`);
    const second = await waitFor(
      async () => {
        const { state, pid, restarts } = readApp(await askProgram(laptop, [host], 'status', 'web'));
        return state === 'running' && restarts === 1 ? pid : undefined;
      },
      { what: 'the app to be started again' },
    );
    expect(second).not.toBe(first);
    await host.run(`kill -s KILL ${second}`);
    const isBackOff = async () => readApp(await askProgram(laptop, [host], 'status', 'web')).state === 'restarting';
    await waitFor(isBackOff, { what: 'the back-off' });
    expect(readApp(await askProgram(laptop, [host], 'stop', 'web'))).toMatchObject({ state: 'stopped', changed: true });
    expect(await listProcesses(host)).toEqual([]);
  });

  test('gives up after as many restarts as it may', async () => {
    const { host, laptop } = await prepare();
    const words = ['--settle', '100ms', '--restart', 'on-failure', '--max-restarts', '1', '--', '/bin/sh', '-c'];
    await askProgram(laptop, [host], 'start', 'web', ...words, 'sleep 0.4; exit 4');
    const ended = await askProgram(laptop, [host], 'wait', 'web');
    expect(readApp(ended)).toMatchObject({ state: 'crash-looping', exitCode: 4, restarts: 1 });
    expect(ended.exitCode).toBe(4);
  });
});

describe('logs -f from BusyBox', () => {
  const LINES = 400;
  // Numbered lines, one each 5 ms or so, in a file that is opened for each of them as a rotating logger would find it.
  const WRITER = `n=0; while [ $n -lt ${LINES} ]; do n=$((n + 1)); echo "line $n" >>"$0"; usleep 5000; done; echo end >>"$0"; exec sleep 1000`;

  async function follow(laptop: Laptop, host: TestHost) {
    const client = laptop.spawnOutlast(['logs', 'web', '-f', '-n', '1000', '-H', host.alias]);
    const seen = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      (client[name] as Readable).on('data', (chunk: Buffer) => {
        seen[name] += chunk.toString();
      });
    const waitForText = (text: string, timeoutMs = 30_000) =>
      waitFor(() => seen.stdout.includes(text) || seen.stderr.includes(text), {
        what: `${text.trim()} from logs -f`,
        timeoutMs,
        evidence: () => `${seen.stdout.slice(-300)}${seen.stderr}`,
      });
    return { client, seen, waitForText };
  }

  const startWriter = (laptop: Laptop, host: TestHost) =>
    askProgram(
      laptop,
      [host],
      'start',
      'web',
      '--settle',
      '100ms',
      '--',
      '/bin/sh',
      '-c',
      WRITER,
      `${host.stateDir}/apps/web/log`,
    );

  test('loses and doubles nothing when the log is renamed and the connection is cut', async () => {
    const host = await makeUser('busybox');
    const proxy = await startTcpProxy(host);
    onTestFinished(() => proxy.stop());
    const far = varyHost(host, { port: proxy.port });
    const laptop = await addLaptop([far]);
    await startWriter(laptop, far);
    const { client, seen, waitForText } = await follow(laptop, far);
    const rotate = `cd ${host.stateDir}/apps/web; [ ! -e log.1 ] || mv log.1 log.2; mv log log.1`;
    // The first line of the file that has the name by then: a machine that is slow to rename may be far behind the writer.
    const firstOfNext = `cd ${host.stateDir}/apps/web; until [ -s log ]; do usleep 5000; done; head -n 1 log`;
    await waitForText('line 20\n');
    await host.run(rotate);
    await waitForText((await host.run(firstOfNext)).stdout);
    proxy.cut();
    await waitForText('line 220\n');
    await host.run(rotate);
    await waitForText('end\n');
    const expected = Array.from({ length: LINES }, (_, index) => `line ${index + 1}`);
    expect(seen.stdout.split('\n').filter((line) => line !== '')).toEqual([...expected, 'end']);
    const ended = once(client, 'exit');
    client.kill('SIGINT');
    await ended;
    await waitFor(async () => (await countScripts(host)) === 0, { what: 'the script to end', timeoutMs: 3_000 });
    expect(readApp(await askProgram(laptop, [far], 'status', 'web')).state).toBe('running');
  });

  test('reports a truncation and goes on from the start of what is left', async () => {
    const { host, laptop } = await prepare();
    const line = 'trap "echo after" USR1; echo before before before; while :; do sleep 0.1; done';
    await askProgram(laptop, [host], 'start', 'web', '--settle', '100ms', '--', '/bin/sh', '-c', line);
    const { client, seen, waitForText } = await follow(laptop, host);
    await waitForText('before\n');
    await host.run(`: >${host.stateDir}/apps/web/log`);
    await waitForText('truncated');
    await askProgram(laptop, [host], 'signal', 'USR1', 'web');
    await waitForText('after\n');
    expect(seen.stdout).toBe('before before before\nafter\n');
    expect(seen.stderr).toContain('the log of web was truncated');
    client.kill('SIGINT');
  });
});
