import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Campaign,
  type Laptop,
  type Round,
  runCampaign,
  startTcpProxy,
  type TcpProxy,
  type TestHost,
  varyHost,
} from '@outlast/test-fixtures';
import { expect } from 'vitest';
import type { ToldOutcome } from '../../document-schema.js';
import { askInProcess } from '../../in-process.js';
import { addLaptop, type Lab } from '../../program-lab.js';
import { awaitQuiet, type HostProcesses } from './host-processes.js';

const SECONDS = '987654';
/** What an app that is slow to stop waits for, once it is asked to end. */
const ENDING = '0.4';
/** Nothing of it ends at once but by KILL. */
const SLOW = `trap 'sleep ${ENDING}; kill -KILL $!' TERM; (trap '' TERM; exec sleep ${SECONDS}) & wait; wait; exit 0`;
/** Sent by itself, so that a cut in the middle of it is gone on from. */
const LARGE_BYTES = 17 << 20;

/** A host behind a link that can be broken, with a release of an app that runs there. */
export interface DeployStage {
  readonly app: string;
  /** Where the next release is started: beside what runs, or in its place, which may take a while to be free. */
  readonly place: 'beside' | 'in place' | 'in place, slowly';
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

/** Deploys the first release to a host. */
async function setDeployStage(host: TestHost, app: string, place: DeployStage['place']): Promise<DeployStage> {
  const proxy = await startTcpProxy(host);
  const laptop = await addLaptop([varyHost(host, { port: proxy.port })]);
  const folder = join(laptop.home, 'project');
  await mkdir(join(folder, 'app', 'package'), { recursive: true });
  const settings = {
    hosts: [host.alias],
    source: 'app',
    // Long enough to be cut in, and with something in the background that must not stay.
    setup: 'sleep 300 & cat version; sleep 0.05; kill $!',
    run: place === 'in place, slowly' ? ['sh', '-c', SLOW] : ['sleep', SECONDS],
    ...(place === 'beside' && { port: 'auto' }),
    keep_releases: 2,
    health: { exec: '! grep -q sick version', steady: '0ms', interval: '50ms', within: '1s' },
  };
  const config = { hosts: { [host.alias]: null }, apps: { [app]: settings } };
  await writeFile(join(folder, 'outlast.yaml'), JSON.stringify(config));
  for (let file = 0; file < 60; file++)
    await writeFile(join(folder, 'app', 'package', `${file}.py`), `${file}\n`.repeat(200));
  const deployDir = join(host.stateDir, 'deploys', app);
  const stage = { app, place, host, proxy, laptop, folder, deployDir, request: 0, reply: 0 };
  await writeVersion(stage, 'first');
  const before = proxy.accepted;
  expect((await deployStaged(stage)).ok).toBe(true);
  const { request, reply } = proxy.traffic(before + 1);
  return { ...stage, request, reply };
}

/** Plays a campaign of deploys of an app: each round has a host for itself, on which the app has its next release where `places` says. */
export async function runDeployCampaign(
  lab: Lab,
  places: Readonly<Record<string, DeployStage['place']>>,
  { app, play, ...campaign }: DeployCampaign,
): Promise<void> {
  const stages = await Promise.all(
    Object.entries(places).map(([alias, place]) => setDeployStage(lab.host(alias), app, place)),
  );
  try {
    await runCampaign({ ...campaign, parallel: stages.length }, async (round) => {
      const stage = stages.shift() as DeployStage;
      await play(stage, round).finally(() => stages.push(stage));
    });
  } finally {
    for (const { proxy } of stages) await proxy.stop();
  }
}

interface DeployCampaign extends Pick<Campaign, 'name' | 'rounds' | 'testShare'> {
  readonly app: string;
  play(stage: DeployStage, round: Round): Promise<void>;
}

/** What is deployed next; one that is `sick` is never healthy. */
export interface NextRelease {
  readonly version: string;
  readonly isSick: boolean;
}

/** Writes another version into the folder, now and then with a large file. */
export async function changeRelease(stage: DeployStage, { index, random }: Round): Promise<NextRelease> {
  const isSick = random.chance(0.3);
  const version = `version ${index}`;
  await writeVersion(stage, isSick ? `sick ${version}` : version);
  const model = join(stage.folder, 'app', 'model.bin');
  if (random.chance(0.1)) await writeFile(model, Buffer.alloc(LARGE_BYTES, index));
  else await rm(model, { force: true });
  return { version, isSick };
}

/** Writes what the next release says of itself. */
export function writeVersion({ folder }: Pick<DeployStage, 'folder'>, version: string): Promise<void> {
  return writeFile(join(folder, 'app', 'version'), version);
}

/** What a client is given. */
export function buildDeployWords({ app, folder }: Pick<DeployStage, 'app' | 'folder'>): readonly string[] {
  return ['deploy', app, '--config', join(folder, 'outlast.yaml'), '--settle', '100ms', '--connect-timeout', '20s'];
}

/** Deploys what is in the folder. */
export async function deployStaged(stage: Omit<DeployStage, 'request' | 'reply'>): Promise<ToldOutcome> {
  const { document } = await askInProcess(stage.laptop, buildDeployWords(stage));
  return document.outcomes[0] as ToldOutcome;
}

/** Deploys a version once more, healthy this time, which is to put right whatever was left. */
export async function repair(stage: DeployStage, { version }: NextRelease, { step }: Round): Promise<void> {
  await writeVersion(stage, version);
  const repaired = await deployStaged(stage);
  step(`again: ${JSON.stringify(repaired.error ?? 'ok')}`);
  expect(repaired.ok).toBe(true);
  expect(await lookAt(stage)).toEqual({ current: version, versions: [version] });
  // Of what did not come to its end nothing is left beside what is kept.
  const left = readdirSync(stage.deployDir).filter((name) => ['incoming', 'parts', 'cut', 'lists'].includes(name));
  expect(left).toEqual([]);
  expect(readdirSync(join(stage.deployDir, 'releases')).length).toBeLessThanOrEqual(4);
}

/** The number of the latest lock of a deploy, 0 where there was none; its other files have a word behind the number. */
export function findLatestLock(deployDir: string): number {
  if (!existsSync(deployDir)) return 0;
  const numbers = readdirSync(deployDir).flatMap((name) =>
    /^lock\.[0-9]+$/.test(name) ? [Number(name.slice(5))] : [],
  );
  return Math.max(0, ...numbers);
}

/** What is on the host. */
export interface Deployed {
  /** What the current release says of itself. */
  readonly current: string;
  /** What the release of each process that runs says. */
  readonly versions: readonly string[];
}

/** Looks at the host once nothing of ours is at work there any more, and nothing is just about to end. */
export async function lookAt({ app, host, deployDir }: DeployStage): Promise<Deployed> {
  const look = () => awaitQuiet(host, app, ['sleep', SECONDS]);
  const isEnding = ({ traces }: HostProcesses) => traces.some((pid) => readArgv(pid) === `sleep ${ENDING}`);
  let seen = await look();
  while (isEnding(seen)) {
    while (isEnding(seen)) seen = await look();
    // Between its last wait and its end it looks as if it lived.
    seen = await look();
  }
  const { apps, traces } = seen;
  const release = join(deployDir, readlinkSync(join(deployDir, 'current')));
  expectWhole(release, deployDir);
  expect(traces.map(readArgv)).not.toContain('sleep 300');
  return {
    current: readFileSync(join(release, 'version'), 'utf8'),
    versions: apps.map(readVersion),
  };
}

/** What the release of a process says of itself. */
export function readVersion(pid: number): string {
  return readFileSync(join(readlinkSync(`/proc/${pid}/cwd`), 'version'), 'utf8');
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
