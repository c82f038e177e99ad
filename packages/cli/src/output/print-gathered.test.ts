import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { createOutputGatherer } from './gathered-outputs.js';
import { printGathered } from './print-gathered.js';
import { createOutput } from './streams.js';

/** Nobody reads before all is written. */
const ROOMY = { highWaterMark: 1024 * 1024 };
const ORDER = ['web1', 'web2', 'web3', 'db'];

interface Printed {
  readonly stdout: string;
  readonly stderr: string;
}

async function print(given: Readonly<Record<string, string>>, { isTTY = false, raw = false } = {}): Promise<Printed> {
  const stdout = Object.assign(new PassThrough(ROOMY), { isTTY, columns: 80 });
  const stderr = Object.assign(new PassThrough(ROOMY), { isTTY, columns: 80 });
  const gatherer = createOutputGatherer(() => new Error('too much'));
  for (const [host, text] of Object.entries(given)) {
    for (const store of [gatherer.stdout, gatherer.stderr]) {
      const stream = store.open(host);
      stream.append(Buffer.from(text, 'latin1'));
      stream.end();
    }
  }
  await printGathered(createOutput({ stdout, stderr, env: { TERM: 'xterm' }, flags: {} }), gatherer, {
    order: ORDER,
    raw,
  });
  const read = (stream: PassThrough) => (stream.read() as Buffer | null)?.toString('latin1') ?? '';
  return { stdout: read(stdout), stderr: read(stderr) };
}

describe('gathered outputs are printed', () => {
  test('under their hosts, each ended by a newline, on the stream that they came from', async () => {
    const expected = 'web[1-3] (3 hosts)\na\nb\n\ndb\nc\n';
    expect(await print({ db: 'c', web1: 'a\nb\n', web2: 'a\nb\n', web3: 'a\nb\n' })).toEqual({
      stdout: expected,
      stderr: expected,
    });
  });

  test('byte for byte off a terminal', async () => {
    const { stdout, stderr } = await print({ web1: '\xff\x00\x1b[2J\r\n' });
    expect(stdout).toBe('web1\n\xff\x00\x1b[2J\r\n');
    expect(stderr).toBe(stdout);
  });

  test('escaped and with a coloured head on a terminal, also where a character is cut between two pieces', async () => {
    const long = 'x'.repeat(64 * 1024 - 1);
    const euro = Buffer.from('€').toString('latin1');
    const { stdout, stderr } = await print({ web1: `${long}${euro}\x1b[2J\xe2` }, { isTTY: true });
    expect(stdout).toBe(`\x1b[36mweb1\x1b[39m\n${long}${euro}\\x1b[2J\\xe2\n`);
    expect(stderr).toBe(stdout);
  });

  test('as they are on a terminal where that is asked for', async () => {
    const { stdout, stderr } = await print({ web1: '\x1b[2J\n' }, { isTTY: true, raw: true });
    expect(stdout).toBe('\x1b[36mweb1\x1b[39m\n\x1b[2J\n');
    expect(stderr).toBe(stdout);
  });
});
