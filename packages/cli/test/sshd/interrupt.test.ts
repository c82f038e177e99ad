import type { ChildProcess } from 'node:child_process';
import { buffer } from 'node:stream/consumers';
import { isGone, startTcpProxy, varyHost, waitFor } from '@outlast/test-fixtures';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readDocument } from '../document-schema.js';
import { addLaptop, appOf, shell, useLab } from '../program-lab.js';

const lab = useLab(['web1', 'web2']);

interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Resolves when a client has ended, with all that it said. */
async function collect(client: ChildProcess): Promise<Ended> {
  const exit = new Promise<number | null>((resolve) => client.once('close', resolve));
  if (client.stdout === null || client.stderr === null) throw new Error('its streams are not pipes');
  const [stdout, stderr] = await Promise.all([buffer(client.stdout), buffer(client.stderr)]);
  return { exitCode: await exit, stdout: stdout.toString(), stderr: stderr.toString() };
}

const exists = async (name: string) => (await lab.host().run(`test -e "$XDG_STATE_HOME/${name}"`)).exitCode === 0;

/** An app that ignores TERM, and leaves a file when it gets it. */
async function startStubborn(app: string): Promise<number> {
  const line = `trap ': >"$XDG_STATE_HOME/${app}.term"' TERM; echo ready; while :; do sleep 0.05; done`;
  return appOf(await lab.ask(['start', app, '-H', 'web1,web2', '--settle', '500ms', ...shell(line)])).pid ?? 0;
}

describe('Ctrl-C', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    'by %s: the document tells what is known and what is not',
    async (signal) => {
      const app = `stubborn-${signal.toLowerCase()}`;
      await startStubborn(app);
      const stop = ['stop', '--json', app, '-H', 'web1,web2', '--serial', '1', '--grace', '60s'];
      const client = lab.laptop.spawnOutlast(stop);
      const end = collect(client);
      await waitFor(() => exists(`${app}.term`), { what: 'the app to get TERM' });
      client.kill(signal);
      const { exitCode, stdout, stderr } = await end;
      expect(exitCode).toBe(130);
      expect(readDocument('stop', stdout).outcomes).toMatchObject([
        { host: 'web1', ok: null, error: { code: 'E_UNKNOWN_RESULT' } },
        { host: 'web2', ok: false, error: { code: 'E_SKIPPED' } },
      ]);
      expect(stderr).not.toMatch(/^ +at /m);
      // web2 was not begun, and says so itself.
      expect(appOf(await lab.ask(['status', app, '-H', 'web2'])).state).toBe('running');
    },
  );

  test.each(['ssh2', 'openssh'])('before the login over %s: nothing was sent, and that is said', async (transport) => {
    const proxy = await startTcpProxy(lab.host());
    onTestFinished(() => proxy.stop());
    proxy.spoil({ reply: { end: { at: 0, by: 'freeze' } } });
    const laptop = await addLaptop([varyHost(lab.host(), { port: proxy.port })]);
    const start = ['start', '--json', 'unbegun', '-H', 'web1', '--transport', transport, '--', 'sleep', '600'];
    const client = laptop.spawnOutlast(start);
    const end = collect(client);
    await waitFor(() => proxy.accepted > 0, { what: 'a connection' });
    client.kill('SIGINT');
    const { exitCode, stdout } = await end;
    expect(exitCode).toBe(130);
    expect(readDocument('start', stdout).outcomes).toMatchObject([
      {
        host: 'web1',
        ok: false,
        error: { code: 'E_SKIPPED', message: expect.stringContaining('before anything was sent') },
      },
    ]);
    expect(appOf(await lab.ask(['status', 'unbegun', '-H', 'web1'])).state).toBe('unknown');
  });

  test('in words says which hosts are not known and how to ask', async () => {
    await startStubborn('worded');
    const client = lab.laptop.spawnOutlast(['stop', 'worded', '-H', 'web1', '--grace', '60s']);
    const end = collect(client);
    await waitFor(() => exists('worded.term'), { what: 'the app to get TERM' });
    client.kill('SIGINT');
    const { exitCode, stdout, stderr } = await end;
    expect([exitCode, stdout]).toEqual([130, '']);
    expect(stderr).toMatch(/^web1 +E_UNKNOWN_RESULT/m);
    expect(stderr).toMatch(/outlast status/);
  });

  test.each([
    ['the input of several hosts', ['exec', '-H', 'web1,web2', '--stdin', '--', 'cat']],
    ['a list of hosts', ['status', '--hosts-file', '-']],
  ])('while %s is read, before anything was sent, ends it at once', async (_what, args) => {
    const client = lab.laptop.spawnOutlast(args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const end = collect(client);
    // More than a pipe holds, so that it leaves here only as it is read there.
    client.stdin?.write('# no host\n'.repeat(100_000));
    await waitFor(() => client.stdin?.writableLength === 0, { what: 'the program to read', timeoutMs: 20_000 });
    client.kill('SIGINT');
    const { exitCode, stdout, stderr } = await end;
    expect([exitCode, stdout]).toEqual([130, '']);
    expect(stderr).toMatch(/^error: interrupted before anything was sent$/m);
  });

  test('twice ends at once', async () => {
    const proxy = await startTcpProxy(lab.host());
    onTestFinished(() => proxy.stop());
    proxy.freeze();
    const laptop = await addLaptop([varyHost(lab.host(), { port: proxy.port })]);
    const client = laptop.spawnOutlast(['status', '-H', 'web1', '--connect-timeout', '60s']);
    const end = collect(client);
    await waitFor(() => proxy.accepted > 0, { what: 'the client to dial' });
    client.kill('SIGINT');
    client.kill('SIGINT');
    expect((await end).exitCode).toBe(130);
  });

  test('while connecting to a silent host does not wait for it', async () => {
    const proxy = await startTcpProxy(lab.host());
    onTestFinished(() => proxy.stop());
    proxy.freeze();
    const laptop = await addLaptop([varyHost(lab.host(), { port: proxy.port })]);
    const client = laptop.spawnOutlast(['status', '--json', '-H', 'web1', '--connect-timeout', '60s']);
    const end = collect(client);
    await waitFor(() => proxy.accepted > 0, { what: 'the client to dial' });
    const begin = performance.now();
    client.kill('SIGINT');
    const { exitCode, stdout } = await end;
    expect(performance.now() - begin).toBeLessThan(3_000);
    expect(exitCode).toBe(130);
    expect(readDocument('status', stdout).outcomes).toHaveLength(1);
  });

  test('detaches from logs -f, and stops neither the app nor leaves anything behind', async () => {
    const line = 'while :; do echo tick; sleep 0.1; done';
    const app = appOf(await lab.ask(['start', 'ticking', '-H', 'web2', '--settle', '200ms', ...shell(line)]));
    const client = lab.laptop.spawnOutlast(['logs', '-f', 'ticking', '-H', 'web2']);
    await new Promise((resolve) => client.stdout?.once('data', resolve));
    // On web1 the stops from above still wait for the end of their grace periods, as they should.
    const script =
      'for p in /proc/[0-9]*; do [ "$(tr "\\0" " " <"$p/cmdline")" = "/bin/sh -s " ] && ' +
      'grep -qsaF "$XDG_STATE_HOME" "$p/environ" && echo found; done 2>/dev/null | wc -l';
    const countScripts = async () => Number((await lab.host('web2').run(script)).stdout);
    await waitFor(async () => (await countScripts()) > 0, { what: 'the follow to run on the host' });
    const end = collect(client);
    client.kill('SIGINT');
    const { exitCode, stderr } = await end;
    expect([exitCode, stderr]).toEqual([130, '']);
    await waitFor(async () => (await countScripts()) === 0, { what: 'the follow to end on the host' });
    expect(isGone(app.pid ?? 0)).toBe(false);
  });
});

