import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '@outlast/test-fixtures';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readPeakMegabytes } from '../peak-memory.js';
import { shell, useLab } from '../program-lab.js';

const ALIASES = ['web1', 'web2', 'web3', 'web4'] as const;
const lab = useLab(ALIASES);
const ALL = ['exec', '-H', 'web[1-4]'];

/** Far more than the pipe, both windows and a heap that is not collected in time can hold. */
const MEGABYTES = 100;

/** Lines of 100 bytes; how many blocks of 10,000 bytes were written stands in a file each time one is gone. */
const WRITER = `i=0; line=$(printf %099d 0); block=$(j=0; while [ $j -lt 100 ]; do echo "$line"; j=$((j+1)); done)
while [ $i -lt ${MEGABYTES * 100} ]; do i=$((i+1)); echo "$block"; echo $i >"$XDG_STATE_HOME/blocks"; done`;

describe('a reader that stops', () => {
  test('makes the programs on all hosts wait, and the memory stay as it is', async () => {
    const client = lab.laptop.spawnOutlast([...ALL, ...shell(WRITER)], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void client.kill('SIGKILL'));
    client.stdout?.once('data', () => client.stdout?.pause());
    await waitFor(async () => (await countBlocks()).every((count) => count > 0), { what: 'all programs to write' });
    const stood = await waitForStandstill();
    for (const count of stood) expect(count).toBeLessThan(MEGABYTES * 100);
    expect(readPeakMegabytes(client)).toBeLessThan(250);
  });
});

test('a run whose output cannot be written any more begins no further host, and says why', async (context) => {
  context.skip(!existsSync('/dev/full'), 'there is no /dev/full');
  const argv = lab.laptop.argvOf([
    'exec',
    '-H',
    'web[1-3]',
    '-P',
    '1',
    ...shell('echo full; : >"$XDG_STATE_HOME/ran"; sleep 600'),
  ]);
  const { exitCode, stderr } = await lab.laptop.run(['/bin/sh', '-c', 'exec "$@" >/dev/full', 'sh', ...argv]);
  expect(stderr).toMatch(/^web1 +E_OUTPUT +stdout cannot be written: .*ENOSPC/);
  expect(stderr).toContain('nothing could be printed any more before this host');
  expect(stderr).toContain('3 hosts: 1 failed, 2 skipped');
  expect(exitCode).toBe(1);
  expect((await lab.host('web2').run('test -e "$XDG_STATE_HOME/ran"')).exitCode).toBe(1);
});

test.each([
  ['text', [], 'web1'],
  ['a document', ['--json'], ''],
])('a disk that becomes full in the middle of %s is told', async (_what, flags, host) => {
  // A file of at most 64 KiB: of what is written last, the system takes a part.
  const argv = lab.laptop.argvOf(['exec', '-H', 'web1', ...flags, ...shell('head -c 66000 /dev/zero | tr "\\0" x')]);
  const limited = `trap "" XFSZ; ulimit -f 128; "$@" >"$HOME/full"; code=$?; rm "$HOME/full"; exit $code`;
  const { exitCode, stderr } = await lab.laptop.run(['/bin/dash', '-c', limited, 'dash', ...argv]);
  expect(stderr).toContain('stdout cannot be written: EFBIG');
  expect(stderr.startsWith(host)).toBe(true);
  expect(exitCode).toBe(1);
});

test('what cannot be told with --ndjson is still done and remembered', async (context) => {
  context.skip(!existsSync('/dev/full'), 'there is no /dev/full');
  const stop = (flags: readonly string[]) =>
    lab.laptop.argvOf(['stop', 'nobody', '-H', 'web[1-3],127.0.0.1:1', ...flags]);
  const { exitCode, stderr } = await lab.laptop.run([
    '/bin/sh',
    '-c',
    'exec "$@" >/dev/full',
    'sh',
    ...stop(['--ndjson']),
  ]);
  expect(stderr).toMatch(/^error: stdout cannot be written: ENOSPC/);
  expect(exitCode).toBe(1);
  const again = await lab.laptop.run(stop(['--retry-failed', '--json']));
  expect(JSON.parse(again.stdout).outcomes.map(({ host }: { host: string }) => host)).toEqual(['127.0.0.1:1']);
});

async function countBlocks(): Promise<number[]> {
  const counts = ALIASES.map(async (alias) => (await lab.host(alias).run('cat "$XDG_STATE_HOME/blocks"')).stdout);
  return (await Promise.all(counts)).map(Number);
}

/** Waits until nobody has written anything for half a second. */
async function waitForStandstill(): Promise<number[]> {
  for (let last: number[] = []; ; ) {
    await delay(500);
    const counts = await countBlocks();
    if (counts.join() === last.join()) return counts;
    last = counts;
  }
}

describe('many hosts', () => {
  test('lose no byte of what they print at once, and none of their lines is torn apart', async () => {
    const line = 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo "$i $0"; done';
    const { stdout, exitCode } = await lab.run([...ALL, '--', '/bin/sh', '-c', line, 'é\u0001']);
    expect(exitCode).toBe(0);
    const expected = Array.from({ length: 20_000 }, (_, at) => `${at + 1} é\u0001\n`).join('');
    for (const alias of ALIASES) {
      const lines = stdout.split('\n').filter((text) => text.startsWith(`${alias} | `));
      expect(hash(lines.map((text) => `${text.slice(`${alias} | `.length)}\n`).join(''))).toBe(hash(expected));
    }
    expect(stdout.split('\n')).toHaveLength(4 * 20_000 + 1);
  });
});

const hash = (text: string) => createHash('sha256').update(text).digest('hex');
