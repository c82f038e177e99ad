import { type AppResult, type ErrorCode, OutlastError } from '@outlast/core';
import { createSeededRandom, type SeededRandom } from '@outlast/test-fixtures';
import { describe, expect, test } from 'vitest';
import type { Outcome } from '../fleet/outcome.js';
import type { ReadLog } from '../fleet/read-logs.js';
import { type Shard, takeShard } from '../inventory/shard.js';
import { mergeShards, type NamedDocument } from '../merge/merge-shards.js';
import { parseShardDocument } from '../merge/parse-shard-document.js';
import { buildDocument, type ShardEnd } from '../output/document.js';
import { formatJson } from '../output/json.js';
import { resolveResultsExit } from './app-results.js';
import { combineExits } from './combine-exits.js';
import type { Context } from './context.js';
import { resolveDoctorExit } from './doctor.js';
import { resolveExecExit } from './exec.js';
import { EXIT, resolveExit, resolveRunningExit } from './exit-code.js';
import { resolveFindExit } from './find.js';
import { resolveHostsExit } from './hosts.js';
import { resolveLogsExit } from './logs.js';
import { resolveReleasesExit } from './releases.js';
import { resolveRemoveExit } from './rm.js';
import { VERBS } from './verbs.js';
import { resolveWaitExit } from './wait.js';

/** What decides how a run ends besides its outcomes. */
interface Situation {
  /** The run is about one host; of a shard, the whole run. */
  readonly single: boolean;
  readonly interrupted: boolean;
  /** Something is wrong with the laptop of this run, or of any shard. */
  readonly laptopHasProblem: boolean;
  readonly apps: readonly string[];
}

/** A verb as this test sees it: what its hosts may say, and how it ends. */
interface Case {
  readonly verbs: readonly string[];
  /** The answer of one host; `ok` false where it is an answer and a failure. */
  answer(random: SeededRandom, apps: readonly string[]): { readonly ok: boolean; readonly value: unknown };
  toJson?(value: unknown): Readonly<Record<string, unknown>>;
  resolve(context: Context, outcomes: readonly Outcome<never>[], situation: Situation): number;
}

const STATES = ['running', 'exited', 'unknown', 'unknown'] as const;
const ENDS = [{ exitCode: 0 }, { exitCode: 0 }, { exitCode: 1 }, { exitCode: 4 }, { exitCode: 3 }, { signal: 'TERM' }];

function buildResults(random: SeededRandom, apps: readonly string[]): AppResult[] {
  return apps.map((app) => {
    const state = random.pick(STATES);
    const end = state === 'exited' ? random.pick(ENDS) : {};
    const report = { app, state, exitCode: null, signal: null, ...end };
    return { report, changed: random.chance(0.3) } as unknown as AppResult;
  });
}

const buildReports = (random: SeededRandom, apps: readonly string[]) =>
  buildResults(random, apps).map(({ report }) => report);
const showApps = (value: unknown) => ({ apps: value });
const showResults = (value: unknown) => ({ apps: (value as AppResult[]).map(({ report }) => report) });

