import type { ChildProcess } from 'node:child_process';
import { startTcpProxy, varyHost, waitFor } from '@outlast/test-fixtures';
import { describe, expect, onTestFinished, test } from 'vitest';
import { addLaptop, appOf, ask, shell, useLab } from '../program-lab.js';

const lab = useLab(['web1', 'web2']);

const start = (app: string, line: string, hosts = 'web1') =>
  lab.ask(['start', app, '-H', hosts, '--settle', '200ms', ...shell(line)]);
const logPath = (app: string) => `"$XDG_STATE_HOME/outlast/apps/${app}/log"`;

/** Reads what a client prints, and ends it with the test. */
function follow(client: ChildProcess): () => string {
  let text = '';
  client.stdout?.on('data', (chunk) => {
    text += String(chunk);
  });
  onTestFinished(() => {
    client.kill('SIGKILL');
  });
  return () => text;
}

/** Waits until `read` ends with that line. */
const seeLast = (read: () => string, line: string) =>
  waitFor(() => read().endsWith(`${line}\n`), {
    what: `the line ${line}`,
    timeoutMs: 30_000,
    evidence: () => read().slice(-300),
  });

const count = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `${from + index}\n`).join('');

describe('logs', () => {
  test('gives the last 20 lines, or as many as are asked for', async () => {
    await start('counter', 'seq 1 30000; exec sleep 600');
    const read = async (...flags: string[]) => (await lab.run(['logs', 'counter', '-H', 'web1', ...flags])).stdout;
    expect(await read()).toBe(count(29_981, 30_000));
    expect(await read('-n', '3')).toBe(count(29_998, 30_000));
    expect(await read('-n', '0')).toBe('');
    expect(await read('-n', '30000')).toBe(count(1, 30_000));
    expect(await read('-n', '9999999')).toBe(count(1, 30_000));
  });

  test('gives lines with the offset at which each begins', async () => {
    await start('offsets', 'printf "first\\nzweite ÿ\\nthird"; exec sleep 600');
    const told = await lab.ask(['logs', 'offsets', '-H', 'web1']);
    expect(told.document.outcomes[0]?.lines).toEqual([
      { app: 'offsets', stream: 'combined', line: 'first', offset: 0 },
      { app: 'offsets', stream: 'combined', line: 'zweite ÿ', offset: 6 },
      { app: 'offsets', stream: 'combined', line: 'third', offset: 16 },
    ]);
  });

  test('has both streams of the app in their order, and those of an app that has ended', async () => {
    await start('ended', 'echo out; echo err >&2; echo out again; sleep 0.5; exit 3');
    await lab.run(['wait', 'ended', '-H', 'web1']);
    expect((await lab.run(['logs', 'ended', '-H', 'web1'])).stdout).toBe('out\nerr\nout again\n');
  });

  test('gives bytes as they are into a pipe', async () => {
    await start('bytes', 'printf "\\377\\000\\033[31m\\r\\n"; exec sleep 600');
    const printed = await lab.laptop.run([
      '/bin/sh',
      '-c',
      `${lab.laptop.argvOf(['logs', 'bytes', '-H', 'web1']).join(' ')} | od -An -v -tx1`,
    ]);
    expect(printed.stdout.trim()).toBe('ff 00 1b 5b 33 31 6d 0d 0a');
  });

  test('whose end was cut off with the connection are not taken for whole', async () => {
    const proxy = await startTcpProxy(lab.host());
    onTestFinished(() => proxy.stop());
    const laptop = await addLaptop([varyHost(lab.host(), { port: proxy.port })]);
    await start('long', 'seq 1 300000; exec sleep 600');
    proxy.afterReply(500_000, () => proxy.cut());
    const told = await ask(laptop, ['logs', 'long', '-H', 'web1', '-n', '300000']);
    expect(told.exitCode).toBe(1);
    expect(told.document.outcomes[0]).toMatchObject({ ok: false, error: { code: 'E_CONNECTION_LOST' } });
  });

  test('names host and app in front of each line when they are several, and keeps lines whole', async () => {
    await start('many', 'echo one; printf two; exec sleep 600', 'web1,web2');
    const { stdout } = await lab.run(['logs', 'many', '-H', 'web1,web2']);
    expect(stdout.split('\n').filter(Boolean)).toEqual(
      ['web1', 'web1', 'web2', 'web2'].map((host, index) =>
        expect.stringMatching(new RegExp(`^${host} +many +\\| ${index % 2 === 0 ? 'one' : 'two'}$`)),
      ),
    );
  });
});

