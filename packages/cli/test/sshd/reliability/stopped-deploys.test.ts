import { readlinkSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  CAMPAIGN_TIMEOUT_MS,
  type Laptop,
  type Round,
  runCampaign,
  type TestHost,
  waitFor,
} from '@outlast/test-fixtures';
import { expect, test } from 'vitest';
import { askInProcess } from '../../in-process.js';
import { appOf, codesOf, useLab } from '../../program-lab.js';
import { findLatestLock } from './deploy-stage.js';
import { awaitQuiet } from './host-processes.js';

/** Each round has one of them for itself. */
const ALIASES = ['web1', 'web2'];
const lab = useLab(ALIASES);

const APP = 'halted';
const RUN = ['sleep', '987653'];
/** Somewhat longer than such a deploy takes. */
const LONGEST_MS = 1_600;

test('a deploy that somebody stops the app of leaves nothing running, wherever it is at', {
  timeout: CAMPAIGN_TIMEOUT_MS,
}, async () => {
  const hosts = ALIASES.map((alias) => lab.host(alias));
  await runCampaign({ name: 'stopped-deploys', rounds: 200, testShare: 0.1, parallel: hosts.length }, async (round) => {
    const host = hosts.shift() as TestHost;
    await play(host, lab.laptop, round).finally(() => hosts.push(host));
  });
});

async function play(host: TestHost, laptop: Laptop, round: Round): Promise<void> {
  const { random } = round;
  const deployDir = join(host.stateDir, 'deploys', APP);
  const port = random.pick([undefined, 'auto'] as const);
  const isSick = random.chance(0.5);
  round.step(`${port === 'auto' ? 'beside' : 'in place'}, ${isSick ? 'never healthy' : 'healthy'}`);
  const config = await configure(laptop, host, { round: round.index, port, isSick: false });
  const ask = (...words: string[]) => askInProcess(laptop, [...words, '--config', config]);
  expect(codesOf(await ask('deploy', APP, '--settle', '0ms'))).toEqual(['ok']);
  const good = readlinkSync(join(deployDir, 'current'));
  await configure(laptop, host, { round: round.index, port, isSick });

  const locks = findLatestLock(deployDir);
  const deploying = ask('deploy', APP, '--settle', '100ms', '--force');
  await waitFor(() => findLatestLock(deployDir) > locks, { what: 'the lock' });
  const pause = random.integer(0, LONGEST_MS);
  round.step(`stopped ${pause} ms behind its lock`);
  await delay(pause);
  const stopped = await ask('stop', APP);
  const told = await deploying;
  const [code] = codesOf(told);
  round.step(`the stop was told ${codesOf(stopped)}, the deploy ${code}: ${told.document.outcomes[0]?.error?.message}`);
  round.count(`told ${code}`);

  const { traces } = await awaitQuiet(host, APP, RUN);
  expect(traces).toEqual([]);
  expect(codesOf(stopped)).toEqual(['ok']);
  // Stopped just behind its end, it is not there for the second connection that looks.
  const isDone = !isSick && (code === 'ok' || code === 'E_NOT_DETACHED');
  if (!isDone) expect(isSick ? ['E_STOPPED', 'E_UNHEALTHY'] : ['E_STOPPED']).toContain(code);
  if (!isDone) expect(readlinkSync(join(deployDir, 'current'))).toBe(good);
  await configure(laptop, host, { round: round.index, port, isSick: false });
  const again = await ask('deploy', APP, '--settle', '0ms');
  round.step(`again: ${again.document.outcomes[0]?.error?.message}`);
  expect([codesOf(again), appOf(again).state]).toEqual([['ok'], 'running']);
}

/** A folder with what is deployed in this round; gives its configuration. */
async function configure(
  laptop: Laptop,
  { alias }: TestHost,
  { round, port, isSick }: { round: number; port: 'auto' | undefined; isSick: boolean },
): Promise<string> {
  const folder = join(laptop.home, `halted-${alias}`);
  await mkdir(join(folder, 'app'), { recursive: true });
  await writeFile(join(folder, 'app', 'file'), `${round}`);
  const health = { exec: isSick ? 'false' : 'true', within: '700ms', steady: '300ms', interval: '50ms' };
  const app = { hosts: [alias], source: 'app', setup: 'sleep 0.2', run: RUN, health, ...(port && { port }) };
  const config = join(folder, 'outlast.yaml');
  await writeFile(config, JSON.stringify({ hosts: { [alias]: null }, apps: { [APP]: app } }));
  return config;
}
