import {
  appendFileSync,
  closeSync,
  existsSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parsePosixRegExp } from '../../src/logs/posix-regexp.js';
import { buildFollowScript, FollowReader, type LogCursor } from '../../src/operations/follow.js';
import { logs, takeLastLines } from '../../src/operations/logs.js';
import { searchLogs } from '../../src/operations/search-logs.js';
import { DEFAULT_LOG } from '../../src/state/app-spec.js';
import { RecordScanner } from '../../src/wire/record-scanner.js';
import { createPrivateHost, type PrivateHost, readIfThere, replaceIn, waitFor } from './private-host.js';
import { findShell, SH_NAMES } from './shells.js';

let host: PrivateHost;

beforeEach(async () => {
  host = await createPrivateHost();
});

afterEach(() => host.close());

const LIMIT = 64 * 1024;
const path = (name = 'log') => join(host.appDir('web'), name);
const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString();
const line = (number: number) => `line ${number}\n`;
const lines = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => line(from + index)).join('');

/** Writes lines as fast as it is told to: one more batch each time that the file `go` holds another number. */
const BATCHES =
  'i=0; while :; do go=$(cat go 2>/dev/null); if [ "$go" != "$was" ]; then was=$go; awk -v i="$i" "BEGIN { for (n = 1; n <= 10000; n++) print \\"line\\", i + n }"; i=$((i + 10000)); echo "$i" >written; fi; sleep 0.05; done';

async function writeBatches(count: number): Promise<void> {
  const before = Number(readIfThere(join(host.home, 'written')) ?? '0');
  for (let batch = 1; batch <= count; batch++) {
    // At once, since an empty file would be another number.
    writeFileSync(join(host.home, 'go.new'), `${before}-${batch}`);
    renameSync(join(host.home, 'go.new'), join(host.home, 'go'));
    const done = before + batch * 10_000;
    await waitFor(() => Number(readIfThere(join(host.home, 'written')) ?? '0') === done, `${done} lines are written`);
    await waitFor(() => !existsSync(path('log.cut')) && statSync(path()).size < LIMIT, 'they are archived');
  }
}

const startBatches = (there = host, keep = 100) =>
  there.start('web', ['/bin/dash', '-c', BATCHES], { log: { ...DEFAULT_LOG, maxSizeBytes: LIMIT, keep } });

async function readTail(bytes: number, since?: { agoSeconds: number } | { epochSeconds: number }) {
  const [tail] = await host.operate(logs, { apps: ['web'], bytes, ...(since && { since }) });
  if (tail === undefined) throw new Error('there is no log');
  return tail;
}

const search = (pattern: string, count: number, there = host) =>
  there.operate(searchLogs, {
    apps: ['web'],
    pattern: parsePosixRegExp(pattern, (characters) => characters).source,
    lines: count,
    endedLines: false,
  });

test('the last lines come from the archives where the log itself has too few', async () => {
  await startBatches();
  await writeBatches(3);
  const tail = await readTail(300_000);
  expect(statSync(path()).size).toBeLessThan(LIMIT);
  expect(text(takeLastLines(tail, 25_000))).toBe(lines(5_001, 30_000));
  const all = await readTail(10_000_000);
  expect(all).toMatchObject({ offset: 0, oldest: 0 });
  expect(text(takeLastLines(all, 1e9))).toBe(lines(1, 30_000));
});

test('what was dropped with its archive is not claimed to be there', async () => {
  await startBatches(host, 1);
  await writeBatches(3);
  const tail = await readTail(10_000_000);
  expect(tail.oldest).toBeGreaterThan(0);
  expect(tail.offset).toBe(tail.oldest);
  expect(lines(1, 30_000).slice(tail.offset)).toBe(text(tail.data));
});

test('an archive that somebody has changed is not taken for what was cut off', async () => {
  await startBatches();
  await writeBatches(3);
  // In place, as a logrotate with copytruncate would leave it.
  truncateSync(path('log.1'), 10);
  const tail = await readTail(10_000_000);
  const { size } = statSync(path());
  expect(tail.data.length).toBe(size);
  expect(lines(1, 30_000).endsWith(text(tail.data))).toBe(true);
});