describe('logs -f', () => {
  test('begins with the last lines and goes on with new ones', async () => {
    await start('feed', 'exec sleep 600');
    const say = (text: string) => lab.host().run(`echo ${text} >>${logPath('feed')}`);
    await say('before');
    const read = follow(lab.laptop.spawnOutlast(['logs', '-f', 'feed', '-H', 'web1']));
    await seeLast(read, 'before');
    await say('during');
    await seeLast(read, 'during');
    expect(read()).toBe('before\nduring\n');
  });

  test('loses and doubles no line when the log is renamed away', async () => {
    await start('rotated', 'exec sleep 600');
    const read = follow(lab.laptop.spawnOutlast(['logs', '-f', 'rotated', '-H', 'web1', '-n', '1000']));
    const log = logPath('rotated');
    await lab.host().run(`seq 1 100 >>${log}`);
    await seeLast(read, '100');
    // The last lines of the old file come in the very moment before it goes.
    await lab.host().run(`seq 101 200 >>${log}; mv ${log} ${log}.1; seq 201 300 >>${log}`);
    await seeLast(read, '300');
    expect(read()).toBe(count(1, 300));
  });

  test('says when the log was truncated', async () => {
    await start('cut', 'exec sleep 600');
    const client = lab.laptop.spawnOutlast(['logs', '-f', 'cut', '-H', 'web1']);
    const read = follow(client);
    let warnings = '';
    client.stderr?.on('data', (chunk) => {
      warnings += String(chunk);
    });
    await lab.host().run(`seq 1 100 >>${logPath('cut')}`);
    await seeLast(read, '100');
    await lab.host().run(`echo anew >${logPath('cut')}`);
    await seeLast(read, 'anew');
    expect(warnings).toMatch(/truncated/);
  });

  test.each(['cut', 'frozen'])('loses and doubles no line when the connection is %s in the middle', async (how) => {
    const proxy = await startTcpProxy(lab.host());
    onTestFinished(() => proxy.stop());
    const laptop = await addLaptop([varyHost(lab.host(), { port: proxy.port })]);
    const line = 'i=0; while [ "$i" -lt 600 ]; do i=$((i + 1)); echo "$i"; sleep 0.01; done; exec sleep 600';
    const app = `over-a-${how}-link`;
    await start(app, line);
    const read = follow(laptop.spawnOutlast(['logs', '-f', app, '-H', 'web1', '-n', '1000']));
    await waitFor(() => read().split('\n').length > 100, { what: 'the first lines' });
    if (how === 'cut') proxy.cut();
    else {
      const before = proxy.accepted;
      proxy.freeze();
      await waitFor(() => proxy.accepted > before, { what: 'the client to dial anew', timeoutMs: 30_000 });
      proxy.thaw();
    }
    await seeLast(read, '600');
    expect(read()).toBe(count(1, 600));
  });

  test('goes on over a restart of the app', async () => {
    await start('reborn', 'echo "I am $$"; exec sleep 600');
    const read = follow(lab.laptop.spawnOutlast(['logs', '-f', 'reborn', '-H', 'web1']));
    await waitFor(() => read().includes('I am'), { what: 'the first life' });
    const { pid } = appOf(await lab.ask(['restart', 'reborn', '-H', 'web1', '--settle', '200ms']));
    await seeLast(read, `I am ${pid}`);
    expect(read().trimEnd().split('\n')).toHaveLength(2);
  });

  test('of several hosts is one stream of whole lines with prefixes', async () => {
    await start('pair', 'exec sleep 600', 'web1,web2');
    const read = follow(lab.laptop.spawnOutlast(['logs', '-f', 'pair', '-H', 'web1,web2']));
    for (const alias of ['web1', 'web2']) {
      await lab.host(alias).run(`echo from ${alias} >>${logPath('pair')}`);
    }
    await waitFor(() => read().split('\n').length > 2, { what: 'both lines' });
    expect(read().trimEnd().split('\n').sort()).toEqual([
      expect.stringMatching(/^web1 +pair +\| from web1$/),
      expect.stringMatching(/^web2 +pair +\| from web2$/),
    ]);
  });

  test.each([
    ['in words', [], /is not followed: .* refused the connection$/m],
    ['with --ndjson', ['--ndjson'], /"ok":false,"error":\{"code":"E_CONNECT_REFUSED"/],
  ])('tells which host is not followed while the others go on: %s', async (_what, flags, expected) => {
    await start('half', 'echo begun; exec sleep 600');
    const client = lab.laptop.spawnOutlast(['logs', '-f', 'half', ...flags, '-H', 'web1,root@127.0.0.1:1']);
    const read = follow(client);
    let said = '';
    client.stderr?.on('data', (chunk) => {
      said += String(chunk);
    });
    await waitFor(() => expected.test(said + read()), { what: 'the host that is not there', evidence: () => said });
    await waitFor(() => read().includes('begun'), { what: 'the lines of the other one' });
    expect(client.exitCode).toBe(null);
  });

  test('with --ndjson is an event a line that carries no ok', async () => {
    await start('events', 'echo one; echo two; exec sleep 600');
    const read = follow(lab.laptop.spawnOutlast(['logs', '-f', '--ndjson', 'events', '-H', 'web1']));
    await waitFor(() => read().split('\n').length > 2, { what: 'two events' });
    expect(
      read()
        .trimEnd()
        .split('\n')
        .map((text) => JSON.parse(text)),
    ).toEqual([
      { host: 'web1', app: 'events', stream: 'combined', line: 'one', offset: 0 },
      { host: 'web1', app: 'events', stream: 'combined', line: 'two', offset: 4 },
    ]);
  });
});
