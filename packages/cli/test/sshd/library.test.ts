import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { buildScript, findRecord, type Operation, sh, throwHostErrors } from '@outlast/core';
import { isGone, waitFor } from '@outlast/test-fixtures';
import { expect, onTestFinished, test } from 'vitest';
import { HostSession } from '../../src/fleet/host-session.js';
import {
  buildAppSpec,
  connect,
  Fleet,
  type FleetOptions,
  type Host,
  OutlastError,
  start,
  status,
  stop,
} from '../../src/index.js';
import { createSsh2Transport } from '../../src/ssh/ssh2/transport.js';
import { useLab } from '../program-lab.js';
import { NOBODY } from './connection-lab.js';

const lab = useLab(['web1', 'web2', 'web3']);
const ALL = 'web[1-3]';

function reach(): FleetOptions {
  const { sshConfig, env } = lab.laptop;
  return { configFile: sshConfig, env, connectTimeoutMs: 20_000 };
}

async function connectHost() {
  const host = await connect('web1', reach());
  onTestFinished(() => host.close());
  return host;
}

function createFleet(hosts: string | readonly string[], options: FleetOptions = {}): Fleet {
  const fleet = new Fleet(hosts, { ...reach(), ...options });
  onTestFinished(() => fleet.close());
  return fleet;
}

async function countLogins(alias: string): Promise<number> {
  return (await lab.host(alias).readLog()).split('Accepted publickey').length - 1;
}

/** The process of the server that holds this very connection. */
const WHO = ['sh', '-c', 'echo $PPID'];

test('one host does one thing after the other over one connection', async () => {
  const before = await countLogins('web1');
  const host = await connectHost();
  const apps = await host.run(status, { apps: [] });
  expect(apps).toEqual([]);
  const ended = await host.exec(['sh', '-c', 'cat; echo on stderr >&2; exit 3'], { stdin: 'hello' });
  expect(ended).toEqual({ exitCode: 3, signal: null, stdout: 'hello', stderr: 'on stderr\n' });
  const both = await Promise.all([host.exec(WHO), host.exec(WHO)]);
  expect(both[0].stdout).toBe(both[1].stdout);
  expect(await countLogins('web1')).toBe(before + 1);
});

test('the output of a program goes where it is wanted, as it comes', async () => {
  const host = await connectHost();
  const stdout = new PassThrough({ highWaterMark: 16 });
  const read = text(stdout);
  const pieces: Uint8Array[] = [];
  const ended = await host.exec(['sh', '-c', 'echo one; printf "\\377" >&2'], {
    stdout,
    stderr: (chunk) => void pieces.push(chunk),
  });
  stdout.end();
  expect([ended.stdout, ended.stderr, await read]).toEqual(['', '', 'one\n']);
  expect(Buffer.concat(pieces)).toEqual(Buffer.from([0xff]));
});

test('an app is started, seen over a second connection, waited for and stopped', async () => {
  const host = await connectHost();
  const before = await countLogins('web1');
  const go = join(lab.laptop.home, 'go');
  const shell = 'while ! [ -e "$GO" ]; do sleep 0.1; done; exit 7';
  const started = await host.start('night', { shell, settleMs: 100, env: { GO: go } });
  expect(started).toMatchObject({ changed: true, report: { app: 'night', state: 'running' } });
  expect(await countLogins('web1')).toBe(before + 1);
  writeFileSync(go, '');
  expect(await host.wait('night')).toMatchObject({ state: 'exited', exitCode: 7 });
  const again = await host.restart('night', { argv: ['sleep', '600'], settleMs: 100 });
  expect(again.report).toMatchObject({ state: 'running', argv: ['sleep', '600'] });
  expect(await host.stop('night', { graceMs: 5_000 })).toMatchObject({ changed: true, report: { how: 'term' } });
  expect(await host.stop('night')).toMatchObject({ changed: false });
});

test('what keeps an app from running is thrown, with what it said last', async () => {
  const host = await connectHost();
  const starting = host.start('broken', { shell: 'echo no such shop >&2; exit 9', settleMs: 5_000 });
  await expect(starting).rejects.toMatchObject({
    code: 'E_START_FAILED',
    details: { exitCode: 9, lastLines: ['no such shop'] },
  });
  await expect(host.restart('broken', { cwd: '/tmp' } as never)).rejects.toMatchObject({ code: 'E_USAGE' });
});

