import { describe, expect, test } from 'vitest';
import { buildDocument } from '../output/document.js';
import { formatJson } from '../output/json.js';
import { mergeShards, type NamedDocument } from './merge-shards.js';
import { parseShardDocument } from './parse-shard-document.js';

interface Part {
  readonly verb?: string;
  readonly exitCode?: number;
  readonly hosts?: readonly string[];
}

const NASTY = '\u001b]0;owned\u0007\u009b31m\u202e\u007f\ud800 é"\\';

function print(
  index: number,
  count: number,
  { verb = 'exec', exitCode = 0, hosts = [`web${index}`] }: Part = {},
): string {
  const outcomes = hosts.map((host) => ({
    host,
    ok: true,
    value: { stdout: NASTY, '1': 1, ok2: null },
    reached: true,
  }));
  return formatJson(buildDocument(verb, outcomes, (value) => value, { index, count, exitCode }));
}

function read(index: number, count: number, part?: Part): NamedDocument {
  return { name: `${index}.json`, document: parseShardDocument(print(index, count, part)) };
}

function refusalOf(...named: NamedDocument[]): string {
  try {
    mergeShards(named as [NamedDocument, ...NamedDocument[]]);
  } catch (error) {
    expect(error).toMatchObject({
      code: 'E_USAGE',
      details: { hint: expect.stringContaining('all shards of one run') },
    });
    return (error as Error).message;
  }
  throw new Error('it was merged');
}

describe('merging', () => {
  test('gives the bytes of the whole document, whatever the order of the files', () => {
    const hosts = ['web1', 'web2', 'web3', 'web4'];
    const { document, run } = mergeShards([
      read(3, 3, { hosts: [] }),
      read(2, 3, { hosts: ['web3', 'web4'], exitCode: 1 }),
      read(1, 3, { hosts: ['web1', 'web2'] }),
    ]);
    const outcomes = hosts.map((host) => ({
      host,
      ok: true,
      value: { stdout: NASTY, '1': 1, ok2: null },
      reached: true,
    }));
    expect(formatJson(document)).toBe(formatJson(buildDocument('exec', outcomes, (value) => value)));
    expect(run.shards).toEqual([
      { exitCode: 0, hosts: 2 },
      { exitCode: 1, hosts: 2 },
      { exitCode: 0, hosts: 0 },
    ]);
  });

  test('names all shards that are missing, and those that are there twice', () => {
    expect(refusalOf(read(1, 9), read(5, 9), { ...read(5, 9, { hosts: ['x'] }), name: 'again.json' })).toBe(
      '5.json and again.json are both shard 5 of 9\nshards [2-4,6-9] of 9 are missing',
    );
    expect(refusalOf(read(2, 2))).toBe('shard 1 of 2 is missing');
  });

  test('refuses what is of another run', () => {
    expect(refusalOf(read(1, 2), read(2, 2, { verb: 'status' }))).toBe('2.json is of status, 1.json of exec');
    expect(refusalOf(read(1, 2), read(2, 3))).toBe('2.json is one of 3 shards, 1.json one of 2');
  });

  test('refuses a host that two machines have asked', () => {
    expect(refusalOf(read(1, 2), read(2, 2, { hosts: ['web2', 'web1'] }))).toBe(
      'web1 is in 1.json and in 2.json: these runs chose other hosts',
    );
  });

  test('tells twenty problems, not ten thousand', () => {
    const hosts = Array.from({ length: 30 }, (_, index) => `web${index}`);
    const lines = refusalOf(read(1, 2, { hosts }), read(2, 2, { hosts })).split('\n');
    expect([lines.length, lines.at(-1)]).toEqual([21, '… and 10 more']);
  });
});

test('what two laptops have found alike is told once, the worst first', () => {
  const laptop = (...levels: readonly string[]) => ({
    findings: levels.map((level) => ({ check: 'node', level, message: `it is ${level}`, remedy: null })),
  });
  const part = (index: number, ...levels: readonly string[]) => {
    const { document } = read(index, 2, { verb: 'doctor' });
    return {
      name: `${index}`,
      document: parseShardDocument(JSON.stringify({ ...document, laptop: laptop(...levels) })),
    };
  };
  expect(mergeShards([part(1, 'ok'), part(2, 'warning', 'ok')]).document.laptop).toEqual(laptop('warning', 'ok'));
});

describe('a document is refused', () => {
  const whole = print(1, 2);
  const change = (changes: Readonly<Record<string, unknown>>) => JSON.stringify({ ...JSON.parse(whole), ...changes });

  const refusals: readonly (readonly [text: string, message: string | RegExp])[] = [
    ['', 'it is empty'],
    ['\n \n', 'it is empty'],
    [whole.slice(0, whole.indexOf('"ok"') + 2), '9:5: it ends in the middle'],
    [whole.replace('"ok": true', '"ok": yes'), '9:9: "y" is no JSON here'],
    [`${whole}${whole}`, /^\d+:1: "\{" is no JSON here$/],
    ['[]', 'it is no document of outlast'],
    ['null', 'it is no document of outlast'],
    ['{"host":"web1","ok":true}\n', 'it was printed with --ndjson, and merge reads what --json prints'],
    ['{"host":"web1","ok":true}\n{"host":"web2","ok":true}\n', /^it was printed with --ndjson/],
    [change({ schema: 'outlast/2' }), 'its schema is "outlast/2", and this outlast knows outlast/1'],
    [change({ error: { message: 'no hosts are chosen' } }), 'its run could not begin: no hosts are chosen'],
    [change({ dryRun: true }), 'it is of a --dry-run, and has no outcomes'],
    [change({ shard: undefined }), 'it is of a whole run: it has no shard'],
    [change({ shard: { index: 3, count: 2, exitCode: 0 } }), /`shard` must have an index of at most its count$/],
    [change({ shard: { index: 0, count: 2, exitCode: 0 } }), /`shard.index` must be at least 1$/],
    [change({ shard: { index: 1, count: 2, exitCode: 256 } }), /`shard.exitCode` must be at most 255$/],
    [change({ outcomes: {} }), /`outcomes` must be a list$/],
    [change({ outcomes: [{ ok: true }] }), /`outcomes.0.host` must be a string$/],
    [change({ outcome: [] }), /unknown key `outcome`; did you mean `outcomes`\?$/],
  ];

  test.each(refusals.map(([text, message]) => ({ text, message })))('$message', ({ text, message }) => {
    const refusal = typeof message === 'string' ? message : expect.stringMatching(message);
    expect(() => parseShardDocument(text)).toThrow(expect.objectContaining({ code: 'E_USAGE', message: refusal }));
  });
});
