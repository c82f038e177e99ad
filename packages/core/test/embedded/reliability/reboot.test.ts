import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CAMPAIGN_TIMEOUT_MS, type Round, runCampaign } from '@outlast/test-fixtures';
import { expect, test } from 'vitest';
import { inspect } from '../../../src/operations/inspect.js';
import { restart } from '../../../src/operations/restart.js';
import { signal } from '../../../src/operations/signal.js';
import { start } from '../../../src/operations/start.js';
import { status } from '../../../src/operations/status.js';
import { stop } from '../../../src/operations/stop.js';
import { BY, createPrivateHost, createRequest, PLAIN_SPEC, type PrivateHost } from '../private-host.js';
import { DISGUISES, startBystanders } from './bystander.js';
import { findWhyPidsCannotBeForced, type PidNamespace, startPidNamespace } from './pid-namespace.js';

const WEB = { apps: ['web'], by: BY };
const BOOT = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
const OTHER_BOOT = '00000000-0000-4000-8000-000000000000';

test('after a restart of the container or the host nothing is signalled', { timeout: CAMPAIGN_TIMEOUT_MS }, async ({
  skip,
}) => {
  const problem = findWhyPidsCannotBeForced();
  if (problem !== undefined) skip(problem);
  await runCampaign({ name: 'reboot', rounds: 60 }, play);
});

async function play(round: Round): Promise<void> {
  // Its numbers are above those that the other one needs for itself, so that all of them are free there.
  const before = await startPidNamespace(5000);
  const host = await createPrivateHost(undefined, {}, before.entrance);
  const after = await startPidNamespace();
  try {
    await runUntilTheEnd(host, before, round);
    await lookAfterwards(host.reenter(after.entrance), after, round);
  } finally {
    await host.close();
    await after.end();
  }
}

/** Starts an app and ends everything in the namespace at once, perhaps in the middle of a stop. */
async function runUntilTheEnd(host: PrivateHost, space: PidNamespace, { random, step }: Round): Promise<void> {
  const policy = random.pick(['no', 'always'] as const);
  const stubborn = ['/bin/sh', '-c', 'trap "" TERM; while :; do sleep 0.1; done'];
  await host.start('web', stubborn, { restart: { policy, max: 10, backoffSeconds: [1, 1] } }, 0);
  const stopping = random.chance(0.3);
  step(`everything ends at once${stopping ? ', in the middle of a stop' : ''}; restart policy ${policy}`);
  if (stopping) {
    host.launch(stop.build({ ...WEB, graceMs: 60_000 }, { nonce: 'n0nce' }));
    await expect.poll(() => readdirSync(host.appDir('web')), { timeout: 10_000 }).toContain('run.1.stop');
  }
  await space.end();
}

async function lookAfterwards(host: PrivateHost, space: PidNamespace, { random, step, count }: Round): Promise<void> {
  const rebooted = random.chance(0.5);
  if (rebooted) changeBoot(host.appDir('web'));
  const recorded = readRecordedPids(host.appDir('web'));
  const reuses = recorded.map((pid) => ({ pid, disguise: random.pick(DISGUISES) }));
  step(`${rebooted ? 'the host' : 'the container'} starts, and ${recorded.join(', ')} go to strangers`);
  const bystanders = await startBystanders(space, reuses);
  count(`${rebooted ? 'reboots' : 'container restarts'}`);
  count('pids that strangers have afterwards', reuses.length);
  const state = rebooted ? 'rebooted' : 'lost';
  expect((await host.operate(status, WEB))[0]?.report).toMatchObject({ state, pid: null });
  expect((await host.operate(inspect, WEB))[0]?.pids).toEqual([]);
  const [killed] = await host.operate(signal, { ...WEB, signal: 'KILL', scope: 'tree' });
  expect(killed).toMatchObject({ changed: false, error: { code: 'E_NOT_RUNNING' } });
  step('stop');
  const [stopped] = await host.operate(stop, { ...WEB, graceMs: 0 });
  expect(stopped).toMatchObject({ changed: false, report: { how: 'already-stopped', state } });
  bystanders.checkUnharmed();
  const verb = random.pick(['start', 'restart']);
  step(verb);
  const options = { app: 'web', spec: PLAIN_SPEC, request: createRequest(), by: BY, settleMs: 0 };
  const again = await host.operate(verb === 'start' ? start : restart, options);
  expect(again).toMatchObject({ changed: true, report: { state: 'running' } });
  bystanders.checkUnharmed();
  expect((await host.operate(stop, WEB))[0]).toMatchObject({ changed: true });
  bystanders.checkUnharmed();
  count('bystanders signalled', bystanders.countHarmed());
}

/** Makes the records those of another boot. */
function changeBoot(appDir: string): void {
  for (const name of readdirSync(appDir).filter((file) => file.startsWith('run.'))) {
    const path = join(appDir, name);
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll(BOOT, OTHER_BOOT));
  }
}

/** Every pid that the records of the run name: launcher, supervisor, app and stopper. */
function readRecordedPids(appDir: string): number[] {
  const records = ['run.1', 'run.1.supervisor', 'run.1.pid', 'run.1.stop'].filter((name) =>
    readdirSync(appDir).includes(name),
  );
  return records.map((name) => Number(readFileSync(join(appDir, name), 'utf8').split(' ')[0]));
}