test('an operation of one’s own is run as ours are', async () => {
  const room: Operation<{ readonly folder: string }, number> = {
    name: 'room',
    mutates: false,
    build: ({ folder }, frame) =>
      buildScript(frame, {
        title: 'room',
        functions: [],
        body: sh`
          free=$(df -Pk ${folder} | awk 'NR == 2 { print $4 }')
          [ -n "$free" ] || { fail E_CWD - ${folder}; return 1; }
          say "ROOM $free"
        `,
      }),
    parse(reply) {
      throwHostErrors(reply);
      return Number(findRecord(reply, 'ROOM')?.fields[0]);
    },
  };
  const host = await connectHost();
  expect(await host.run(room, { folder: '/' })).toBeGreaterThan(0);
  const missing = host.run(room, { folder: "/no/it's $(id)" });
  await expect(missing).rejects.toMatchObject({ code: 'E_CWD', message: expect.stringContaining("/no/it's $(id)") });
});

test('a host that cannot be reached is an error of connect, and an outcome of a fleet', async () => {
  await expect(connect('web1', { ...reach(), identityFiles: [], sshOptions: ['Port=1'] })).rejects.toMatchObject({
    code: 'E_CONNECT_REFUSED',
  });
  const outcomes = await createFleet('web1,127.0.0.1:1,web3').run(status, { apps: [] });
  expect(outcomes.map(({ host, ok, error, value }) => [host, ok, error?.code, value])).toEqual([
    ['web1', true, undefined, expect.any(Array)],
    ['127.0.0.1:1', false, 'E_CONNECT_REFUSED', undefined],
    ['web3', true, undefined, expect.any(Array)],
  ]);
});

test('an outcome with the error of an app has what is known of it, too', async () => {
  const fleet = createFleet('web2');
  const [outcome] = await fleet.run(start, {
    app: 'gone',
    settleMs: 1_000,
    spec: buildAppSpec({ argv: ['false'] }),
  });
  expect(outcome).toMatchObject({ ok: false, error: { code: 'E_START_FAILED' }, value: { report: { exitCode: 1 } } });
  const [ended] = await fleet.exec(['sh', '-c', 'echo x; exit 4']);
  expect(ended).toMatchObject({ ok: false, error: { code: 'E_EXEC_FAILED' }, value: { exitCode: 4, stdout: 'x\n' } });
  const [own] = await fleet.each(() => {
    throw new TypeError('mine');
  });
  expect(own).toMatchObject({ ok: false, error: { code: 'E_CALLBACK', details: { cause: { message: 'mine' } } } });
});

test('each request has an id of its own, and says who acts', async () => {
  const fleet = createFleet('web[1-2]', { by: 'robot@ci' });
  const spec = buildAppSpec({ argv: ['sleep', '600'] });
  const outcomes = await fleet.run(start, { app: 'signed', spec, settleMs: 0 });
  expect(outcomes.every(({ ok }) => ok)).toBe(true);
  const readClaim = async (alias: string) =>
    (await lab.host(alias).run('cat "$XDG_STATE_HOME"/outlast/apps/signed/run.1')).stdout;
  const claims = [await readClaim('web1'), await readClaim('web2')];
  const ids = claims.map((claim) => /\b[0-9a-f]{24}\b/.exec(claim)?.[0]);
  expect(new Set(ids).size).toBe(2);
  expect(ids).not.toContain(undefined);
  await fleet.run(stop, { apps: ['signed'] });
  const [seen] = await fleet.run(status, { apps: ['signed'] });
  expect(seen?.value?.[0]?.report).toMatchObject({ state: 'stopped', endedBy: 'robot@ci' });
});

test('a loop over a run sets its pace, and leaving it begins no further host', async () => {
  const fleet = createFleet(ALL, { serial: 1 });
  const begun: string[] = [];
  const seen: string[] = [];
  for await (const { host } of fleet.each(async ({ name }) => void begun.push(name))) {
    seen.push(host);
    await setImmediate();
    expect(begun).toEqual(seen);
    if (host === 'web2') break;
  }
  expect(begun).toEqual(['web1', 'web2']);
});

test('a run that is left early waits for the hosts that were begun', async () => {
  const fleet = createFleet(ALL);
  for await (const { host } of fleet.each((each) =>
    each.exec(['sh', '-c', `[ ${each.name} = web1 ] || sleep 0.5; >'${lab.laptop.home}/left-${each.name}'`]),
  ))
    if (host === 'web1') break;
  expect(['web2', 'web3'].map((name) => existsSync(join(lab.laptop.home, `left-${name}`)))).toEqual([true, true]);
});

