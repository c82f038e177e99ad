import { startTcpProxy, varyHost } from '@outlast/test-fixtures';
import { describe, expect, onTestFinished, test } from 'vitest';
import { addLaptop, ask, codesOf, shell, type Told, useLab } from '../program-lab.js';

const lab = useLab(['web1', 'web2', 'web3']);
const ALL = ['-H', 'web[1-3]'];

/** Fails on hosts that lack a file of that name. */
const need = (name: string) => shell(`test -e "$XDG_STATE_HOME/${name}"`);
const give = (alias: string, name: string) => lab.host(alias).run(`: >"$XDG_STATE_HOME/${name}"`);

/** When each host's program began and ended, in nanoseconds of this machine. */
const STAMPS = shell('date +%s%N; sleep 0.4; date +%s%N');

/** Milliseconds. */
function readSpans({ document }: Told): { begin: number; end: number }[] {
  return document.outcomes.map(({ stdout }) => {
    const [begin = 0, end = 0] = String(stdout)
      .trim()
      .split('\n')
      .map((stamp) => Number(stamp) / 1e6);
    return { begin, end };
  });
}

describe('hosts at the same time', () => {
  test('are all of them, in the order in which they were written', async () => {
    const told = await lab.ask(['exec', '-H', 'web3,web1,web2', ...STAMPS]);
    expect(told.document.outcomes.map(({ host }) => host)).toEqual(['web3', 'web1', 'web2']);
    const spans = readSpans(told);
    const lastBegin = Math.max(...spans.map(({ begin }) => begin));
    expect(lastBegin).toBeLessThan(Math.min(...spans.map(({ end }) => end)));
  });

  test.each([
    ['-P', '1'],
    ['--serial', '1'],
    ['--serial', '34%'],
  ])('are one after another with %s %s', async (...flags) => {
    const spans = readSpans(await lab.ask(['exec', ...ALL, ...flags, ...STAMPS]));
    expect(spans).toHaveLength(3);
    for (const [index, { begin }] of spans.entries()) expect(begin).toBeGreaterThan(spans[index - 1]?.end ?? 0);
  });

  test('are those of one batch with --serial, and --pause lies between two', async () => {
    const spans = readSpans(await lab.ask(['exec', ...ALL, '--serial', '2', '--pause', '1500ms', ...STAMPS]));
    const batch = spans.slice(0, 2);
    const batchEnd = Math.max(...batch.map(({ end }) => end));
    expect(Math.max(...batch.map(({ begin }) => begin))).toBeLessThan(Math.min(...batch.map(({ end }) => end)));
    expect((spans[2]?.begin ?? 0) - batchEnd).toBeGreaterThan(1_450);
  });
});

describe('--max-fail', () => {
  test('lets the run go on until the budget is spent, and skips the rest', async () => {
    await give('web2', 'budget');
    const strict = await lab.ask(['exec', ...ALL, '--serial', '1', '--max-fail', '0', ...need('budget')]);
    expect(codesOf(strict)).toEqual(['failed', 'E_SKIPPED', 'E_SKIPPED']);
    expect(strict.exitCode).toBe(1);
    const lenient = await lab.ask(['exec', ...ALL, '--serial', '1', '--max-fail', '1', ...need('budget')]);
    expect(codesOf(lenient)).toEqual(['failed', 'ok', 'failed']);
    const share = await lab.ask(['exec', ...ALL, '--serial', '1', '--max-fail', '34%', ...need('budget')]);
    expect(codesOf(share)).toEqual(['failed', 'ok', 'failed']);
  });

  test('starts nothing on a host that is skipped', async () => {
    const line = shell('test "$HOST_IS_GOOD" = yes || exit 1; exec sleep 600');
    await lab.ask(['start', 'rolled', ...ALL, '--serial', '1', '--max-fail', '0', ...line]);
    const states = await lab.ask(['status', 'rolled', ...ALL]);
    expect(states.document.outcomes.map(({ apps }) => apps?.[0]?.state)).toEqual(['exited', 'unknown', 'unknown']);
  });
});

describe('--max-auth-fail', () => {
  const refused = ['status', ...ALL, '-l', 'nobody-of-that-name', '--serial', '1'];

  test.each(['ssh2', 'openssh'])(
    'ends a run that host after host refuses with the same login over %s',
    async (name) => {
      const told = await lab.ask([...refused, '--max-auth-fail', '2', '--transport', name]);
      expect(codesOf(told)).toEqual(['E_AUTH', 'E_AUTH', 'E_SKIPPED']);
      expect(told.document.outcomes[2]?.error?.message).toContain('2 hosts in a row had refused the same login');
      expect(told.exitCode).toBe(4);
    },
  );

  test('lets a few hosts refuse when it is not given', async () => {
    expect(codesOf(await lab.ask(refused))).toEqual(['E_AUTH', 'E_AUTH', 'E_AUTH']);
  });
});

