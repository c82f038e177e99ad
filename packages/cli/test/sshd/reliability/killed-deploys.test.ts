import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CAMPAIGN_TIMEOUT_MS, type Round, waitFor } from '@outlast/test-fixtures';
import { expect, test } from 'vitest';
import type { ToldOutcome } from '../../document-schema.js';
import { askInProcess } from '../../in-process.js';
import { appOf, codesOf, useLab } from '../../program-lab.js';
import {
  buildDeployWords,
  changeRelease,
  type Deployed,
  type DeployStage,
  deployStaged,
  findLatestLock,
  lookAt,
  readVersion,
  repair,
  runDeployCampaign,
  writeVersion,
} from './deploy-stage.js';

/** Each round has one of them for itself. */
const PLACES = { web1: 'in place', web2: 'beside', web3: 'in place, slowly' } as const;
const lab = useLab(Object.keys(PLACES));
/** Somewhat longer than such a deploy takes, from its lock on. */
const LONGEST_MS = 1_500;
/** And than one takes that waits for what ran before to end. */
const LONGEST_SLOWLY_MS = 2_200;

test('a deploy whose script is killed on the host leaves whole releases, and whatever comes next puts it right', {
  timeout: CAMPAIGN_TIMEOUT_MS,
}, async () => {
  await runDeployCampaign(lab, PLACES, { name: 'killed-deploys', rounds: 300, testShare: 0.1, app: 'killed', play });
});

async function play(stage: DeployStage, round: Round): Promise<void> {
  const before = await lookAt(stage);
  expect(before.versions).toHaveLength(1);
  const next = await changeRelease(stage, round);
  round.step(`${stage.place}${next.isSick ? ', never healthy' : ''}; ${before.versions} before`);
  const { told, isKilled, isCut } = await disturb(stage, round);
  if (isKilled) round.count('scripts killed on their way');
  const left = await lookAt(stage);
  round.step(
    `told ${JSON.stringify(told?.error?.message ?? told?.ok)}; ${left.versions} left, ${left.current} current`,
  );
  const known = [...before.versions, next.isSick ? `sick ${next.version}` : next.version];
  expect(known).toContain(left.current);
  for (const version of left.versions) expect(known).toContain(version);
  expect(new Set(left.versions).size).toBe(left.versions.length);
  if (stage.place !== 'beside') expect(left.versions.length).toBeLessThanOrEqual(1);
  else expect(left.versions).toContainEqual(expect.stringMatching(/^(first|version)/));
  await checkStatus(stage, left);
  // Killed by somebody, it is not gone on with: they may want it so.
  if (told !== undefined) {
    round.count(`told ${told.ok === true ? 'as done' : told.error?.code}`);
    if (told.ok === true) expect(left).toEqual({ current: next.version, versions: [next.version] });
    if (told.ok === false) expect(left).toEqual(before);
    if (!isKilled || isCut) expect(told.ok).not.toBeNull();
  }
  await goOn(stage, round, before, left);
  await repair(stage, next, round);
}

const ask = (stage: DeployStage, verb: string, ...flags: string[]) =>
  askInProcess(stage.laptop, [verb, stage.app, ...buildDeployWords(stage).slice(2, 4), ...flags]);

/** What is told to run does run, and nothing runs where nothing is told to. */
async function checkStatus(stage: DeployStage, { versions }: Deployed): Promise<void> {
  const { pid, state } = appOf(await ask(stage, 'status'));
  expect([state === 'running', pid === null]).toEqual(versions.length > 0 ? [true, false] : [false, true]);
  if (pid !== null) expect(versions).toContain(readVersion(pid));
}

