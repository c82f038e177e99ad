import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { buildExecScript } from '../../src/operations/exec.js';
import { find } from '../../src/operations/find.js';
import { buildFollowScript, FollowReader, type LogCursor } from '../../src/operations/follow.js';
import { logs, takeLastLines } from '../../src/operations/logs.js';
import { status } from '../../src/operations/status.js';
import { RecordScanner } from '../../src/wire/record-scanner.js';
import { createPrivateHost, type PrivateHost, replaceIn, waitFor } from './private-host.js';
import { findShell, SH_NAMES } from './shells.js';

let host: PrivateHost;

beforeEach(async () => {
  host = await createPrivateHost();
});

afterEach(() => host.close());

const NONCE = 'n0nce';

function logPath(): string {
  return join(host.appDir('web'), 'log');
}

async function readTail(bytes: number) {
  const [tail] = await host.operate(logs, { apps: ['web'], bytes });
  if (tail === undefined) throw new Error('there is no log');
  return tail;
}

test('the end of a log comes from its place in the file', async () => {
  await host.start('web', ['sleep', '1000']);
  const text = Array.from({ length: 5000 }, (_, index) => `line ${index} é\n`).join('');
  writeFileSync(logPath(), text);
  const whole = Buffer.from(text);
  const tail = await readTail(10_000);
  expect(tail.offset % 4096).toBe(0);
  expect(tail.data.length).toBeGreaterThanOrEqual(10_000);
  expect(tail.data.length).toBeLessThan(10_000 + 4096);
  expect(Buffer.from(tail.data).equals(whole.subarray(tail.offset))).toBe(true);
  expect(Buffer.from(takeLastLines(tail, 2) ?? []).toString()).toBe('line 4998 é\nline 4999 é\n');
});

test('of a log of gigabytes the end comes at once', async () => {
  await host.start('web', ['sleep', '1000']);
  truncateSync(logPath(), 5 * 2 ** 30);
  appendFileSync(logPath(), '\nlast\n');
  const tail = await readTail(1000);
  expect(tail.offset + tail.data.length).toBe(5 * 2 ** 30 + 6);
  expect(Buffer.from(takeLastLines(tail, 1) ?? []).toString()).toBe('last\n');
});

/** Follows in the background; what came, and where another connection would go on. */
function follow(cursors: readonly LogCursor[], seconds: number, change = (script: string) => script) {
  const { child, output } = host.launch(change(buildFollowScript({ cursors, seconds }, { nonce: NONCE })));
  const scanner = new RecordScanner(NONCE);
  const reader = new FollowReader(cursors);
  const seen = { text: '', events: [] as string[] };
  child.stdout?.on('data', (chunk: Buffer) => {
    for (const event of scanner.push(chunk).flatMap((part) => reader.read(part) ?? [])) {
      if (event.kind === 'data') seen.text += Buffer.from(event.bytes).toString('latin1');
      else seen.events.push(event.kind);
    }
  });
  return { child, output, reader, seen };
}

test('a follow goes on across rotation and truncation, and ends by itself', async () => {
  await host.start('web', ['sleep', '1000']);
  writeFileSync(logPath(), 'before\n');
  const { inode } = await readTail(100);
  const { output, reader, seen } = follow([{ app: 'web', stream: 'combined', inode, offset: 7 }], 2);
  appendFileSync(logPath(), 'one\n');
  await waitFor(() => seen.text === 'one\n', 'the first line has come');
  appendFileSync(logPath(), 'two\n');
  renameSync(logPath(), `${logPath()}.1`);
  appendFileSync(`${logPath()}.1`, 'late\n');
  writeFileSync(logPath(), 'new\n');
  await waitFor(() => seen.text === 'one\ntwo\nlate\nnew\n', 'the rest of the old and the new log have come');
  expect(seen.events).toEqual(['rotated']);
  truncateSync(logPath());
  await waitFor(() => seen.events.length === 2, 'the truncation was told');
  expect(seen.events).toEqual(['rotated', 'truncated']);
  await output;
  const [cursor] = reader.cursors;
  expect(cursor).toMatchObject({ offset: 0 });
});

test('a log that is renamed between looking for names and looking at files is read to its end', async () => {
  await host.start('web', ['sleep', '1000']);
  writeFileSync(logPath(), 'old\n');
  const { inode } = await readTail(100);
  // The failpoint: the first time that there is something to read, the names are there before the new log is.
  const rename = 'echo late >>"$log"; mv "$log" "$log.1"; echo new >"$log"';
  const { seen, output } = follow([{ app: 'web', stream: 'combined', inode, offset: 4 }], 3, (script) =>
    replaceIn(
      script,
      'list_by_name() { ls -lniL "$log" "$log".* "$log"-* 2>/dev/null; }',
      `list_by_name() { set -- "$log" "$log".*; [ ! -e go ] || { rm go; ${rename}; }; ls -lniL "$@" 2>/dev/null; }`,
    ).replace('step=$(run_log_awk', '[ -n "$gone" ] || { gone=yes; : >go; }; step=$(run_log_awk'),
  );
  appendFileSync(logPath(), 'one\n');
  await waitFor(() => seen.text.endsWith('new\n'), 'the new log is read');
  expect(seen.text).toBe('one\nlate\nnew\n');
  await output;
});

