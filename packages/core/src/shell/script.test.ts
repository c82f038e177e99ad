import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readReply } from '../../test/read-reply.js';
import { buildScript, type ScriptParts } from './script.js';
import { sh } from './template.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'outlast-script-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const NONCE = 'n0nce';
const PARTS: ScriptParts = { title: 'test', functions: [sh`greet() { say "HELLO $1"; }`], body: '' };

function runScript(script: string, args: readonly string[] = ['-s'], env: Record<string, string> = {}) {
  return spawnSync('/bin/sh', args, {
    input: script,
    cwd: folder,
    env: { PATH: process.env.PATH, ...env },
    encoding: 'utf8',
    // A script that lacks one of its guards may read for ever.
    timeout: 8_000,
    killSignal: 'SIGKILL',
  });
}

function runBody(body: string, parts: Partial<ScriptParts> = {}) {
  const { stdout } = runScript(buildScript({ nonce: NONCE }, { ...PARTS, body, ...parts }));
  return readReply(stdout, NONCE);
}

test('a script frames what it says and tells how it ended', () => {
  const reply = runBody('greet world; (exit 3)');
  expect(reply).toMatchObject({ begun: true, status: 3, preamble: '' });
  expect(reply.records).toMatchObject([{ kind: 'HELLO', fields: ['world'] }]);
});

test('a script that was cut anywhere does nothing', () => {
  const script = buildScript({ nonce: NONCE }, { ...PARTS, body: sh`: >done; greet world` });
  const call = script.length - 'outlast </dev/null\n'.length;
  for (const length of Array.from({ length: 50 }, (_, index) => Math.floor((index * call) / 49))) {
    expect(runScript(script.slice(0, length)).stdout).toBe('');
    expect(existsSync(join(folder, 'done'))).toBe(false);
  }
  // In the last line the whole is there already: it is done or not, but never in part.
  for (let length = call; length < script.length; length++) {
    const { status } = readReply(runScript(script.slice(0, length)).stdout, NONCE);
    expect(existsSync(join(folder, 'done'))).toBe(status === 0);
    rmSync(join(folder, 'done'), { force: true });
  }
  runScript(script);
  expect(existsSync(join(folder, 'done'))).toBe(true);
});

test('a child cannot eat the rest of a script', () => {
  const script = buildScript({ nonce: NONCE }, { ...PARTS, body: 'cat; say AFTER' });
  // What follows must be more than a shell reads at once, or it would have been read already.
  const { stdout } = runScript(`${script}exit\n${'eaten\n'.repeat(20_000)}`);
  expect(stdout).toBe(`@@${NONCE} BEGIN\n@@${NONCE} AFTER\n@@${NONCE} END 0\n`);
});

test('the first lines may be eaten by what reads before the shell', () => {
  const script = buildScript({ nonce: NONCE }, { ...PARTS, body: 'greet world' });
  for (let lines = 1; lines <= 4; lines++) {
    const { stdout } = runScript(script, ['-c', `${'read -r eaten; '.repeat(lines)}exec /bin/sh -s`]);
    expect(readReply(stdout, NONCE)).toMatchObject({ begun: true, status: 0 });
  }
});

test('what the session brings along does not change what the script does', () => {
  // No shell takes IFS from the environment; an rc file that the same shell reads, as zsh does, can set it.
  const env = { CDPATH: '/tmp', OUTLAST_RUN: 'another', PATH: '/nonexistent' };
  const script = buildScript(
    { nonce: NONCE },
    {
      ...PARTS,
      body: sh`text='hello'; set -- $text; say "N $# \${OUTLAST_RUN-none} \${CDPATH-none}"; encode ab >/dev/null`,
    },
  );
  const reply = readReply(runScript(`IFS=l\n${script}`, ['-s'], env).stdout, NONCE);
  expect(reply.records[0]).toMatchObject({ kind: 'N', fields: ['1', 'none', 'none'] });
  expect(reply.status).toBe(0);
});

test('what could not be done is told with its bytes', () => {
  const { records } = runBody(sh`fail E_STATE_DIR web ${"no 'room'\nin é"}`);
  expect(records[0]?.fields).toEqual(['E_STATE_DIR', 'web', Buffer.from("no 'room'\nin é").toString('hex')]);
});

test('a record is written whole or not at all', () => {
  const body = sh`
    write_record there 'one line' && read_record there && say "READ $record"
    write_record no/such/folder x || say REFUSED
    write_record there "$(printf 'two\nlines')" || say REFUSED
    read_record there && say "READ $record"
    read_record missing || say MISSING
    say FILES *
  `;
  const { records } = runBody(body);
  expect(records.map(({ kind, fields }) => [kind, ...fields].join(' '))).toEqual([
    'READ one line',
    'REFUSED',
    'REFUSED',
    'READ one line',
    'MISSING',
    'FILES there',
  ]);
});

test('a full disk is noticed when a record is written, and leaves the old one', () => {
  const body = sh`
    write_record there old
    ln -s /dev/full "there.$$"
    write_record there new || say REFUSED
    read_record there && say "READ $record" *
  `;
  const { records } = runBody(body);
  expect(records.map(({ kind, fields }) => [kind, ...fields].join(' '))).toEqual(['REFUSED', 'READ old there']);
});

test('the input of a script that asked for it is kept', () => {
  const reply = runBody('IFS= read -r line <&3 || :; say DONE', { keepStdin: true });
  expect(reply).toMatchObject({ status: 0, records: [{ kind: 'DONE' }] });
});
