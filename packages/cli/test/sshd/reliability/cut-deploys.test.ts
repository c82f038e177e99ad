import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CAMPAIGN_TIMEOUT_MS,
  type Laptop,
  type Round,
  runCampaign,
  startTcpProxy,
  type TcpProxy,
  type TestHost,
  varyHost,
} from '@outlast/test-fixtures';
import { expect, test } from 'vitest';
import { readDocument, type ToldOutcome } from '../../document-schema.js';
import { askInProcess } from '../../in-process.js';
import { addLaptop, useLab } from '../../program-lab.js';
import { awaitQuiet } from './host-processes.js';

/** Each round has one of them for itself. */
const ALIASES = ['web1', 'web2', 'web3', 'web4'];
const lab = useLab(ALIASES);

const APP = 'cut';
const SECONDS = '987654';
/** Sent by itself, so that a cut in the middle of it is gone on from. */
const LARGE_BYTES = 17 << 20;

test('a deploy whose client is killed, or whose link is cut, leaves a whole release and an app that runs in one', {
  // A hundred rounds of two deploys each are part of every test run.
  timeout: Math.max(CAMPAIGN_TIMEOUT_MS, 400_000),
}, async () => {
  const stages = await Promise.all(ALIASES.map(setStage));
  try {
    await runCampaign({ name: 'cut-deploys', rounds: 500, testShare: 0.2, parallel: ALIASES.length }, async (round) => {
      const stage = stages.shift() as Stage;
      await play(stage, round).finally(() => stages.push(stage));
    });
  } finally {
    for (const { proxy } of stages) await proxy.stop();
  }
});

interface Stage {
  readonly host: TestHost;
  readonly proxy: TcpProxy;
  readonly laptop: Laptop;
  /** Holds outlast.yaml, and the folder `app` that is deployed. */
  readonly folder: string;
  /** Where the releases are: this very machine is the host. */
  readonly deployDir: string;
  /** Bytes of an undisturbed deploy. */
  readonly request: number;
  readonly reply: number;
}

async function setStage(alias: string): Promise<Stage> {
  const host = lab.host(alias);
  const proxy = await startTcpProxy(host);
  const laptop = await addLaptop([varyHost(host, { port: proxy.port })]);
  const folder = join(laptop.home, 'project');
  await mkdir(join(folder, 'app', 'package'), { recursive: true });
  const app = {
    hosts: [alias],
    source: 'app',
    // Long enough to be cut in, and with something in the background that must not stay.
    setup: 'sleep 300 & cat version; sleep 0.05; kill $!',
    run: ['sleep', SECONDS],
    keep_releases: 2,
    health: { exec: '! grep -q sick version', steady: '0ms', interval: '50ms', within: '1s' },
  };
  await writeFile(join(folder, 'outlast.yaml'), JSON.stringify({ hosts: { [alias]: null }, apps: { [APP]: app } }));
  for (let file = 0; file < 60; file++)
    await writeFile(join(folder, 'app', 'package', `${file}.py`), `${file}\n`.repeat(200));
  const stage = { host, proxy, laptop, folder, deployDir: join(host.stateDir, 'deploys', APP), request: 0, reply: 0 };
  await writeVersion(stage, 'first');
  const before = proxy.accepted;
  expect((await deploy(stage)).ok).toBe(true);
  const { request, reply } = proxy.traffic(before + 1);
  return { ...stage, request, reply };
}

const writeVersion = ({ folder }: Pick<Stage, 'folder'>, version: string) =>
  writeFile(join(folder, 'app', 'version'), version);
const words = ({ folder }: Pick<Stage, 'folder'>) => [
  'deploy',
  APP,
  '--config',
  join(folder, 'outlast.yaml'),
  '--settle',
  '100ms',
  '--connect-timeout',
  '20s',
];

async function deploy(stage: Stage): Promise<ToldOutcome> {
  const { document } = await askInProcess(stage.laptop, words(stage));
  return document.outcomes[0] as ToldOutcome;
}

