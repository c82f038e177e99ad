import { CAMPAIGN_TIMEOUT_MS, type Round, runCampaign } from '@outlast/test-fixtures';
import { expect, test } from 'vitest';
import { inspect } from '../../../src/operations/inspect.js';
import type { AppResult } from '../../../src/operations/operation.js';
import { remove } from '../../../src/operations/remove.js';
import { restart } from '../../../src/operations/restart.js';
import { signal } from '../../../src/operations/signal.js';
import { start } from '../../../src/operations/start.js';
import { status } from '../../../src/operations/status.js';
import { stop } from '../../../src/operations/stop.js';
import { BY, createPrivateHost, createRequest, PLAIN_SPEC, type PrivateHost } from '../private-host.js';
import { type Bystanders, DISGUISES, startBystanders } from './bystander.js';
import { findWhyPidsCannotBeForced, type PidNamespace, startPidNamespace } from './pid-namespace.js';

/** Each of them makes two reuses: of its own pid and of its supervisor's. */
const NAMES = ['app1', 'app2', 'app3', 'app4', 'app5'];
const ROUNDS = 100;

const APPS = { apps: NAMES, by: BY };
/** Leaves a child behind in a session of its own, so that the number of the app's group is free as well. */
const LEAVING = ['/bin/sh', '-c', 'setsid sleep 1001 & exec sleep 1000'];

type Attack = (host: PrivateHost) => Promise<readonly AppResult[]>;

/** What is done to apps whose numbers have new owners. */
const ATTACKS = {
  stop: (host) => host.operate(stop, { ...APPS, graceMs: 0 }),
  'signal TERM': (host) => host.operate(signal, { ...APPS, signal: 'TERM', scope: 'main' }),
  'signal STOP to the tree': (host) => host.operate(signal, { ...APPS, signal: 'STOP', scope: 'tree' }),
  kill: (host) => host.operate(signal, { ...APPS, signal: 'KILL', scope: 'tree' }),
  rm: (host) => host.operate(remove, APPS),
  start: (host) => forEach((app) => host.operate(start, buildStart(app))),
  restart: (host) => forEach((app) => host.operate(restart, { ...buildStart(app), graceMs: 0 })),
} as const satisfies Readonly<Record<string, Attack>>;

test('who gets the pid of an app or its supervisor is left alone', { timeout: CAMPAIGN_TIMEOUT_MS }, async ({
  skip,
}) => {
  const problem = findWhyPidsCannotBeForced();
  if (problem !== undefined) skip(problem);
  const space = await startPidNamespace();
  try {
    await runCampaign({ name: 'pid-reuse', rounds: ROUNDS }, (round) => playInNewHome(space, round));
  } finally {
    await space.end();
  }
});

async function playInNewHome(space: PidNamespace, round: Round): Promise<void> {
  const host = await createPrivateHost(undefined, {}, space.entrance);
  try {
    await reuse(host, space, round);
  } finally {
    await host.close();
  }
}

async function reuse(host: PrivateHost, space: PidNamespace, { random, step, count }: Round): Promise<void> {
  const unseen = random.chance(0.5);
  const attack = random.pick(Object.keys(ATTACKS) as (keyof typeof ATTACKS)[]);
  const leaving = new Set(NAMES.filter(() => random.chance(0.3)));
  step(
    `${leaving.size} of ${NAMES.length} apps leave a child, all die ${unseen ? 'with' : 'before'} their supervisors`,
  );
  await forEach((app) => host.start(app, leaving.has(app) ? LEAVING : PLAIN_SPEC.argv, {}, leaving.has(app) ? 200 : 0));
  const numbers = (await host.operate(inspect, APPS)).map((seen) => [seen.report.pid ?? 0, seen.supervisorPid ?? 0]);
  await endUnseenOrNot(space, numbers, unseen);
  const reuses = numbers.flat().map((pid) => ({ pid, disguise: random.pick(DISGUISES) }));
  step(`reused: ${reuses.map(({ pid, disguise }) => `${pid} by a ${disguise}`).join(', ')}`);
  const bystanders = await startBystanders(space, reuses);
  for (const { disguise } of reuses) count(`pids reused by a ${disguise}`);
  for (const { report } of await host.operate(status, APPS)) {
    expect(report).toMatchObject({ state: unseen ? 'lost' : 'killed', pid: null });
  }
  for (const name of [attack, 'stop', 'rm'] as const) {
    step(name);
    await attackAndLook(host, ATTACKS[name], bystanders);
    count('operations on apps whose pids were reused', NAMES.length);
    if (name === 'stop') await host.expectNoProcesses();
  }
  count('bystanders signalled', bystanders.countHarmed());
}

/**
 * Kills apps, and with `unseen` their supervisors first, and waits until the numbers of both are free: as long as a log keeper is in the
 * session of its supervisor, that number is not given out.
 */
async function endUnseenOrNot(space: PidNamespace, numbers: readonly number[][], unseen: boolean): Promise<void> {
  const [apps, supervisors] = [0, 1].map((at) => numbers.map((pair) => pair[at]).join(' '));
  const sessions = `cat /proc/[0-9]*/stat 2>/dev/null | awk -v of=' ${supervisors} ' 'index(of, " " $6 " ") { print $1 }'`;
  await space.run(`${unseen ? `kill -KILL $(${sessions}); ` : ''}kill -KILL ${apps}
    for pid in ${apps} ${supervisors}; do
      tries=0
      while [ -e "/proc/$pid" ]; do tries=$((tries + 1)); [ $tries -lt 500 ] || exit 1; sleep 0.01; done
    done`);
}

/** What an operation answers is what `status` says right afterwards, and no bystander has noticed it. */
async function attackAndLook(host: PrivateHost, attack: Attack, bystanders: Bystanders): Promise<void> {
  const results = await attack(host);
  bystanders.checkUnharmed();
  const after = await host.operate(status, APPS);
  expect(results.map(({ report }) => report.state)).toEqual(after.map(({ report }) => report.state));
}

function buildStart(app: string) {
  return { app, spec: PLAIN_SPEC, request: createRequest(), by: BY, settleMs: 0 };
}

function forEach<T>(run: (app: string) => Promise<T>): Promise<T[]> {
  return Promise.all(NAMES.map(run));
}
