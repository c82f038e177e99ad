import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { isGone, waitFor } from '@outlast/test-fixtures';
import { afterEach, describe, expect, test } from 'vitest';
import { appOf, codesOf, type Told, useLab } from '../program-lab.js';

const lab = useLab(['web1', 'web2']);
const ON_ONE = ['-H', 'web1'];
let byHand: ChildProcess[] = [];

afterEach(() => {
  for (const child of byHand) child.kill('SIGKILL');
  byHand = [];
});

/** Starts what somebody might have started by hand, and waits until it is what it is going to be. */
async function startByHand(argv: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<number> {
  const [program = '', ...rest] = argv;
  const child = spawn(program, rest, { stdio: 'ignore', env: { PATH: process.env.PATH, ...env } });
  byHand.push(child);
  await once(child, 'spawn');
  return child.pid as number;
}

const errorOf = ({ document }: Told) => document.outcomes[0]?.error;

describe('a process that was started by hand', () => {
  test('is from then on looked at, signalled, restarted and stopped as any app', async () => {
    const pid = await startByHand(['sleep', '7001'], { SECRET: 's3cr3t' });
    const adopted = await lab.ask(['adopt', 'hand', '--pid', String(pid), ...ON_ONE]);
    expect(adopted.exitCode, adopted.stderr).toBe(0);
    expect(appOf(adopted)).toMatchObject({ changed: true, state: 'running', pid, argv: ['sleep', '7001'] });
    expect(appOf(await lab.ask(['status', 'hand', ...ON_ONE]))).toMatchObject({ state: 'running', pid });
    const inspected = await lab.ask(['inspect', 'hand', ...ON_ONE]);
    expect(appOf(inspected)).toMatchObject({ adopted: true, pids: [pid], supervisorPid: null });
    expect(inspected.stdout).not.toContain('s3cr3t');
    await lab.ask(['signal', 'STOP', 'hand', ...ON_ONE]);
    expect(appOf(await lab.ask(['status', 'hand', ...ON_ONE])).state).toBe('paused');
    const restarted = await lab.ask(['restart', 'hand', ...ON_ONE, '--settle', '200ms']);
    expect(restarted.exitCode, restarted.stderr).toBe(0);
    expect(isGone(pid)).toBe(true);
    const next = appOf(restarted).pid ?? 0;
    expect((await lab.host().run(`tr '\\0' '\\n' </proc/${next}/environ`)).stdout).toContain('SECRET=s3cr3t');
    expect(appOf(await lab.ask(['inspect', 'hand', ...ON_ONE]))).toMatchObject({
      adopted: false,
      argv: ['sleep', '7001'],
    });
    expect(appOf(await lab.ask(['stop', 'hand', ...ON_ONE]))).toMatchObject({ state: 'stopped', how: 'term' });
  });

  test('can be waited for; how it ended nobody knows', async () => {
    const pid = await startByHand(['sleep', '7002']);
    await lab.ask(['adopt', 'awaited', '--pid', String(pid), ...ON_ONE]);
    const waiting = lab.ask(['wait', 'awaited', ...ON_ONE]);
    process.kill(pid, 'SIGTERM');
    const told = await waiting;
    expect([told.exitCode, appOf(told).state]).toEqual([1, 'lost']);
  });

  test('is named by what its arguments match, on each host that has exactly one such', async () => {
    const pid = await startByHand(['sleep', '7003.25']);
    const told = await lab.ask(['adopt', 'matched', '--match', '^sleep 7003\\.25$', '-H', 'web1']);
    expect(told.exitCode, told.stderr).toBe(0);
    expect(appOf(told)).toMatchObject({ changed: true, pid });
    const again = await lab.ask(['adopt', 'matched', '--match', 'sleep 7003.25', '--fixed-string', '-H', 'web1']);
    expect([again.exitCode, appOf(again).changed]).toEqual([0, false]);
    expect((await lab.run(['adopt', 'matched', '--pid', String(pid), '-H', 'web1'])).stdout).toMatch(
      /already running +pid \d+ \(unchanged\)/,
    );
    await lab.ask(['stop', 'matched', '-H', 'web1']);
  });

  test('is not adopted when more than one matches, which are listed', async () => {
    const pids = [await startByHand(['sleep', '7004']), await startByHand(['sleep', '7004'])];
    const told = await lab.ask(['adopt', 'twice', '--match', 'sleep 7004', ...ON_ONE]);
    expect([told.exitCode, codesOf(told)]).toEqual([1, ['E_AMBIGUOUS_MATCH']]);
    for (const pid of pids) expect(errorOf(told)?.message).toContain(`${pid}  sleep 7004`);
    expect((await lab.ask(['status', 'twice', ...ON_ONE])).exitCode).toBe(3);
  });

  test('is not adopted when none matches: the client itself is none', async () => {
    const told = await lab.ask(['adopt', 'none', '--match', 'no-process-has-these-words', ...ON_ONE]);
    expect([told.exitCode, codesOf(told)]).toEqual([1, ['E_NO_SUCH_PROCESS']]);
  });

  test('belongs to one app, whatever name is tried next', async () => {
    const pid = await startByHand(['sleep', '7005']);
    await lab.ask(['adopt', 'first', '--pid', String(pid), ...ON_ONE]);
    const told = await lab.ask(['adopt', 'second', '--pid', String(pid), ...ON_ONE]);
    expect([told.exitCode, codesOf(told)]).toEqual([1, ['E_ADOPT_REFUSED']]);
    expect(errorOf(told)?.message).toContain('belongs to app first');
    await lab.ask(['kill', 'first', ...ON_ONE]);
    await waitFor(() => isGone(pid), { what: 'it to be gone' });
  });
});

test.each([
  [['adopt', 'x', '-H', 'web1'], /nothing says which process/],
  [['adopt', 'x', '-H', 'web1', '--pid', '1'], /"1"/],
  [['adopt', 'x', '-H', 'web1', '--pid', '12a'], /"12a"/],
  [['adopt', 'x', '-H', 'web1', '--pid', '12', '--match', 'y'], /not by both/],
  [['adopt', 'x', '-H', 'web1', '--match', '('], /regular expression/],
  [['adopt', 'x', '-H', 'web1,web2', '--pid', '12'], /another process on each of these 2 hosts/],
])('%j is refused before anything is sent', async (args, message) => {
  const { exitCode, stderr } = await lab.run(args);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(message);
});

test('what would be done can be seen beforehand', async () => {
  const { stdout } = await lab.run(['adopt', 'x', '-H', 'web1', '--match', 'y', '--dry-run']);
  expect(stdout).toBe('would adopt the process that matches y as x\n  on web1\n');
  const printed = await lab.run(['adopt', 'x', '-H', 'web1', '--pid', '4242', '--print-script']);
  expect(printed.stdout).toMatch(/^# outlast: adopt pid 4242 as x\n/);
});