async function play(stage: Stage, round: Round): Promise<void> {
  const before = await look(stage);
  expect(before.versions).toHaveLength(1);
  // One that is never healthy is to go back, whoever is there to hear of it.
  const isSick = round.random.chance(0.3);
  const next = `version ${round.index}`;
  await writeVersion(stage, isSick ? `sick ${next}` : next);
  const model = join(stage.folder, 'app', 'model.bin');
  if (round.random.chance(0.1)) await writeFile(model, Buffer.alloc(LARGE_BYTES, round.index));
  else await rm(model, { force: true });
  const told = await disturb(stage, round);
  const after = await look(stage);
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
    `${after.versions[0] === next ? 'new' : 'old'} release afterwards${isSick ? ', where the new one is no good' : ''}`,
  );
  expect(after.versions).toHaveLength(1);
  expect([before.versions[0], next]).toContain(after.versions[0]);
  expect(after.current).toBe(after.versions[0]);
  if (told?.ok === true) expect(after.versions).toEqual([next]);
  if (told?.ok === false || isSick) expect(after).toEqual(before);
  if (isSick) await writeVersion(stage, next);
  const repaired = await deploy(stage);
  round.step(`again: ${JSON.stringify(repaired.error ?? 'ok')}`);
  expect(repaired.ok).toBe(true);
  expect(await look(stage)).toEqual({ current: next, versions: [next] });
  // Of what did not come to its end nothing is left beside what is kept.
  const left = readdirSync(stage.deployDir).filter((name) => ['incoming', 'parts', 'cut', 'lists'].includes(name));
  expect(left).toEqual([]);
  expect(readdirSync(join(stage.deployDir, 'releases')).length).toBeLessThanOrEqual(3);
}

/** Deploys over a link that breaks, or by a client that is killed; undefined where nobody was left to be told. */
async function disturb(stage: Stage, { random, step }: Round): Promise<ToldOutcome | undefined> {
  const { proxy, laptop } = stage;
  const way = random.pick(['request', 'reply', 'reply'] as const);
  // The last of the reply is about the look of a second connection.
  const at = random.integer(way === 'reply' ? 1500 : 2000, stage[way]);
  if (random.chance(0.65)) {
    const by = random.pick(['reset', 'close'] as const);
    step(`${by} behind byte ${at} of ${stage[way]} of the ${way}`);
    const number = proxy.accepted + 1;
    proxy.spoil({ [way]: { end: { at, by } } }, number);
    const told = await deploy(stage);
    proxy.spoil({}, number);
    return told;
  }
  step(`the client is killed behind byte ${at} of ${stage.reply} of the reply`);
  const client = laptop.spawnOutlast([...words(stage), '--json']);
  let stdout = '';
  client.stdout?.on('data', (chunk) => {
    stdout += chunk;
  });
  const ended = once(client, 'close');
  proxy.afterReply(random.integer(1500, stage.reply), () => client.kill('SIGKILL'));
  await ended;
  return stdout.endsWith('}\n') ? readDocument('deploy', stdout).outcomes[0] : undefined;
}

interface Seen {
  /** What the current release says of itself. */
  readonly current: string;
  /** What the release of each process that runs says. */
  readonly versions: readonly string[];
}

/** Looks at the host once nothing of ours is at work there any more. */
async function look({ host, deployDir }: Stage): Promise<Seen> {
  const { apps, traces } = await awaitQuiet(host, APP, ['sleep', SECONDS]);
  const release = join(deployDir, readlinkSync(join(deployDir, 'current')));
  expectWhole(release, deployDir);
  expect(traces.map(readArgv)).not.toContain('sleep 300');
  return {
    current: readFileSync(join(release, 'version'), 'utf8'),
    versions: apps.map((pid) => readFileSync(join(readlinkSync(`/proc/${pid}/cwd`), 'version'), 'utf8')),
  };
}

/** Nothing for one that has ended meanwhile. */
function readArgv(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
  } catch {
    return '';
  }
}

/** Every file of the manifest is there with its content. */
function expectWhole(release: string, deployDir: string): void {
  const id = release.slice(release.lastIndexOf('/') + 1);
  const manifest = readFileSync(join(deployDir, 'records', `${id}.manifest`), 'utf8');
  for (const line of manifest.trimEnd().split('\n')) {
    const [kind, , hash] = line.split(' ');
    const path = join(release, line.slice(72));
    if (kind === 'D') expect(statSync(path).isDirectory()).toBe(true);
    else expect([path, createHash('sha256').update(readFileSync(path)).digest('hex')]).toEqual([path, hash]);
  }
  expect(existsSync(join(deployDir, 'records', id))).toBe(true);
}
