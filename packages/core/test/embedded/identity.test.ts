import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { IDENTITY_FUNCTIONS } from '../../src/identity/identity.js';
import { inspect } from '../../src/operations/inspect.js';
import { signal } from '../../src/operations/signal.js';
import { status } from '../../src/operations/status.js';
import { stop } from '../../src/operations/stop.js';
import { TREE_FUNCTIONS } from '../../src/tree/tree.js';
import {
  BY,
  createPrivateHost,
  isAlive,
  type PrivateHost,
  readProc,
  readStart,
  replaceIn,
  waitFor,
} from './private-host.js';

let host: PrivateHost;
let bystander: ChildProcess;
let bystanderPid: number;

beforeEach(async () => {
  host = await createPrivateHost();
  bystander = spawn('sleep', ['1000'], { stdio: 'ignore', detached: true, env: { PATH: process.env.PATH ?? '' } });
  bystanderPid = bystander.pid as number;
});

afterEach(async () => {
  bystander.kill('SIGKILL');
  await host.close();
});

const BOOT = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
const OTHER_BOOT = '00000000-0000-4000-8000-000000000000';

/** Makes records of an app that ended unseen, whose pid is the bystander's by now. */
async function writeStrangersRecord(start: string, boot: string): Promise<void> {
  const { report } = await host.start('web', ['sleep', '1000']);
  const [seen] = await host.operate(inspect, { apps: ['web'] });
  process.kill(seen?.supervisorPid as number, 'SIGKILL');
  process.kill(report.pid as number, 'SIGKILL');
  await host.expectNoProcesses();
  rmSync(join(host.appDir('web'), 'run.1.exit'), { force: true });
  writeFileSync(join(host.appDir('web'), 'run.1.pid'), `${bystanderPid} ${start} ${boot} 1795000000 0\n`);
}

/** What is done to an app whose pid has a new owner. */
async function attack(change: (script: string) => string) {
  const signalled = await host.operate(signal, { apps: ['web'], signal: 'KILL', scope: 'tree', by: BY }, change);
  const stopped = await host.operate(stop, { apps: ['web'], graceMs: 0, by: BY }, change);
  return { signalled: signalled[0], stopped: stopped[0] };
}

describe.each([
  [
    'another start time',
    () => [String(Number(readStart(bystanderPid)) - 1), BOOT],
    'lost',
    '[ "$process_start" = "$2" ]',
  ],
  ['another boot', () => [readStart(bystanderPid), OTHER_BOOT], 'rebooted', '[ "$3" = "$boot" ]'],
] as const)('a process with the pid of the app and %s', (_name, read, state, guard) => {
  test('is left alone', async () => {
    const [start, boot] = read();
    await writeStrangersRecord(start as string, boot as string);
    const [seen] = await host.operate(status, { apps: ['web'] });
    expect(seen?.report).toMatchObject({ state, pid: null, lastPid: bystanderPid });
    const { signalled, stopped } = await attack((script) => script);
    expect(signalled).toMatchObject({ changed: false, error: { code: 'E_NOT_RUNNING' } });
    expect(stopped).toMatchObject({ changed: false, report: { how: 'already-stopped' } });
    expect(isAlive(bystanderPid)).toBe(true);
  });

  test('is left alone because of that very check', async () => {
    const [start, boot] = read();
    await writeStrangersRecord(start as string, boot as string);
    await attack((script) => {
      expect(script).toContain(guard);
      // The list of an app's processes looks at the start time once more.
      return script.replaceAll(guard, 'true').replaceAll('return (start[root] "") == (root_start "")', 'return 1');
    });
    expect(isAlive(bystanderPid)).toBe(false);
  });
});

test('a process that got pid and start time of an app whose end was seen is left alone', async () => {
  await writeStrangersRecord(readStart(bystanderPid), BOOT);
  writeFileSync(join(host.appDir('web'), 'run.1.exit'), `code 3 1795000000 0 ended - ${readStart(bystanderPid)}\n`);
  const [seen] = await host.operate(status, { apps: ['web'] });
  expect(seen?.report).toMatchObject({ state: 'exited', exitCode: 3, pid: null });
  const { signalled, stopped } = await attack((script) => script);
  expect(signalled).toMatchObject({ changed: false, error: { code: 'E_NOT_RUNNING' } });
  expect(stopped).toMatchObject({ changed: false, report: { how: 'already-stopped' } });
  expect(isAlive(bystanderPid)).toBe(true);
});

test('a stop or signal record cannot name somebody else either', async () => {
  await host.start('web', ['sleep', '1000']);
  writeFileSync(join(host.appDir('web'), 'run.1.supervisor'), `${bystanderPid} 1 ${BOOT} always\n`);
  await host.operate(stop, { apps: ['web'], by: BY });
  expect(isAlive(bystanderPid)).toBe(true);
});