test('a log that is renamed between the look and the reading is read to its end', async () => {
  await host.start('web', ['sleep', '1000']);
  writeFileSync(logPath(), 'old\n');
  const { inode } = await readTail(100);
  const { seen, output } = follow([{ app: 'web', stream: 'combined', inode, offset: 4 }], 3, (script) =>
    replaceIn(
      script,
      'send_piece "$5"',
      '[ -n "$gone" ] || { gone=yes; mv "$log" "$log.1"; echo "of the new one" >"$log"; }; send_piece "$5"',
    ),
  );
  appendFileSync(logPath(), 'one\n');
  await waitFor(() => seen.text.endsWith('new one\n'), 'the new log is read');
  expect(seen.text).toBe('one\nof the new one\n');
  await output;
});

test('a log that was replaced by another is told', async () => {
  await host.start('web', ['sleep', '1000']);
  writeFileSync(logPath(), 'old\n');
  const { inode } = await readTail(100);
  const { seen, output } = follow([{ app: 'web', stream: 'combined', inode, offset: 4 }], 3);
  writeFileSync(`${logPath()}-new`, 'new\n');
  renameSync(`${logPath()}-new`, logPath());
  await waitFor(() => seen.text === 'new\n', 'the new log is read');
  expect(seen.events).toEqual(['replaced']);
  await output;
});

test('a follow that is gone on with from its cursors misses nothing and doubles nothing', async () => {
  await host.start('web', ['sleep', '1000']);
  const text = Array.from({ length: 40_000 }, (_, index) => `line ${index}\n`).join('');
  writeFileSync(logPath(), text);
  const { inode } = await readTail(100);
  let cursors: readonly LogCursor[] = [{ app: 'web', stream: 'combined', inode, offset: 0 }];
  let received = '';
  for (let connection = 0; received.length < text.length; connection++) {
    expect(connection).toBeLessThan(20);
    const { child, output, reader, seen } = follow(cursors, 10);
    await waitFor(() => seen.text !== '', 'something has come');
    child.kill('SIGKILL');
    await output;
    cursors = reader.cursors;
    received += seen.text;
  }
  expect(received === text).toBe(true);
});

test('a follow ends soon after its client is gone', async () => {
  await host.start('web', ['sleep', '1000']);
  const { child } = follow([{ app: 'web', stream: 'combined', inode: null, offset: 0 }], 600);
  // Its first words have come: only later ones can tell it that nobody listens.
  await once(child.stdout as Readable, 'data');
  child.stdout?.destroy();
  await waitFor(() => host.pids().length === 2, 'only the app and its supervisor are left');
});

test('find tells whose app a process is, and does not find itself', async () => {
  const { report } = await host.start('web', ['/bin/dash', '-c', 'sleep 1000; :', 'needle one']);
  const bystander = spawn('/bin/dash', ['-c', 'sleep 1000; :', 'needle two'], { env: { HOME: host.home } });
  await once(bystander, 'spawn');
  const found = await host.operate(find, { pattern: /needle/ });
  expect(found.map(({ pid, app }) => ({ pid, app }))).toEqual(
    [
      { pid: report.pid, app: 'web' },
      { pid: bystander.pid, app: null },
    ].sort((a, b) => String(a.pid).localeCompare(String(b.pid))),
  );
  expect(found.find(({ pid }) => pid === report.pid)?.argv).toEqual(report.argv);
});

test('the port and the memory of a child count for its app', async () => {
  const server =
    "require('node:net').createServer().listen(0, '127.0.0.1', function () { console.log('port', this.address().port) })";
  await host.start('web', ['/bin/sh', '-c', '"$0" -e "$1"; :', process.execPath, server]);
  const readPort = () => Number(/^port (\d+)$/m.exec(readFileSync(logPath(), 'utf8'))?.[1] ?? 0);
  await waitFor(() => readPort() > 0, 'it listens');
  const [seen] = await host.operate(status, { apps: ['web'] });
  expect(seen?.report.ports).toEqual([readPort()]);
  expect(seen?.report.rssBytes).toBeGreaterThan(20_000_000);
});

describe.each(SH_NAMES)('with %s as sh', (shell) => {
  test('a program runs in the place of the script', async (ctx) => {
    const path = findShell(shell);
    if (path === undefined) return ctx.skip(`${shell} is not installed`);
    const there = await createPrivateHost(path);
    try {
      const argv = ['/bin/dash', '-c', 'printf "%s|" "$@"; umask; cat; exit 7', 'name', 'a b', '', "it's", '$(id)'];
      const { child, output } = there.launch(buildExecScript({ argv, stdin: false }, { nonce: NONCE }));
      expect((await output).toString()).toMatch(/^@@n0nce BEGIN\na b\|\|it's\|\$\(id\)\|0022\n$/);
      expect(child.exitCode).toBe(7);
    } finally {
      await there.close();
    }
  });
});