const CASES: readonly Case[] = [
  {
    verbs: ['start', 'stop', 'restart', 'signal', 'kill', 'adopt', 'inspect'],
    answer: (random, apps) => ({ ok: true, value: buildResults(random, apps.length > 0 ? apps : ['app']) }),
    toJson: showResults,
    resolve: (context, outcomes) => resolveResultsExit(context, outcomes),
  },
  {
    verbs: ['rm'],
    answer: (random, apps) => ({ ok: true, value: buildResults(random, apps.length > 0 ? apps : ['app']) }),
    toJson: showResults,
    resolve: (context, outcomes) => resolveRemoveExit(context, outcomes),
  },
  {
    verbs: ['status'],
    answer: (random, apps) => ({
      ok: true,
      value: buildReports(random, apps.length > 0 ? apps : random.pick([[], ['app']])),
    }),
    toJson: showApps,
    resolve: (context, outcomes, { apps }) => resolveRunningExit(context, outcomes, apps.length > 0),
  },
  {
    verbs: ['wait'],
    answer: (random, apps) => ({ ok: true, value: buildReports(random, apps.length > 0 ? apps : ['app']) }),
    toJson: showApps,
    resolve: (context, outcomes, { single }) => resolveWaitExit(context, outcomes, single),
  },
  {
    verbs: ['logs'],
    answer: (random) => ({ ok: true, value: random.pick<readonly Partial<ReadLog>[]>([[], [], [{ app: 'app' }]]) }),
    toJson: () => ({ lines: [] }),
    resolve: (context, outcomes, { apps }) => resolveLogsExit(context, outcomes, apps),
  },
  {
    verbs: ['find'],
    answer: (random) => ({ ok: true, value: random.pick<readonly unknown[]>([[], [], [{ pid: 7 }]]) }),
    toJson: (processes) => ({ processes }),
    resolve: (context, outcomes) => resolveFindExit(context, outcomes),
  },
  {
    verbs: ['exec'],
    answer: (random) => {
      const value = { exitCode: null, signal: null, ...random.pick([...ENDS, { exitCode: 130 }, { exitCode: 2 }]) };
      return { ok: value.exitCode === 0, value };
    },
    toJson: (value) => value as Readonly<Record<string, unknown>>,
    resolve: (context, outcomes, { single }) => resolveExecExit(context, outcomes, single),
  },
  {
    verbs: ['doctor'],
    answer: (random) => ({ ok: random.chance(0.8), value: [] }),
    toJson: (findings) => ({ findings }),
    resolve: (context, outcomes, { laptopHasProblem }) => resolveDoctorExit(context, outcomes, laptopHasProblem),
  },
  {
    verbs: ['deploy', 'rollback'],
    answer: (random) => ({ ok: random.chance(0.8), value: {} }),
    resolve: (context, outcomes) => resolveExit(context, outcomes),
  },
  {
    verbs: ['releases'],
    answer: (random, apps) => ({
      ok: true,
      value: buildResults(random, apps.length > 0 ? apps : ['app']).map((result) => ({
        ...result,
        releases: random.pick<readonly unknown[]>([[], [], [{ id: 'x' }]]),
      })),
    }),
    toJson: showResults,
    resolve: (context, outcomes) => resolveReleasesExit(context, outcomes),
  },
  {
    verbs: ['history', 'prune'],
    answer: () => ({ ok: true, value: {} }),
    resolve: (context, outcomes) => resolveExit(context, outcomes),
  },
  {
    verbs: ['hosts'],
    answer: () => ({ ok: true, value: {} }),
    resolve: (_context, outcomes) => resolveHostsExit(outcomes),
  },
];

/** Errors of hosts: a code, and whether our script may have run there. */
const FAILURES: readonly (readonly [code: ErrorCode, reached: readonly boolean[]])[] = [
  ['E_CONNECT_REFUSED', [false]],
  ['E_SKIPPED', [false]],
  ['E_CONFIG', [false]],
  ['E_TIMEOUT', [true, false]],
  ['E_CONNECTION_LOST', [true]],
  ['E_UNKNOWN_RESULT', [true, false]],
];

/** Hosts of a fleet are like each other: else no fleet would ever be all of one kind. */
function buildOutcomes(
  random: SeededRandom,
  { answer }: Case,
  apps: readonly string[],
  size: number,
): Outcome<never>[] {
  const share = random.pick([0, 0, 0.3, 1]);
  const failures = [random.pick(FAILURES), random.pick(FAILURES)];
  return Array.from({ length: size }, (_, index) => {
    const host = `host${index}`;
    if (!random.chance(share)) return { host, reached: true, ...answer(random, apps) } as Outcome<never>;
    const [code, reached] = random.pick(failures);
    const ok = code === 'E_UNKNOWN_RESULT' ? null : false;
    return { host, ok, reached: random.pick(reached), error: new OutlastError(code, 'no') };
  });
}