test('since a time everything is shown that was written then or later, and not what was written long before', async () => {
  await host.start('web', ['sleep', '1000']);
  const { ino } = statSync(path());
  writeFileSync(path(), 'old\nmiddle\nnew\n');
  writeFileSync(path('log.times'), `1000 0 ${ino}\n2000 4 ${ino}\n3000 11 ${ino}\n`);
  const since = async (epochSeconds: number) => text(takeLastLines(await readTail(1e6, { epochSeconds }), 1e9));
  expect(await since(999)).toBe('old\nmiddle\nnew\n');
  // A mark says what was there in its second: what came later in that second is behind the mark before.
  expect(await since(2000)).toBe('old\nmiddle\nnew\n');
  expect(await since(2001)).toBe('middle\nnew\n');
  expect(await since(9999)).toBe('new\n');
});

test('marks of another file than the log are not believed', async () => {
  await host.start('web', ['sleep', '1000']);
  writeFileSync(path(), 'one\ntwo\n');
  writeFileSync(path('log.times'), '1000 4 1\n');
  expect(text(takeLastLines(await readTail(1e6, { epochSeconds: 5000 }), 1e9))).toBe('one\ntwo\n');
});

test('the keeper marks the times at which the log grows, over archives too', async () => {
  await startBatches();
  await writeBatches(1);
  const second = Math.floor(Date.now() / 1000) + 2;
  await waitFor(() => Date.now() / 1000 > second, 'some seconds have gone by');
  await waitFor(() => /\n$/.test(readFileSync(path('log.times'), 'utf8')), 'there are marks');
  await writeBatches(1);
  const shown = text(takeLastLines(await readTail(1e7, { epochSeconds: second }), 1e9));
  expect(lines(1, 20_000).endsWith(shown)).toBe(true);
  expect(shown).toContain(lines(10_001, 20_000));
  expect(shown).not.toContain('line 5000\n');
});

test('both streams are kept apart, and each is read by its name', async () => {
  const split = { log: { ...DEFAULT_LOG, split: true } };
  const { report } = await host.start('web', ['/bin/sh', '-c', 'echo out; echo err >&2; exec sleep 1000'], split);
  expect(report.logPath).toBe(path('log.stdout'));
  await waitFor(() => statSync(path('log.stderr')).size === 4, 'it has spoken');
  const read = async (choice: object) =>
    (await host.operate(logs, { apps: ['web'], bytes: 100, ...choice })).map(({ stream, data }) => [
      stream,
      text(data),
    ]);
  expect(await read({})).toEqual([
    ['stdout', 'out\n'],
    ['stderr', 'err\n'],
  ]);
  expect(await read({ stream: 'stderr' })).toEqual([['stderr', 'err\n']]);
});

test('the last lines of both streams are told of an app that fails at once', async () => {
  const split = { log: { ...DEFAULT_LOG, split: true } };
  const { error } = await host.start('web', ['/bin/sh', '-c', 'echo out; echo err >&2; exit 3'], split);
  expect(error?.details.lastLines).toEqual(['out', 'err']);
});

describe.each(SH_NAMES)('with %s as sh', (shell) => {
  test('a search finds the last lines that match, across the archives, with their places', async (ctx) => {
    const found = findShell(shell);
    if (found === undefined) return ctx.skip(`${shell} is not installed`);
    await host.close();
    host = await createPrivateHost(found);
    await startBatches();
    await writeBatches(3);
    const whole = lines(1, 30_000);
    const [searched] = await search('^line [[:digit:]]*99$', 150);
    expect(searched?.lines).toHaveLength(150);
    const expected = Array.from({ length: 150 }, (_, index) => line(15_099 + index * 100));
    expect(searched?.lines.map(({ bytes }) => text(bytes))).toEqual(expected);
    for (const { offset, bytes } of searched?.lines ?? [])
      expect(whole.slice(offset, offset + bytes.length)).toBe(text(bytes));
    expect(searched?.end).toBe(whole.length);
    const [all] = await search('^line 7$', 5);
    expect(all?.lines.map(({ bytes }) => text(bytes))).toEqual(['line 7\n']);
  });
});

