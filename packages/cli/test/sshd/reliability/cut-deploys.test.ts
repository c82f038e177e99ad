import { once } from 'node:events';
import { CAMPAIGN_TIMEOUT_MS, type Round } from '@outlast/test-fixtures';
import { expect, test } from 'vitest';
import { readDocument, type ToldOutcome } from '../../document-schema.js';
import { useLab } from '../../program-lab.js';
import {
  buildDeployWords,
  changeRelease,
  type DeployStage,
  deployStaged,
  lookAt,
  repair,
  runDeployCampaign,
} from './deploy-stage.js';

/** Each round has one of them for itself. */
const PLACES = { web1: 'in place', web2: 'beside', web3: 'in place', web4: 'beside' } as const;
const lab = useLab(Object.keys(PLACES));

test('a deploy whose client is killed, or whose link is cut, leaves a whole release and an app that runs in one', {
  // A hundred rounds of two deploys each are part of every test run.
  timeout: Math.max(CAMPAIGN_TIMEOUT_MS, 400_000),
}, async () => {
  await runDeployCampaign(lab, PLACES, { name: 'cut-deploys', rounds: 500, testShare: 0.2, app: 'cut', play });
});

async function play(stage: DeployStage, round: Round): Promise<void> {
  const before = await lookAt(stage);
  expect(before.versions).toHaveLength(1);
  // One that is never healthy is to go back, whoever is there to hear of it.
  const next = await changeRelease(stage, round);
  const told = await disturb(stage, round);
  const after = await lookAt(stage);
  round.step(
    `told ${told?.ok} ${told?.error?.message ?? ''}; ${before.versions.join(' ')} before, ${after.versions.join(' ')} afterwards`,
  );
  round.count(
    told === undefined
      ? 'nobody was told'
      : told.ok === null
        ? 'told as unknown'
        : told.ok
          ? 'told as done'
          : 'told as not done',
  );
  round.count(
    `${after.versions[0] === next.version ? 'new' : 'old'} release afterwards${next.isSick ? ', where the new one is no good' : ''}`,
  );
  expect(after.versions).toHaveLength(1);
  expect([before.versions[0], next.version]).toContain(after.versions[0]);
  expect(after.current).toBe(after.versions[0]);
  if (told?.ok === true) expect(after.versions).toEqual([next.version]);
  if (told?.ok === false || next.isSick) expect(after).toEqual(before);
  await repair(stage, next, round);
}

/** Deploys over a link that breaks, or by a client that is killed; undefined where nobody was left to be told. */
async function disturb(stage: DeployStage, { random, step }: Round): Promise<ToldOutcome | undefined> {
  const { proxy, laptop } = stage;
  const way = random.pick(['request', 'reply', 'reply'] as const);
  // The last of the reply is about the look of a second connection.
  const at = random.integer(way === 'reply' ? 1500 : 2000, stage[way]);
  if (random.chance(0.65)) {
    const by = random.pick(['reset', 'close'] as const);
    step(`${by} behind byte ${at} of ${stage[way]} of the ${way}`);
    const number = proxy.accepted + 1;
    proxy.spoil({ [way]: { end: { at, by } } }, number);
    const told = await deployStaged(stage);
    proxy.spoil({}, number);
    return told;
  }
  step(`the client is killed behind byte ${at} of ${stage.reply} of the reply`);
  const client = laptop.spawnOutlast([...buildDeployWords(stage), '--json']);
  let stdout = '';
  client.stdout?.on('data', (chunk) => {
    stdout += chunk;
  });
  const ended = once(client, 'close');
  proxy.afterReply(random.integer(1500, stage.reply), () => client.kill('SIGKILL'));
  await ended;
  return stdout.endsWith('}\n') ? readDocument('deploy', stdout).outcomes[0] : undefined;
}
