import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { createOutput, type OutputFlags } from './streams.js';

interface FakeOptions {
  readonly stdoutTTY?: boolean;
  readonly stderrTTY?: boolean;
  readonly env?: Record<string, string>;
  readonly flags?: OutputFlags;
}

function createFake({ stdoutTTY = false, stderrTTY = false, env = {}, flags = {} }: FakeOptions = {}) {
  const stdout = Object.assign(new PassThrough(), { isTTY: stdoutTTY, columns: 80 });
  const stderr = Object.assign(new PassThrough(), { isTTY: stderrTTY, columns: 80 });
  const output = createOutput({ stdout, stderr, env, flags });
  const read = (stream: PassThrough) => String(stream.read() ?? '');
  return { output, readOut: () => read(stdout), readErr: () => read(stderr) };
}

describe('where things are written', () => {
  test('data and bytes go to stdout, all else to stderr', async () => {
    const { output, readOut, readErr } = createFake();
    await output.data('data\n');
    await output.bytes(Uint8Array.from([0x62, 0x0a]));
    output.note('note');
    output.warn('careful');
    output.error('bad');
    output.report('web1  E_AUTH\n');
    expect(readOut()).toBe('data\nb\n');
    expect(readErr()).toBe('note\nwarning: careful\nerror: bad\nweb1  E_AUTH\n');
  });

  test('quiet keeps errors and data', async () => {
    const { output, readOut, readErr } = createFake({ flags: { quiet: true } });
    await output.data('data\n');
    output.note('note');
    output.warn('careful');
    output.error('bad');
    expect([readOut(), readErr()]).toEqual(['data\n', 'error: bad\n']);
  });

  test('notes cannot act on the terminal', () => {
    const { output, readErr } = createFake({ stderrTTY: true, env: { NO_COLOR: '1' } });
    output.note('two\nlines \x1b[2J');
    output.error('\u202e');
    expect(readErr()).toBe('two\nlines \\x1b[2J\nerror: \\u202e\n');
  });
});

describe('colour', () => {
  test('is decided for each stream by itself', () => {
    const { output, readErr } = createFake({ stderrTTY: true });
    expect([output.stdout.palette.enabled, output.stderr.palette.enabled]).toEqual([false, true]);
    output.error('bad');
    expect(readErr()).toBe('\x1b[31merror:\x1b[39m bad\n');
  });

  test('a flag is for both', () => {
    const { output } = createFake({ stdoutTTY: true, stderrTTY: true, flags: { color: false } });
    expect([output.stdout.palette.enabled, output.stderr.palette.enabled]).toEqual([false, false]);
  });
});

test('off a terminal there is no width', () => {
  expect(createFake().output.stdout.width).toBe(0);
  expect(createFake({ stdoutTTY: true }).output.stdout.width).toBe(80);
});

describe('a drawing', () => {
  function attachDrawing(fake: ReturnType<typeof createFake>) {
    const events: string[] = [];
    const detach = fake.output.attach({
      hide: () => events.push(`hide after ${JSON.stringify(fake.readErr() + fake.readOut())}`),
      show: () => events.push(`show after ${JSON.stringify(fake.readErr() + fake.readOut())}`),
    });
    return { events, detach };
  }

  test('makes room for lines, on the terminal only', async () => {
    const fake = createFake({ stderrTTY: true });
    const { events, detach } = attachDrawing(fake);
    fake.output.note('note');
    await fake.output.data('data\n');
    detach();
    fake.output.note('later');
    expect(events).toEqual(['show after ""', 'hide after ""', 'show after "note\\n"', 'hide after "data\\n"']);
  });

  test('makes room for data when stdout is the terminal too', async () => {
    const fake = createFake({ stderrTTY: true, stdoutTTY: true });
    const { events } = attachDrawing(fake);
    await fake.output.data('data\n');
    expect(events).toEqual(['show after ""', 'hide after ""', 'show after "data\\n"']);
  });
});

describe('while somebody holds the terminal', () => {
  test('lines for people wait', () => {
    const { output, readErr } = createFake({ stderrTTY: true, flags: { color: false } });
    const release = output.hold();
    output.note('one');
    output.error('two');
    expect(readErr()).toBe('');
    release();
    expect(readErr()).toBe('one\nerror: two\n');
  });

  test('data waits if it goes to the same terminal, and flows into a pipe', async () => {
    const terminal = createFake({ stdoutTTY: true, stderrTTY: true });
    const release = terminal.output.hold();
    const written = terminal.output.data('data\n');
    await new Promise(setImmediate);
    expect(terminal.readOut()).toBe('');
    release();
    await written;
    expect(terminal.readOut()).toBe('data\n');

    const pipe = createFake({ stderrTTY: true });
    pipe.output.hold();
    await pipe.output.data('data\n');
    expect(pipe.readOut()).toBe('data\n');
  });
});