test('a search since a time finds nothing that was written before', async () => {
  await host.start('web', ['sleep', '1000']);
  writeFileSync(path(), 'needle old\nno\nneedle new\n');
  writeFileSync(path('log.times'), `1000 0 ${statSync(path()).ino}\n2000 14 ${statSync(path()).ino}\n`);
  const found = async (epochSeconds: number) => {
    const options = { apps: ['web'], pattern: 'needle', lines: 9, endedLines: false, since: { epochSeconds } };
    const [searched] = await host.operate(searchLogs, options);
    return searched?.lines.map(({ bytes }) => text(bytes));
  };
  expect(await found(1500)).toEqual(['needle old\n', 'needle new\n']);
  expect(await found(2500)).toEqual(['needle new\n']);
});

test('a search goes through lines that are longer than what it looks at first', async () => {
  await host.start('web', ['sleep', '1000']);
  writeFileSync(path(), `needle one\n${'x'.repeat(3_000_000)}\nneedle two\nnot ended needle`);
  const [searched] = await search('needle', 10);
  expect(searched?.lines.map(({ offset, bytes }) => [offset, text(bytes)])).toEqual([
    [0, 'needle one\n'],
    [3_000_012, 'needle two\n'],
    [3_000_023, 'not ended needle\n'],
  ]);
});

test('a search before a follow leaves a line alone that has not ended', async () => {
  await host.start('web', ['sleep', '1000']);
  writeFileSync(path(), 'needle one\nneed');
  const options = { apps: ['web'], pattern: 'need', lines: 10, endedLines: true };
  const [searched] = await host.operate(searchLogs, options);
  expect(searched).toMatchObject({ end: 11, lines: [{ offset: 0 }] });
});

test('without a grep that tells places they are counted', async () => {
  await host.start('web', ['sleep', '1000']);
  writeFileSync(path(), 'no\nneedle é\nno\nneedle two\n');
  const options = { apps: ['web'], pattern: 'needle', lines: 10, endedLines: false };
  const [searched] = await host.operate(searchLogs, options, (script) => script.replace('grep_places=yes', ':'));
  expect(searched?.lines.map(({ offset, bytes }) => [offset, text(bytes)])).toEqual([
    [3, 'needle é\n'],
    [16, 'needle two\n'],
  ]);
});

/** Follows in the background; what came, and where another connection would go on. */
function follow(cursors: readonly LogCursor[], change = (script: string) => script) {
  const { child, output } = host.launch(change(buildFollowScript({ cursors, seconds: 60 }, { nonce: 'n' })));
  const scanner = new RecordScanner('n');
  const reader = new FollowReader(cursors);
  const seen = { text: '', events: [] as string[] };
  child.stdout?.on('data', (chunk: Buffer) => {
    for (const event of scanner.push(chunk).flatMap((part) => reader.read(part) ?? [])) {
      if (event.kind === 'data') seen.text += text(event.bytes);
      else seen.events.push(event.kind === 'gap' ? `gap ${event.missing}` : event.kind);
    }
  });
  const end = async () => {
    child.kill('SIGKILL');
    await output;
  };
  return { reader, seen, end };
}

const START: LogCursor = { app: 'web', stream: 'combined', inode: null, offset: 0 };

test('a follow over many cuts, with its connection killed again and again, loses and doubles nothing', async () => {
  await startBatches();
  let cursors: readonly LogCursor[] = [START];
  let received = '';
  const writing = writeBatches(8);
  const expected = lines(1, 80_000);
  for (let round = 0; round < 6; round++) {
    const { reader, seen, end } = follow(cursors);
    // Where the one before has read nearly all, little is left.
    const enough = Math.min(20_000, expected.length - received.length);
    await waitFor(() => seen.text.length >= enough, 'something has come');
    await end();
    expect(seen.events).toEqual([]);
    cursors = reader.cursors;
    received += seen.text;
    if (received.length >= expected.length) break;
  }
  await writing;
  const { seen, end } = follow(cursors);
  await waitFor(() => received.length + seen.text.length >= expected.length, 'all has come');
  await end();
  expect(received + seen.text === expected).toBe(true);
  expect(existsSync(path('log.5'))).toBe(true);
});

