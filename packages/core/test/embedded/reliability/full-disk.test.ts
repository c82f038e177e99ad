import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { CAMPAIGN_TIMEOUT_MS, type Round, runCampaign } from '@outlast/test-fixtures';
import { expect, test } from 'vitest';
import { OutlastError } from '../../../src/errors.js';
import type { AppResult } from '../../../src/operations/operation.js';
import { remove } from '../../../src/operations/remove.js';
import { restart } from '../../../src/operations/restart.js';
import { signal } from '../../../src/operations/signal.js';
import { start } from '../../../src/operations/start.js';
import { stop } from '../../../src/operations/stop.js';
import { BY, createPrivateHost, createRequest, PLAIN_SPEC, type PrivateHost } from '../private-host.js';
import { findWhyNothingCanBeMounted, mountSmallDisk, type SmallDisk } from './small-disk.js';
import { checkTruth, findProcesses } from './truth.js';

const WEB = { apps: ['web'], by: BY };
/** More than any of the operations needs, so that each of its writes is once the first that fails. */
const MOST_FREE = { blocks: 24, inodes: 28 };

const OPERATIONS = {
  start: (host) => host.operate(start, buildStart()),
  restart: (host) => host.operate(restart, buildStart()),
  stop: async (host) => (await host.operate(stop, WEB))[0],
  'signal HUP': async (host) => (await host.operate(signal, { ...WEB, signal: 'HUP', scope: 'main' }))[0],
  rm: async (host) => (await host.operate(remove, WEB))[0],
} as const satisfies Readonly<Record<string, (host: PrivateHost) => Promise<AppResult | undefined>>>;

test('a disk that is full at any write leaves records that are true', { timeout: CAMPAIGN_TIMEOUT_MS }, async ({
  skip,
}) => {
  const problem = findWhyNothingCanBeMounted();
  if (problem !== undefined) skip(problem);
  await runCampaign({ name: 'full-disk', rounds: 240 }, playInNewHome);
});

async function playInNewHome(round: Round): Promise<void> {
  const host = await createPrivateHost();
  const folder = join(host.home, '.local/state');
  mkdirSync(folder, { recursive: true });
  const disk = mountSmallDisk(folder);
  try {
    await play(host, disk, round);
  } finally {
    // What runs may still write there.
    await host.close().catch(() => undefined);
    disk.unmount();
    await host.close();
  }
}

async function play(host: PrivateHost, disk: SmallDisk, { random, step, count }: Round): Promise<void> {
  const past = random.pick(['nothing', 'running', 'stopped'] as const);
  if (past !== 'nothing') await OPERATIONS.start(host);
  if (past === 'stopped') await OPERATIONS.stop(host);
  const before = findProcesses(host, PLAIN_SPEC.argv);
  const kind = random.pick(['blocks', 'inodes'] as const);
  const free = random.integer(0, MOST_FREE[kind]);
  const verb = random.pick(Object.keys(OPERATIONS) as (keyof typeof OPERATIONS)[]);
  step(`${free} ${kind} free, ${past} before; ${verb}`);
  disk.fill(kind, free);
  const result = await OPERATIONS[verb](host).catch(keepErrorOf);
  count('operations on a full disk');
  step(`told ${describeAnswer(result)}`);
  const { state } = await checkTruth(host, 'web', PLAIN_SPEC.argv);
  checkAnswer(verb, result, { before, after: findProcesses(host, PLAIN_SPEC.argv) });
  if (isRefused(result)) count('refused, with the error that says so');
  step(`stop of what is ${state} by now`);
  const stopped = await OPERATIONS.stop(host);
  step(`told ${describeAnswer(stopped)}`);
  expect(stopped?.error).toBeUndefined();
  await host.expectNoProcesses();
  count('stops on the full disk that worked');
  step('start with room again');
  disk.makeRoom();
  const repaired = await OPERATIONS.start(host);
  expect(repaired).toMatchObject({ changed: true, report: { state: 'running' } });
  await checkTruth(host, 'web', PLAIN_SPEC.argv);
  expect(await OPERATIONS.stop(host)).toMatchObject({ changed: true, report: { state: 'stopped' } });
}

type Answer = AppResult | OutlastError | undefined;

function keepErrorOf(error: unknown): OutlastError {
  if (error instanceof OutlastError) return error;
  throw error;
}

function isRefused(answer: Answer): boolean {
  return answer instanceof OutlastError || answer?.error !== undefined;
}

function describeAnswer(answer: Answer): string {
  const error = answer instanceof OutlastError ? answer : answer?.error;
  return error === undefined ? 'that it is well' : `${error.code}: ${error.message}`;
}

/** What an answer says was done has been done, and what it refuses has not. */
function checkAnswer(verb: string, answer: Answer, { before, after }: Record<'before' | 'after', number[]>): void {
  if (!(answer instanceof OutlastError)) expect(answer?.report.pid).toBe(after[0] ?? null);
  if (isRefused(answer)) {
    const error = answer instanceof OutlastError ? answer : answer?.error;
    expect(['E_STATE_DIR', 'E_START_FAILED', 'E_RUNNING', 'E_NOT_RUNNING']).toContain(error?.code);
    // A restart may have got as far as its stop.
    expect([verb === 'restart' ? [] : before, before]).toContainEqual(after);
    return;
  }
  if (verb === 'start' || (verb === 'restart' && (answer as AppResult).changed)) expect(after).toHaveLength(1);
  if (verb === 'stop') expect(after).toEqual([]);
}

function buildStart() {
  return { app: 'web', spec: PLAIN_SPEC, request: createRequest(), by: BY, settleMs: 0 };
}