describe('a reader that has had enough', () => {
  const pipe = (args: readonly string[], reader: string) => {
    const words = lab.laptop.argvOf(args).map((word) => `'${word.replaceAll("'", "'\\''")}'`);
    return lab.laptop.run(['/bin/sh', '-c', `{ ${words.join(' ')}; echo "exit $?" >&2; } | ${reader}`], {
      timeoutMs: 20_000,
    });
  };

  test('of much output ends it quietly', async () => {
    const result = await pipe(['exec', '-H', 'web1', '--', 'seq', '1', '2000000'], 'head -n 1');
    expect(result.stdout).toBe('1\n');
    expect(result.stderr).toMatch(/^exit \d+\n$/);
  });

  test('of endless output ends the program on the host, too', async () => {
    const result = await pipe(['exec', '-H', 'web1', '--', 'yes', 'nobody-reads-this'], 'head -n 1');
    expect(result.stdout).toBe('nobody-reads-this\n');
    expect(result.stderr).toMatch(/^exit \d+\n$/);
    const count = async () => Number((await lab.host('web1').run('pgrep -fc "^yes nobody-reads-this" || :')).stdout);
    await waitFor(async () => (await count()) === 0, { what: 'the program to end on the host' });
  });

  test('of a follow ends it quietly, too', async () => {
    const line = 'while :; do echo tick; sleep 0.1; done';
    await lab.run(['start', 'endless', '-H', 'web1', '--settle', '200ms', ...shell(line)]);
    const result = await pipe(['logs', '-f', 'endless', '-H', 'web1'], 'head -n 1');
    expect(result.stdout).toBe('tick\n');
    expect(result.stderr).toMatch(/^exit \d+\n$/);
  });
});