describe('--retry', () => {
  // Behind the banner: what is turned away before it is tried again anyway.
  const BROKEN = { reply: { end: { at: 100, by: 'close' } } } as const;

  test.each([
    [0, 'E_CONNECT_CLOSED', 1],
    [1, 'E_CONNECT_CLOSED', 2],
    [2, 'ok', 3],
  ])('%d connects as often again: %s after two links that broke', async (times, code, connections) => {
    const proxy = await startTcpProxy(lab.host());
    onTestFinished(() => proxy.stop());
    for (const broken of [1, 2]) proxy.spoil(BROKEN, broken);
    const laptop = await addLaptop([varyHost(lab.host(), { port: proxy.port })]);
    const told = await ask(laptop, ['exec', '-H', 'web1', '--retry', String(times), '--', 'true']);
    expect([codesOf(told), proxy.accepted]).toEqual([[code], connections]);
  });

  test.each(['ssh2', 'openssh'])('does not ask again whoever refuses the login over %s', async (transport) => {
    const proxy = await startTcpProxy(lab.host());
    onTestFinished(() => proxy.stop());
    const laptop = await addLaptop([varyHost(lab.host(), { port: proxy.port, user: 'nobody-of-that-name' })]);
    const told = await ask(laptop, ['status', '-H', 'web1', '--retry', '3', '--transport', transport]);
    expect([codesOf(told), proxy.accepted]).toEqual([['E_AUTH'], 1]);
  });
});

describe('what comes between batches', () => {
  test.each(['0', '0%'])('is nothing where a batch has no host: --serial %s is refused', async (size) => {
    const { exitCode, stderr } = await lab.run(['exec', ...ALL, '--serial', size, '--', 'true']);
    expect(stderr).toMatch(/^error: .*makes no batch/);
    expect(exitCode).toBe(2);
  });

  test.each([
    [['--pause', '1s'], /^error: --pause .* only one\n +→ .*--serial/],
    [['--ask'], /^error: --ask .* only one\n +→ .*--serial/],
    [['--ask', '--serial', '1'], /^error: --ask has nobody to ask/],
  ])('is refused where there is nothing between, or nobody: %j', async (flags, words) => {
    const { exitCode, stderr } = await lab.run(['exec', ...ALL, ...flags, '--', 'true']);
    expect(stderr).toMatch(words);
    expect(exitCode).toBe(2);
  });
});

describe('--retry-failed', () => {
  test('asks only the hosts that were not ok, and none when none is left', async () => {
    await give('web1', 'retry');
    expect(codesOf(await lab.ask(['exec', ...ALL, ...need('retry')]))).toEqual(['ok', 'failed', 'failed']);
    // Another verb in between does not count.
    await lab.ask(['status', ...ALL]);
    // Nor does a selection of which no host has failed.
    const other = await lab.ask(['exec', '-H', 'web1', '--retry-failed', ...need('retry')]);
    expect(other.document.outcomes).toEqual([]);
    await give('web3', 'retry');
    const second = await lab.ask(['exec', ...ALL, '--retry-failed', ...need('retry')]);
    expect(second.document.outcomes).toMatchObject([
      { host: 'web2', ok: false },
      { host: 'web3', ok: true },
    ]);
    await give('web2', 'retry');
    const third = await lab.ask(['exec', ...ALL, '--retry-failed', ...need('retry')]);
    expect(third.document.outcomes).toMatchObject([{ host: 'web2', ok: true }]);
    const none = await lab.ask(['exec', ...ALL, '--retry-failed', ...need('retry')]);
    expect(none.document).toMatchObject({ ok: true, outcomes: [] });
    expect(none.exitCode).toBe(0);
    expect(none.stderr).toMatch(/[Nn]othing to retry/);
  });

  test('is refused where there was no run', async () => {
    const told = await lab.ask(['wait', 'app', ...ALL, '--retry-failed']);
    expect(told.exitCode).toBe(2);
  });
});

describe('hosts', () => {
  test('are left out with -x', async () => {
    const told = await lab.ask(['status', ...ALL, '-x', 'web2']);
    expect(told.document.outcomes.map(({ host }) => host)).toEqual(['web1', 'web3']);
  });

  test('come from stdin with --hosts-file -', async () => {
    const told = await lab.ask(['status', '--hosts-file', '-'], { input: '# ours\nweb3\n\nweb1\n' });
    expect(told.document.outcomes.map(({ host, ok }) => [host, ok])).toEqual([
      ['web3', true],
      ['web1', true],
    ]);
  });

  test('and the input of the program cannot both come from stdin', async () => {
    const result = await lab.run(['exec', '--hosts-file', '-', '--stdin', '--', 'cat'], { input: 'web1\n' });
    expect(result).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining('both read stdin') });
  });

  test('share one stream with their names in front when they are several', async () => {
    const { stdout } = await lab.run(['exec', ...ALL, '--', 'printf', 'a\\nb']);
    expect(stdout.trimEnd().split('\n').sort()).toEqual(
      ['web1', 'web2', 'web3'].flatMap((host) => [
        expect.stringMatching(new RegExp(`^${host} +\\| a$`)),
        expect.stringMatching(new RegExp(`^${host} +\\| b$`)),
      ]),
    );
  });
});
