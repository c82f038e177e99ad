import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { inspect } from '../../src/operations/inspect.js';
import { CHANGE_FUNCTIONS } from '../../src/operations/operation.js';
import { remove } from '../../src/operations/remove.js';
import { stop } from '../../src/operations/stop.js';
import { buildScript } from '../../src/shell/script.js';
import { TREE_FUNCTIONS } from '../../src/tree/tree.js';
import {
  BY,
  createPrivateHost,
  insertBefore,
  isAlive,
  type PrivateHost,
  readProc,
  readStart,
  waitFor,
} from './private-host.js';
import { findProgram } from './shells.js';

let host: PrivateHost;
let programs: string;

beforeEach(async () => {
  programs = join(tmpdir(), `outlast-tree-${process.pid}`);
  mkdirSync(programs, { recursive: true });
  host = await createPrivateHost(undefined, { PATH: [programs, process.env.PATH].join(delimiter) });
});

afterEach(async () => {
  await host.close();
  rmSync(programs, { recursive: true, force: true });
});

/** Runs shell with the functions around trees; what it said, line by line. */
async function runShell(body: string): Promise<string[]> {
  const frame = { nonce: 'n0nce' };
  const functions = [...CHANGE_FUNCTIONS, TREE_FUNCTIONS];
  const { records, status } = await host.run(buildScript(frame, { title: 'test', functions, body }), frame.nonce);
  expect(status).toBe(0);
  return records.map(({ kind, fields }) => [kind, ...fields].join(' '));
}

/** Nothing is really signalled: what would be is said. */
const SAYING_KILL = `
  kill() { say "KILL $*"; }
  [ "$(kill test)" = '@@n0nce KILL test' ] || return 1
`;

/** From the moment that a file `blind` is in the home, what is read from /proc in one piece is lost, as where a fork fails. */
function makeBlindGrep(): void {
  const grep = findProgram('grep');
  const path = join(programs, 'grep');
  writeFileSync(
    path,
    `#!/bin/sh\nif [ -e "$HOME/blind" ]; then case $* in */proc/*) exit 2 ;; esac; fi\nexec ${grep} "$@"\n`,
  );
  chmodSync(path, 0o755);
}

function goBlind(): void {
  writeFileSync(join(host.home, 'blind'), '');
}

/** The pid of the one process of this home with these arguments, once it is there. */
async function findProcess(...argv: string[]): Promise<number> {
  const find = () => host.pids().find((pid) => readProc(pid, 'cmdline') === `${argv.join('\0')}\0`);
  await waitFor(() => find() !== undefined, `${argv.join(' ')} runs`);
  return find() as number;
}

async function readMembers(): Promise<readonly number[]> {
  return (await host.operate(inspect, { apps: ['web'] }))[0]?.pids ?? [];
}

const UNSEEN = { changed: false, error: { message: expect.stringContaining('could not be listed') } };

test('the groups 0 and 1 are never signalled', async () => {
  const said = await runShell(`
    ${SAYING_KILL}
    is_alive() { process_group=$group; }
    for group in 0 1; do
      seen=4711:1
      signal_members TERM
    done
  `);
  expect(said).toEqual(['KILL -s TERM 4711', 'KILL -s TERM 4711']);
});

test('a group gets a signal once, and a member outside of it its own', async () => {
  const said = await runShell(`
    ${SAYING_KILL}
    is_alive() { process_group=$((($1 + 1) / 2 * 2)); }
    group=4712 seen='4711:1 4712:1 4713:1'
    signal_members TERM
  `);
  expect(said).toEqual(['KILL -s TERM -- -4712', 'KILL -s TERM 4713']);
});

test('a record that names the process 1 makes no tree of it', async () => {
  const said = await runShell(`
    read_boot
    record_path=$HOME/record
    for pid in 0 1 -1 01x; do
      echo "$pid ${readStart(1)} $boot 1 0" >"$record_path.pid"
      read_tree
      say "ROOT $root"
    done
  `);
  expect(said).toEqual(['ROOT 0', 'ROOT 0', 'ROOT 0', 'ROOT 0']);
});