test.each(['0', '1', '-1', '01', '2x', '', '99999999999999999999'])('the pid %j in a record is nobody', async (pid) => {
  await writeStrangersRecord(readStart(bystanderPid), BOOT);
  writeFileSync(join(host.appDir('web'), 'run.1.pid'), `${pid} ${readStart(1)} ${BOOT} 1795000000 0\n`);
  const { signalled, stopped } = await attack((script) => script);
  expect(signalled?.changed).toBe(false);
  expect(stopped?.changed).toBe(false);
});

test('the process 1 is never ours, whatever a record says', async () => {
  // Only asked, never signalled: what would answer yes here is the init of this machine.
  const { output } = host.launch(`${IDENTITY_FUNCTIONS}
    read_boot
    for pid in '' -1 0 1 01 1x; do ! is_alive "$pid" '${readStart(1)}' "$boot" || echo "$pid"; done
    is_alive ${bystanderPid} '${readStart(bystanderPid)}' "$boot" && echo bystander
  `);
  expect((await output).toString()).toBe('bystander\n');
});

test('a zombie is gone to whoever signals, looks or counts', async () => {
  const { report } = await host.start('web', ['sleep', '1000']);
  const supervisorPid = (await host.operate(inspect, { apps: ['web'] }))[0]?.supervisorPid as number;
  process.kill(supervisorPid, 'SIGSTOP');
  await waitFor(() => readProc(supervisorPid, 'stat').includes(') T '), 'its parent takes no notice of its end');
  process.kill(report.pid as number, 'SIGKILL');
  await waitFor(() => !isAlive(report.pid as number), 'the app is a zombie');
  expect(readProc(report.pid as number, 'stat')).toContain(') Z ');

  const [signalled] = await host.operate(signal, { apps: ['web'], signal: 'USR1', scope: 'main', by: BY });
  expect(signalled).toMatchObject({ changed: false, error: { code: 'E_NOT_RUNNING' } });
  const [seen] = await host.operate(inspect, { apps: ['web'] });
  expect(seen).toMatchObject({ pids: [], report: { pid: null } });
});

test('a group whose number went to strangers is not signalled', async () => {
  const other = spawn('sleep', ['1000'], { stdio: 'ignore', detached: true, env: { PATH: process.env.PATH ?? '' } });
  const member = other.pid as number;
  const script = `${IDENTITY_FUNCTIONS}${TREE_FUNCTIONS}
    read_boot
    group=${bystanderPid} seen='${bystanderPid}:1 ${member}:${readStart(member)}'
    signal_members TERM
  `;
  await host.launch(script).output;
  await waitFor(() => !isAlive(member), 'the one whose identity is right has ended');
  expect(isAlive(bystanderPid)).toBe(true);
});

test('the group of strangers is left alone once its leader has gone, too', async () => {
  const line = 'env -i sleep 1000 >/dev/null 2>&1 & echo $!';
  const leader = spawn('/bin/sh', ['-c', line], { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
  const [output] = await once(leader.stdout, 'data');
  const member = Number(String(output));
  try {
    await waitFor(() => !isAlive(leader.pid as number), 'the leader has gone');
    bystanderPid = leader.pid as number;
    await writeStrangersRecord('1', BOOT);
    const { signalled, stopped } = await attack((script) => script);
    expect(signalled).toMatchObject({ changed: false, error: { code: 'E_NOT_RUNNING' } });
    expect(stopped).toMatchObject({ changed: false, report: { how: 'already-stopped' } });
    expect(isAlive(member)).toBe(true);
    // The same because of that very check.
    await attack((script) => replaceIn(script, 'ours = is_ours()', 'ours = (root > 1)'));
    await waitFor(() => !isAlive(member), 'it is killed');
  } finally {
    if (isAlive(member)) process.kill(member, 'SIGKILL');
  }
});

test('a process is told by what stands behind its name, whatever that is', async () => {
  const name = 'x) \n) R 1 (';
  const { report } = await host.start('web', [
    '/bin/dash',
    '-c',
    `printf '%s' '${name}' >/proc/$$/comm; sleep 1000; :`,
  ]);
  expect(report.state).toBe('running');
  expect(readFileSync(`/proc/${report.pid}/comm`, 'utf8')).toContain('\n)');
  const [seen] = await host.operate(inspect, { apps: ['web'] });
  expect(seen?.pids).toContain(report.pid);
  expect(seen?.report.state).toBe('running');
  const [signalled] = await host.operate(signal, { apps: ['web'], signal: 'CONT', scope: 'main', by: BY });
  expect(signalled).toMatchObject({ changed: true });
  const [stopped] = await host.operate(stop, { apps: ['web'], by: BY });
  expect(stopped?.report.how).toBe('term');
  await host.expectNoProcesses();
});
