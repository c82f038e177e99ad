import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  formatKnownHostName,
  type Laptop,
  startTcpProxy,
  type TcpProxy,
  type TestHost,
  varyHost,
} from '@outlast/test-fixtures';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readOutcome, type ToldOutcome } from '../document-schema.js';
import { addLaptop, shell, useLab } from '../program-lab.js';
import { HOLES, type Hole, LOST } from './black-holes.js';
import { type Conversation, measureConversation } from './conversation.js';

// The key exchange that ssh prefers takes it 0.1 s of processor time.
const lab = useLab(['web1'], { sshd: { config: ['KexAlgorithms curve25519-sha256'] } });

/**
 * Until a connection is authenticated, and until all is done: neither may be exceeded by more than a second. The second also counts what
 * comes before the first connection, which takes seconds where so many are asked beside another test.
 */
const CONNECT_MS = 8_000;
const TOTAL_MS = 15_000;
const GRACE_MS = 1_000;
const DEADLINES = ['--connect-timeout', `${CONNECT_MS}ms`, '--timeout', `${TOTAL_MS}ms`, '--parallel', '200'];

/** The host without a hole that each run asks last. */
const HEALTHY = { ssh2: 'web1', openssh: 'web1-over-ssh' } as const;

interface DugHole extends Hole {
  readonly proxy: TcpProxy;
  readonly host: TestHost;
}

interface Timed extends ToldOutcome {
  /** Since the first connection to that host, and of a healthy one since the first to any. */
  readonly took: number;
}

interface Asked {
  readonly conversation: Conversation;
  readonly outcomes: ReadonlyMap<string, Timed>;
  /** How often each of the holes that are remembered was found to hang up on what had been sent ahead. */
  readonly doubts: Readonly<Record<string, number>>;
}

let asking: Promise<Asked> | undefined;

/** Asks all holes, once for all tests: they are asked at the same time, since time is all that they take. */
function askOnce(): Promise<Asked> {
  asking ??= askAll();
  return asking;
}

describe('no black hole outlasts its deadline by a second, nor keeps the next host waiting, where', () => {
  test.each(Object.entries(HOLES))('%s', async (_where, build) => {
    const { conversation, outcomes } = await askOnce();
    const wrong = build(conversation).filter(({ name, told }) => {
      const { ok, error, took = Number.POSITIVE_INFINITY } = outcomes.get(name) ?? {};
      const isConnected = ok === true || error?.code === 'E_TIMEOUT' || error?.code === LOST;
      const isInTime = took <= (isConnected ? TOTAL_MS : CONNECT_MS) + GRACE_MS;
      return !isInTime || !told.split(' ').includes(error?.code ?? (ok === true ? 'ok' : 'failed'));
    });
    expect(wrong.map(({ name, told }) => ({ name, told, outcome: outcomes.get(name) }))).toEqual([]);
    for (const name of Object.values(HEALTHY)) {
      expect(outcomes.get(name)).toMatchObject({ ok: true });
      // Before the first hole is given up.
      expect(outcomes.get(name)?.took).toBeLessThan(CONNECT_MS);
    }
  });
});

test('a program was under way to those hosts that are remembered', async () => {
  const { doubts } = await askOnce();
  const names = ['met-close', 'met-reset', 'met-half'].map((how) => `${how}-in-authentication`);
  expect(names.map((name) => doubts[name])).toEqual([1, 1, 1]);
});