test('a follow whose log is cut while it reads sends that again', async () => {
  await startBatches();
  await writeBatches(1);
  // What is read between two states is thrown away the first time.
  const { seen, end } = follow([START], (script) =>
    script
      .replace('say "DATA $app', 'if [ -z "$once" ]; then once=yes follow_state=before; fi; say "DATA $app')
      .replace('send_piece "$5"', '[ "$follow_state" != before ] || echo wrong; send_piece "$5"'),
  );
  await waitFor(() => seen.text.length >= lines(1, 10_000).length, 'all has come');
  await end();
  expect(seen.text === lines(1, 10_000)).toBe(true);
});

test('a follow that looks while the head of the log goes does not take that for a truncation', async () => {
  await startBatches();
  await writeBatches(1);
  const { ino, size } = statSync(path());
  const { oldest, offset, data } = await readTail(10_000_000);
  expect(oldest).toBe(0);
  // The failpoint, once: the records were read before a cut, the files are listed behind it.
  const { seen, end } = follow([{ ...START, inode: String(ino), offset: offset + data.length }], (script) =>
    script.replace(
      'step=$(run_log_awk',
      '[ -n "$once" ] || { once=yes base_record="" follow_state="|before|"; }; step=$(run_log_awk',
    ),
  );
  expect(size).toBeLessThan(data.length);
  await writeBatches(1);
  await waitFor(() => seen.text.length >= lines(10_001, 20_000).length, 'the rest has come');
  await end();
  expect(seen.events).toEqual([]);
  expect(seen.text === lines(10_001, 20_000)).toBe(true);
});

describe('a log that is renamed more than once between two looks is read from file to file', () => {
  /** Files in the order in which they were written, the log last; what a follow brings that had come to the third byte of the first. */
  async function followFrom(names: readonly string[], records: (inodes: readonly number[]) => Record<string, string>) {
    await host.start('web', ['sleep', '1000']);
    for (const name of names) writeFileSync(path(name), `${name}\n`);
    const inodes = names.map((name) => statSync(path(name)).ino);
    for (const [name, record] of Object.entries(records(inodes))) writeFileSync(path(name), record);
    const { seen, end } = follow([{ ...START, inode: String(inodes[0]), offset: 3 }]);
    await waitFor(() => seen.text.endsWith('\nlog\n'), 'the log has come');
    await end();
    return seen;
  }

  test.each([
    ['counters', ['log.11', 'log.10', 'log.9', 'log.1', 'log']],
    ['dates', ['log-20261130', 'log-20261201', 'log-20261202', 'log']],
    ['dates with hyphens', ['log.2026-11-30', 'log.2026-12-01', 'log']],
  ])('whose names are %s', async (_what, names) => {
    expect(await followFrom(names, () => ({}))).toEqual({
      text: names
        .map((name) => `${name}\n`)
        .join('')
        .slice(3),
      events: names.slice(1).map(() => 'rotated'),
    });
  });

  test.each<[string, (inodes: readonly number[]) => Record<string, string>]>([
    ['', ([, archive, log]) => ({ 'log.base': `${log} 6 ${archive}:0:6\n` })],
    [' and has just been given its name', ([, archive, log]) => ({ 'log.cut': `shift 0 ${log} 6 ${archive}     \n` })],
  ])('and what was cut off its head%s comes with it', async (_when, records) => {
    // Two renames would be told of an archive that were taken for a log.
    expect(await followFrom(['log.2', 'log.1', 'log'], records)).toEqual({
      text: '.2\nlog.1\nlog\n',
      events: ['rotated'],
    });
  });
});