function buildContext(interrupted: boolean): Context {
  const interrupt = interrupted ? AbortSignal.abort() : new AbortController().signal;
  return { interrupt, output: { error: () => undefined } } as unknown as Context;
}

function printDocument(
  { toJson = () => ({}) }: Case,
  verb: string,
  outcomes: readonly Outcome<never>[],
  { laptopHasProblem, shard }: { readonly laptopHasProblem: boolean; readonly shard?: ShardEnd },
): string {
  const document = buildDocument(verb, outcomes, toJson, shard);
  if (verb !== 'doctor') return formatJson(document);
  const findings = laptopHasProblem ? [{ check: 'node', level: 'problem', message: 'old', remedy: null }] : [];
  return formatJson({ ...document, ok: document.ok === true && !laptopHasProblem, laptop: { findings } });
}

/** One run, whole and in shards; both as document and exit code. */
function runBoth(
  random: SeededRandom,
  each: Case,
  verb: string,
): { readonly whole: unknown; readonly merged: unknown } {
  const apps = random.pick([[], ['app'], ['app', 'other']]);
  const outcomes = buildOutcomes(random, each, apps, random.integer(0, 5));
  const count = random.integer(1, 6);
  // With --retry-failed the shards know of more hosts than the whole run has asked.
  const selected = random.chance(0.2) ? outcomes.length + 3 : outcomes.length;
  const shards = Array.from({ length: count }, (_, index) => ({ index: index + 1, count }));
  const ends = shards.map(() => ({ interrupted: random.chance(0.03), laptopHasProblem: random.chance(0.05) }));
  const any = {
    interrupted: ends.some(({ interrupted }) => interrupted),
    laptopHasProblem: ends.some(({ laptopHasProblem }) => laptopHasProblem),
  };
  const resolveEnd = (own: readonly Outcome<never>[], situation: Situation) =>
    each.resolve(buildContext(situation.interrupted), own, situation);
  const printShard = (shard: Shard, index: number): NamedDocument => {
    const own = takeShard(outcomes, shard);
    const end = ends[index] ?? any;
    const exitCode = resolveEnd(own, { ...end, apps, single: selected === 1 });
    const text = printDocument(each, verb, own, { ...end, shard: { ...shard, exitCode } });
    return { name: `${shard.index}.json`, document: parseShardDocument(text) };
  };
  const documents = shards.map(printShard).sort(() => random.next() - 0.5);
  const { document, run } = mergeShards(documents as [NamedDocument, ...NamedDocument[]]);
  const combine = loaded.get(verb) ?? combineExits;
  return {
    whole: [
      resolveEnd(outcomes, { ...any, apps, single: outcomes.length === 1 }),
      printDocument(each, verb, outcomes, any),
    ],
    merged: [combine(run), formatJson(document)],
  };
}

const WITHOUT_DOCUMENT = ['init', 'completion', 'merge', 'forward', 'open'];
const entries = VERBS.filter(({ name }) => !WITHOUT_DOCUMENT.includes(name));
const loaded = new Map(
  await Promise.all(
    entries.map(async ({ name, load }) => [name, (await load()).combineExits ?? combineExits] as const),
  ),
);

describe('the exit code and the document of a run come out of its shards', () => {
  test.each(entries.map(({ name }) => name))('for %s, however its hosts fared', (verb) => {
    const each = CASES.find(({ verbs }) => verbs.includes(verb));
    if (each === undefined) throw new Error(`say in CASES how ${verb} ends`);
    const random = createSeededRandom(`shards of ${verb}`);
    const seen = new Set<unknown>();
    for (let round = 0; round < 250; round++) {
      const { whole, merged } = runBoth(random, each, verb);
      expect([round, merged]).toEqual([round, whole]);
      seen.add((whole as unknown[])[0]);
    }
    // Every way to end that the verb has was among them.
    expect([...seen]).toEqual(expect.arrayContaining(verb === 'hosts' ? [0, 2] : [0, 1, 2, 4, EXIT.interrupted]));
  });
});
