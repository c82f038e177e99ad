import { escapeForMessage, type Finding, OutlastError, sortFindings } from '@outlast/core';
import { foldHosts } from '../output/fold-hosts.js';
import type { MergedRun } from './merged-run.js';
import type { ShardDocument } from './parse-shard-document.js';

/** A document, and what messages call it. */
export interface NamedDocument {
  readonly name: string;
  readonly document: ShardDocument;
}

/** A whole run: its document, which is that of a run without shards, and what its exit code comes from. */
export interface MergedShards {
  readonly document: Readonly<Record<string, unknown>>;
  readonly run: MergedRun;
}

/**
 * Puts all shards of one run together, whatever their order.
 *
 * @throws OutlastError `E_USAGE` with a line for each thing that does not fit.
 */
export function mergeShards(named: readonly [NamedDocument, ...NamedDocument[]]): MergedShards {
  throwProblems(findStrangers(named));
  throwProblems([...findTwins(named), ...findMissing(named)]);
  throwProblems(findSharedHosts(named));
  const documents = named.map(({ document }) => document).sort((a, b) => a.shard.index - b.shard.index);
  const [{ schema, verb }] = documents as [ShardDocument, ...ShardDocument[]];
  const ok = documents.every((document) => document.ok);
  const outcomes = documents.flatMap((document) => document.outcomes);
  const shards = documents.map(({ shard, outcomes: own }) => ({ exitCode: shard.exitCode, hosts: own.length }));
  return { document: { schema, verb, ok, outcomes, ...mergeLaptops(documents) }, run: { ok, outcomes, shards } };
}

function findStrangers([first, ...others]: readonly [NamedDocument, ...NamedDocument[]]): string[] {
  const { verb, shard } = first.document;
  return others.flatMap(({ name, document }) => {
    if (document.verb !== verb)
      return [
        `${show(name)} is of ${escapeForMessage(document.verb)}, ${show(first.name)} of ${escapeForMessage(verb)}`,
      ];
    if (document.shard.count === shard.count) return [];
    return [`${show(name)} is one of ${document.shard.count} shards, ${show(first.name)} one of ${shard.count}`];
  });
}

function findTwins(named: readonly NamedDocument[]): string[] {
  const names = new Map<number, string>();
  return named.flatMap(({ name, document: { shard } }) => {
    const twin = names.get(shard.index);
    names.set(shard.index, name);
    return twin === undefined
      ? []
      : [`${show(twin)} and ${show(name)} are both shard ${shard.index} of ${shard.count}`];
  });
}

function findMissing([first, ...others]: readonly [NamedDocument, ...NamedDocument[]]): string[] {
  const { count } = first.document.shard;
  const given = new Set([first, ...others].map(({ document }) => document.shard.index));
  const missing = Array.from({ length: count }, (_, index) => index + 1).filter((index) => !given.has(index));
  if (missing.length === 0) return [];
  const numbers = foldHosts(missing.map(String)).join(',');
  return [
    missing.length === 1 ? `shard ${numbers} of ${count} is missing` : `shards ${numbers} of ${count} are missing`,
  ];
}

/** Two machines that split the same selection have no host in common. */
function findSharedHosts(named: readonly NamedDocument[]): string[] {
  const owners = new Map<string, string>();
  return named.flatMap(({ name, document }) =>
    document.outcomes.flatMap(({ host }) => {
      const owner = owners.get(host);
      owners.set(host, name);
      return owner === undefined
        ? []
        : [`${escapeForMessage(host)} is in ${show(owner)} and in ${show(name)}: these runs chose other hosts`];
    }),
  );
}

/** Every machine has looked at itself: what they have found alike is told once. */
function mergeLaptops(documents: readonly ShardDocument[]): Readonly<Record<string, unknown>> {
  const laptops = documents.flatMap(({ laptop }) => (laptop === undefined ? [] : [laptop]));
  if (laptops.length === 0) return {};
  const findings = new Map<string, Finding>();
  for (const finding of laptops.flatMap((laptop) => laptop.findings)) {
    const key = JSON.stringify(finding);
    if (!findings.has(key)) findings.set(key, finding);
  }
  return { laptop: { findings: sortFindings([...findings.values()]) } };
}

const MOST_SHOWN = 20;

function throwProblems(problems: readonly string[]): void {
  if (problems.length === 0) return;
  const more = problems.length - MOST_SHOWN;
  const shown = [...problems.slice(0, MOST_SHOWN), ...(more > 0 ? [`… and ${more} more`] : [])];
  throw new OutlastError('E_USAGE', shown.join('\n'), {
    hint: 'give the documents of all shards of one run, which has the same words but for --shard everywhere',
  });
}

function show(name: string): string {
  return escapeForMessage(name);
}