describe('archives that get other names between looking for names and looking at files', () => {
  /** As a cut leaves it before its archives are renamed; the failpoint renames them within the first look for files to read. */
  async function stageRenaming(): Promise<(script: string) => string> {
    await host.start('web', ['sleep', '1000']);
    writeFileSync(path('log.1'), 'first\n');
    writeFileSync(path('log.new'), 'second\n');
    writeFileSync(path(), 'third\n');
    const [log, older, newer] = [path(), path('log.1'), path('log.new')].map((file) => statSync(file).ino);
    writeFileSync(path('log.base'), `${log} 6 ${older}:0:6\n`);
    writeFileSync(path('log.cut'), `shift 6 ${log} 7 ${newer}\n`);
    const rename = 'mv "$log.1" "$log.2"; mv "$log.new" "$log.1"';
    return (script) =>
      replaceIn(
        script,
        'list_by_name() { ls',
        `list_by_name() { set -- "$log" "$log".*; [ ! -e go ] || { rm go; ${rename}; }; list_named "$@"; }; list_named() { ls`,
      )
        .replace('ls -lniL "$log" "$log".* "$log"-* 2>/dev/null', 'ls -lniL "$@" 2>/dev/null')
        .replace('list_log_files |', '[ -n "$gone" ] || { gone=yes; : >go; }; list_log_files |');
  }

  test('are not told as a gap by a follow', async () => {
    const { seen, end } = follow([START], await stageRenaming());
    await waitFor(() => seen.text.endsWith('third\n'), 'all has come');
    await end();
    expect(seen).toEqual({ text: 'first\nsecond\nthird\n', events: [] });
  });

  test('are not taken for lines that were dropped', async () => {
    const rename = await stageRenaming();
    const [tail] = await host.operate(logs, { apps: ['web'], bytes: 100 }, rename);
    expect(tail).toMatchObject({ oldest: 0, offset: 0 });
    expect(text(tail?.data)).toBe('first\nsecond\nthird\n');
  });
});

test('what was dropped while the client was away is told as a gap with its size', async () => {
  await startBatches(host, 1);
  await writeBatches(3);
  const { oldest } = await readTail(1);
  const { ino } = statSync(path());
  const { seen, end } = follow([{ ...START, inode: String(ino), offset: 5 }]);
  await waitFor(() => seen.text.endsWith(line(30_000)), 'the rest has come');
  await end();
  expect(seen.events).toEqual([`gap ${oldest - 5}`]);
  expect(lines(1, 30_000).slice(oldest)).toBe(seen.text);
});

test.for(SH_NAMES)(
  'a log of gigabytes is read, searched from its end and followed at once with %s',
  async (shell, ctx) => {
    const found = findShell(shell);
    if (found === undefined) return ctx.skip(`${shell} is not installed`);
    await host.close();
    host = await createPrivateHost(found);
    await host.start('web', ['sleep', '1000']);
    const size = 3.5 * 2 ** 30;
    truncateSync(path(), size);
    appendFileSync(path(), `\n${lines(1, 200_000)}`);
    const { ino } = statSync(path());
    const end = statSync(path()).size;
    writeFileSync(path('log.times'), `1000 ${end - line(200_000).length} ${ino}\n`);
    expect(text(takeLastLines(await readTail(1000), 2))).toBe(lines(199_999, 200_000));
    expect(text(takeLastLines(await readTail(1e8, { epochSeconds: 2000 }), 1e9))).toBe(line(200_000));
    const [searched] = await search('line 199[[:digit:]]{3}$', 3);
    expect(searched?.lines.map(({ bytes }) => text(bytes))).toEqual([line(199_997), line(199_998), line(199_999)]);
    const { seen, end: endFollow } = follow([{ ...START, inode: String(ino), offset: end }]);
    const file = openSync(path(), 'a');
    writeSync(file, 'new\n');
    await waitFor(() => seen.text === 'new\n', 'the new line has come');
    ftruncateSync(file, size - 10);
    closeSync(file);
    await waitFor(() => seen.events.length > 0, 'the truncation is told');
    await endFollow();
    expect(seen.events).toEqual(['truncated']);
  },
);