async function askAll(): Promise<Asked> {
  // An answer so long that most of it is argv.
  await lab.run(['start', 'app', '-H', 'web1', '--settle', '0ms', ...shell(`exec sleep 600 # ${'x'.repeat(20_000)}`)]);
  const conversation = await measureConversation(lab.host(), ['status']);
  const holes = await Promise.all(Object.values(HOLES).flatMap((build) => build(conversation).map(startHole)));
  const laptop = await addLaptop([...holes.map(({ host }) => host), lab.host()]);
  const met = holes.filter(({ remembered }) => remembered);
  await remember(laptop, met);
  for (const { proxy, faults } of holes) proxy.spoil(faults);
  const over = (transport: 'ssh2' | 'openssh') =>
    ask(
      laptop,
      transport,
      holes.filter((hole) => transport === (hole.transport ?? 'ssh2')),
    );
  const outcomes = (await Promise.all([over('ssh2'), over('openssh')])).flat();
  const records = await readMemory(laptop);
  const doubts = met.map(({ name, host }) => [name, records[keyOf(host)]?.doubts]);
  return {
    conversation,
    outcomes: new Map(outcomes.map((outcome) => [outcome.host, outcome])),
    doubts: Object.fromEntries(doubts),
  };
}

async function startHole(hole: Hole): Promise<DugHole> {
  const proxy = await startTcpProxy(lab.host());
  onTestFinished(() => proxy.stop());
  return { ...hole, proxy, host: varyHost(lab.host(), { alias: hole.name, port: proxy.port }) };
}

/** Meets the first of these hosts, and has what was learnt of it known of them all. */
async function remember(laptop: Laptop, holes: readonly DugHole[]): Promise<void> {
  expect((await laptop.outlast(['status', '-H', holes[0]?.name ?? ''])).exitCode).toBe(0);
  const [learnt] = Object.values(await readMemory(laptop));
  expect(learnt).toMatchObject({ ahead: 'program', doubts: 0 });
  const hosts = Object.fromEntries(holes.map(({ host }) => [keyOf(host), learnt]));
  await writeFile(memoryOf(laptop), JSON.stringify({ hosts }));
}

interface HostRecord {
  readonly ahead: string;
  readonly doubts: number;
}

async function readMemory(laptop: Laptop): Promise<Record<string, HostRecord>> {
  return JSON.parse(await readFile(memoryOf(laptop), 'utf8')).hosts;
}

const memoryOf = ({ env }: Laptop): string => join(env.XDG_STATE_HOME ?? '', 'outlast/client/connections.json');
const keyOf = (host: TestHost): string => `${host.user}@${formatKnownHostName(host)}`;

/** Asks holes all at once, and a healthy host behind them. */
async function ask(laptop: Laptop, transport: 'ssh2' | 'openssh', holes: readonly DugHole[]): Promise<Timed[]> {
  // By address and port, so that ssh is asked once for all how they are reached.
  const all = [...holes.map(({ host }) => host), varyHost(lab.host(), { alias: HEALTHY[transport] })];
  const names = new Map(all.map((host) => [laptop.destination(host), host.alias]));
  const reach = ['-H', [...names.keys()].join(','), ...laptop.sshFlags(lab.host()), '--transport', transport];
  const begun = watchBeginnings(holes);
  const child = laptop.spawnOutlast(['status', '--ndjson', ...reach, ...DEADLINES]);
  const ended = once(child, 'close');
  const outcomes: Timed[] = [];
  for await (const line of child.stdout === null ? [] : createInterface(child.stdout)) {
    const outcome = readOutcome('status', JSON.parse(line));
    const host = names.get(outcome.host) ?? outcome.host;
    const begin = begun.get(host) ?? Math.min(...begun.values());
    outcomes.push({ ...outcome, host, took: performance.now() - begin });
  }
  await ended;
  return outcomes;
}

/** Notes when the first connection to each of them is made from now on. */
function watchBeginnings(holes: readonly DugHole[]): ReadonlyMap<string, number> {
  const begun = new Map<string, number>();
  const before = holes.map(({ proxy }) => proxy.accepted);
  const timer = setInterval(() => {
    for (const [index, { name, proxy }] of holes.entries()) {
      if (proxy.accepted > (before[index] ?? 0) && !begun.has(name)) begun.set(name, performance.now());
    }
    if (begun.size === holes.length) clearInterval(timer);
  }, 2);
  onTestFinished(() => clearInterval(timer));
  return begun;
}