/** Somebody looks after it, in one way or another. */
async function goOn(
  stage: DeployStage,
  { random, step, count }: Round,
  before: Deployed,
  left: Deployed,
): Promise<void> {
  const verb = random.pick(['deploy', 'sick deploy', 'rollback', 'stop', 'start', 'restart', 'rm'] as const);
  if (verb === 'deploy') return;
  if (verb === 'sick deploy') return deploySick(stage, { step, count }, before, left);
  const told = await ask(stage, verb);
  const after = await lookAt(stage);
  const [code] = codesOf(told);
  step(`${verb}: ${code}; ${after.versions} runs, ${after.current} current`);
  count(`followed by ${verb}`);
  await checkStatus(stage, after);
  if (code === 'E_NO_RELEASE') {
    expect([verb, before.versions, after]).toEqual(['rollback', ['first'], left]);
  } else if (verb === 'rollback') {
    expect([code, ...after.versions]).toEqual(['ok', after.current]);
    expect(after.current).not.toContain('sick');
  } else if (verb === 'stop') {
    expect([code, after]).toEqual(['ok', { current: left.current, versions: [] }]);
  } else if (verb === 'rm') {
    expect([code, after]).toEqual([left.versions.length > 0 ? 'E_RUNNING' : 'ok', left]);
  } else if (code === 'ok') {
    // What ran already is left alone by a start, be it two.
    expect(after.versions).toHaveLength(verb === 'start' ? Math.max(1, left.versions.length) : 1);
  } else {
    // A release that was not healthy is not started again.
    expect([code, after]).toEqual(['E_START_FAILED', left]);
  }
}

/** Deploys what is never healthy: what was healthy before runs afterwards, be it that it did not run in between. */
async function deploySick(
  stage: DeployStage,
  { step, count }: Pick<Round, 'step' | 'count'>,
  before: Deployed,
  left: Deployed,
): Promise<void> {
  await writeVersion(stage, 'sick in between');
  const told = await deployStaged(stage);
  const after = await lookAt(stage);
  step(`sick deploy: ${told.error?.code}; ${after.versions} runs, ${after.current} current`);
  count('followed by a deploy that is never healthy');
  expect(told.error?.code).toBe('E_UNHEALTHY');
  expect(after.versions).toEqual([after.current]);
  expect([...before.versions, ...left.versions]).toContain(after.current);
  expect(after.current).not.toContain('sick');
  await checkStatus(stage, after);
}

interface Disturbed {
  readonly told: ToldOutcome | undefined;
  /** It was not done by then. */
  readonly isKilled: boolean;
  /** Its link was cut with it. */
  readonly isCut: boolean;
}

/** Deploys, and kills the script; tells nothing where its client was killed as well. */
async function disturb(stage: DeployStage, { random, step }: Round): Promise<Disturbed> {
  const isAlone = random.chance(0.6);
  const pause = random.integer(0, stage.place === 'in place, slowly' ? LONGEST_SLOWLY_MS : LONGEST_MS);
  const isWhole = random.chance(0.5);
  // Its client takes that for a link that was cut, and asks again.
  const isCut = !isAlone && random.chance(0.5);
  step(
    `the script ${isWhole ? 'with all that it waits for ' : ''}${isCut ? 'and its link are' : 'is'} killed ${pause} ms behind its lock${isAlone ? ', its client before' : ''}`,
  );
  const locks = findLatestLock(stage.deployDir);
  const client = isAlone ? stage.laptop.spawnOutlast(buildDeployWords(stage)) : undefined;
  const ended = client && once(client, 'close');
  const telling = isAlone ? undefined : deployStaged(stage);
  await waitFor(() => findLatestLock(stage.deployDir) > locks, { what: 'the lock' });
  await delay(pause);
  client?.kill('SIGKILL');
  const isKilled = killScript(stage, locks + 1, { isWhole, isCut });
  await ended;
  return { told: await telling, isKilled, isCut };
}

/** With its group or alone, and the sshd before it just before; false where it was done by then. */
function killScript(
  { deployDir }: DeployStage,
  lock: number,
  { isWhole, isCut }: { readonly isWhole: boolean; readonly isCut: boolean },
): boolean {
  const path = join(deployDir, `lock.${lock}`);
  const [pid] = readFileSync(path, 'utf8').split(' ');
  if (existsSync(`${path}.done`)) return false;
  try {
    if (isCut) process.kill(readParent(Number(pid)), 'SIGKILL');
    process.kill(isWhole ? -Number(pid) : Number(pid), 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}

function readParent(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}
