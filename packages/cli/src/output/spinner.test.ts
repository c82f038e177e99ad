import { once } from 'node:events';
import { clearLine, cursorTo, moveCursor } from 'node:readline';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { startProgress } from './spinner.js';
import { createOutput, type OutputFlags } from './streams.js';

// Cursor to the first column, the rest of the line erased.
const CLEARED = '\x1b[1G\x1b[0K';

interface FakeOptions {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly flags?: OutputFlags;
  readonly env?: Record<string, string>;
}

function createTerminal({ isTTY = true, columns = 80, flags = {}, env = {} }: FakeOptions = {}) {
  const stderr: PassThrough = Object.assign(new PassThrough({ encoding: 'utf8' }), {
    isTTY,
    columns,
    cursorTo: (x: number) => cursorTo(stderr, x),
    moveCursor: (x: number, y: number) => moveCursor(stderr, x, y),
    clearLine: (direction: -1 | 0 | 1) => clearLine(stderr, direction),
  });
  let written = '';
  stderr.on('data', (chunk) => {
    written += chunk;
  });
  const output = createOutput({ stdout: new PassThrough(), stderr, env, flags });
  const waitFor = async (text: string | RegExp) => {
    while (typeof text === 'string' ? !written.includes(text) : !text.test(written)) await once(stderr, 'data');
  };
  const clear = () => {
    written = '';
  };
  const resize = (width: number) => Object.assign(stderr, { columns: width });
  return { output, waitFor, clear, resize, read: () => written };
}

/** The columns of the longest line, without what draws it. */
function measureLines(written: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what draws it
  const lines = written.split(/\u001b\[1G/).map((line) => line.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, ''));
  return Math.max(...lines.map((line) => line.length));
}

describe('a spinner', () => {
  test('counts hosts and takes itself away', async () => {
    const { output, waitFor, clear, read } = createTerminal();
    const progress = startProgress(output, 'stopping dashboard', 12, { delayMs: 0 });
    await waitFor('stopping dashboard  0/12 hosts');
    for (const host of ['web1', 'web2', 'web3']) progress.end(host, host === 'web2');
    await waitFor('stopping dashboard  3/12 hosts  1 failed');
    clear();
    progress.stop();
    expect(read()).toBe(CLEARED);
    output.note('done');
    expect(read()).toBe(`${CLEARED}done\n`);
  });

  test('fits into one line of a narrow terminal, and of one that has become so', async () => {
    const { output, waitFor, read, clear, resize } = createTerminal({ columns: 40 });
    const progress = startProgress(output, 'stopping dashboard and worker and api', 10_000, { delayMs: 0 });
    await waitFor('0/10000 hosts');
    expect(measureLines(read())).toBeLessThan(40);
    resize(20);
    await waitFor(/\S 0\/10000 hosts/);
    clear();
    await waitFor('hosts');
    expect(measureLines(read())).toBeLessThan(20);
    progress.stop();
  });

  test('makes room for notes and goes on', async () => {
    const { output, waitFor, clear, read } = createTerminal();
    const progress = startProgress(output, 'starting', 2, { delayMs: 0 });
    await waitFor('0/2 hosts');
    clear();
    output.note('web1 is slow');
    expect(read()).toContain(`${CLEARED}web1 is slow\n`);
    await waitFor('0/2 hosts');
    progress.stop();
  });

  test('stays away during a question, and when it is stopped meanwhile', async () => {
    const { output, waitFor, clear, read } = createTerminal();
    const progress = startProgress(output, 'starting', 2, { delayMs: 0 });
    await waitFor('0/2 hosts');
    const release = output.hold();
    clear();
    progress.stop();
    release();
    expect(read()).toBe('');
  });

  test('has no colour where the output has none', async () => {
    const { output, waitFor, read } = createTerminal({ env: { NO_COLOR: '1' } });
    const progress = startProgress(output, 'starting', 2, { delayMs: 0 });
    await waitFor('0/2 hosts');
    progress.stop();
    expect(read()).not.toContain('\x1b[36m');
  });

  test('puts no handler on the signals of the process and leaves stdin alone', async () => {
    const listeners = () => process.eventNames().flatMap((name) => process.listeners(name as 'SIGINT')).length;
    const before = [listeners(), process.stdin.listenerCount('data')];
    const { output, waitFor } = createTerminal();
    const progress = startProgress(output, 'starting', 2, { delayMs: 0 });
    await waitFor('0/2 hosts');
    expect([listeners(), process.stdin.listenerCount('data')]).toEqual(before);
    progress.stop();
  });
});

describe('there is no byte of a spinner', () => {
  test.each<[string, FakeOptions & { term?: string }]>([
    ['off a terminal', { isTTY: false }],
    ['on a terminal of 0 columns', { columns: 0 }],
    ['on a dumb terminal', { term: 'dumb' }],
    ['with --quiet', { flags: { quiet: true } }],
  ])('%s', async (_name, { term, ...options }) => {
    const { output, read } = createTerminal(options);
    const shown = createTerminal();
    const progress = startProgress(output, 'starting', 2, { term, delayMs: 0 });
    const other = startProgress(shown.output, 'starting', 2, { delayMs: 0 });
    progress.begin('web1');
    progress.end('web1', true);
    // Once a spinner that was started later shows, this one would have shown too.
    await shown.waitFor('0/2 hosts');
    progress.stop();
    other.stop();
    expect(read()).toBe('');
  });

  test('for what is done at once', async () => {
    const { output, read } = createTerminal();
    const shown = createTerminal();
    const progress = startProgress(output, 'starting', 2, { delayMs: 0 });
    progress.stop();
    const other = startProgress(shown.output, 'starting', 2, { delayMs: 0 });
    await shown.waitFor('0/2 hosts');
    other.stop();
    expect(read()).toBe('');
  });
});