test('the tree of no pid is empty', async () => {
  const said = await runShell(`
    for root in 0 1; do
      seen=
      list_members "$root" no-such-mark || return 1
      say "MEMBERS$members"
    done
  `);
  expect(said).toEqual(['MEMBERS', 'MEMBERS']);
});

test('the process 1 is no member, whatever was seen', async () => {
  const said = await runShell(`
    seen=1:${readStart(1)}
    list_members 0 no-such-mark || return 1
    case " $members " in *' 1 '*) say FOUND ;; esac
  `);
  expect(said).toEqual([]);
});

test('where processes cannot be read, a stop and an rm do nothing', async () => {
  makeBlindGrep();
  const { report } = await host.start('web', ['sleep', '1000']);
  goBlind();
  expect(await host.operate(stop, { apps: ['web'], by: BY })).toMatchObject([UNSEEN]);
  expect(await host.operate(remove, { apps: ['web'] })).toMatchObject([
    { changed: false, error: { code: 'E_RUNNING' } },
  ]);
  expect(isAlive(report.pid as number)).toBe(true);
});

test('a stop whose last look fails does not claim that nothing is left', async () => {
  makeBlindGrep();
  const { report } = await host.start('web', ['/bin/sh', '-c', 'trap "" TERM; while :; do sleep 0.1; done']);
  const blinded = (script: string) => insertBefore(script, 'deadline=$((clock + grace))', ': >"$HOME/blind";');
  expect(await host.operate(stop, { apps: ['web'], by: BY }, blinded)).toMatchObject([UNSEEN]);
  expect(isAlive(report.pid as number)).toBe(true);
});

test('an rm that cannot see whether something is left forgets nothing', async () => {
  makeBlindGrep();
  await host.start('web', ['sleep', '1000']);
  await host.operate(stop, { apps: ['web'], by: BY });
  goBlind();
  expect(await host.operate(remove, { apps: ['web'] })).toMatchObject([
    { changed: false, error: { code: 'E_RUNNING' } },
  ]);
  expect(readFileSync(join(host.appDir('web'), 'run.1.stopped'), 'utf8')).toMatch(/^term /);
});

test('a child without the mark in a session of its own is a member by its parent', async () => {
  const { report } = await host.start('web', ['/bin/sh', '-c', 'env -i HOME="$HOME" setsid sleep 1001 & wait']);
  const child = await findProcess('sleep', '1001');
  expect(await readMembers()).toEqual([report.pid as number, child].sort((a, b) => a - b));
});

test('an orphan without the mark in a group of its own is a member by its session', async (ctx) => {
  const bash = findProgram('bash');
  if (bash === undefined) return ctx.skip('no bash, whose set -m needs no terminal: install bash');
  await host.start('web', [bash, '-c', 'set -m; (env -i HOME="$HOME" sleep 1001 & ); sleep 1000']);
  const orphan = await findProcess('sleep', '1001');
  const readParent = () => readProc(orphan, 'stat').split(') ')[1]?.split(' ')[1];
  await waitFor(() => !host.pids().includes(Number(readParent())), 'its parent is gone');
  expect(await readMembers()).toContain(orphan);
});

test('a child that has lost everything but its life while it is stopped is still known', async () => {
  const stubborn = 'trap "" TERM; echo ready; while :; do sleep 0.1; done';
  const line = 'env -i HOME="$HOME" PATH="$PATH" setsid /bin/dash -c "$0" & wait';
  await host.start('web', ['/bin/sh', '-c', line, stubborn]);
  const child = await findProcess('/bin/dash', '-c', stubborn);
  await waitFor(() => readFileSync(join(host.appDir('web'), 'log'), 'utf8') === 'ready\n', 'it ignores TERM');
  const [stopped] = await host.operate(stop, { apps: ['web'], graceMs: 300, by: BY });
  expect(stopped).toMatchObject({ changed: true, report: { how: 'kill' } });
  expect(isAlive(child)).toBe(false);
});