test('failures beyond the budget leave the rest alone', async () => {
  const outcomes = await createFleet(ALL, { serial: 1 }).exec(['false'], { maxFail: 1 });
  expect(outcomes.map(({ error }) => error?.code)).toEqual(['E_EXEC_FAILED', 'E_EXEC_FAILED', 'E_SKIPPED']);
});

test('connections are closed as soon as a host is done, or kept for the next run', async () => {
  const whoIs = async (fleet: Fleet) => Number((await fleet.exec(WHO))[0]?.value?.stdout);
  const closing = createFleet('web1');
  const first = await whoIs(closing);
  await waitFor(() => isGone(first), { what: 'the first connection to be closed' });
  const keeping = createFleet('web1', { keep: true });
  const kept = await whoIs(keeping);
  expect(await whoIs(keeping)).toBe(kept);
  process.kill(kept, 'SIGKILL');
  expect(await whoIs(keeping)).not.toBe(kept);
  const last = await whoIs(keeping);
  await keeping.close();
  await waitFor(() => isGone(last), { what: 'the kept connection to be closed' });
});

test('a call that is asked again over another connection leaves the one of the others alone', async () => {
  // As a host does that has heard nothing from this program for a while.
  const lapse: Operation<object, string | undefined> = {
    name: 'lapse',
    mutates: false,
    repeatable: true,
    leased: true,
    build: (_options, frame) =>
      buildScript(frame, {
        title: 'lapse',
        functions: [],
        keepStdin: true,
        body: sh`
          [ -e "$XDG_STATE_HOME/lapsed" ] || { : >"$XDG_STATE_HOME/lapsed"; kill -TERM $$; sleep 600; }
          say "SERVER $(ps -o ppid= -p $$)"
        `,
      }),
    parse: (reply) => findRecord(reply, 'SERVER')?.fields[0],
  };
  const host = await connectHost();
  const first = (await host.exec(WHO)).stdout.trim();
  const runUntil = (name: string) =>
    host.exec(['sh', '-c', `echo $PPID; while [ ! -e "$XDG_STATE_HOME/${name}" ]; do sleep 0.1; done; echo done`]);
  const calls = [runUntil('go1'), runUntil('go2')] as const;
  expect(await host.run(lapse, {})).not.toBe(first);
  // The first of them to end leaves the connection to the other.
  for (const [index, call] of calls.entries()) {
    await lab.host('web1').run(`: >"$XDG_STATE_HOME/go${index + 1}"`);
    expect((await call).stdout).toBe(`${first}\ndone\n`);
  }
  await waitFor(() => isGone(Number(first)), { what: 'the connection to be closed once nobody uses it' });
});

test('a session that is given a connection which has died makes another', async () => {
  const { sshConfig: configFile, env } = lab.laptop;
  const transport = createSsh2Transport({
    sshOptions: { configFile, identityFiles: [], options: [] },
    prompter: NOBODY,
    env,
  });
  const target = { name: 'web1', destination: 'web1' };
  const connection = await transport.connect(target, {});
  await connection.close();
  const { signal } = new AbortController();
  const context = { reached: false };
  const session = new HostSession({ transport, target, connectTimeoutMs: undefined, signal, context, connection });
  expect(await session.run(status, { apps: ['nobody'] })).toMatchObject([{ report: { state: 'unknown' } }]);
  await session.close();
  await transport.close();
});

test('a signal of the program gives up what is under way, and says that nobody knows', async () => {
  const aborting = new AbortController();
  const fleet = createFleet(ALL, { parallel: 1 });
  const work = (host: Host) =>
    host.exec(['sh', '-c', 'echo begun; exec sleep 600'], { stdout: () => aborting.abort() });
  const outcomes = await fleet.each(work, { signal: aborting.signal });
  expect(outcomes.map(({ ok, error }) => [ok, error?.code])).toEqual([
    [null, 'E_UNKNOWN_RESULT'],
    [false, 'E_SKIPPED'],
    [false, 'E_SKIPPED'],
  ]);
});

test('what takes too long is given up, and the next call has a connection again', async () => {
  const host = await connectHost();
  await expect(host.exec(['sleep', '600'], { timeoutMs: 300 })).rejects.toBeInstanceOf(OutlastError);
  expect((await host.exec(['echo', 'there'])).stdout).toBe('there\n');
});
