import type { SshOptions, Target } from '../transport.js';
import type { ConfigFiles, HostLine } from './config-files.js';
import { findLineEffect, parseConfigLines } from './config-lines.js';
import { listNamedIdentities } from './reach-arguments.js';
import { matchesWildcard } from './wildcard.js';

/** Hosts of which `ssh -G` says the same, but for the name itself. */
export interface HostClass {
  /** The same for all hosts of the class. */
  readonly key: string;
  /** True where the configuration says where the hosts are; false where their names do. */
  readonly setsHostname: boolean;
  /** The files that ssh has to say it has read, in this order. */
  readonly paths: readonly string[];
  /** The Host lines that ssh has to say it has applied, in this order. */
  readonly applied: readonly string[];
}

// Names and addresses that ssh leaves as they are. It takes `1` for 0.0.0.1, and makes capitals small.
const PLAIN_NAME = /^(?=.{1,253}$)(?:[a-z0-9_-]+\.)*[a-z][a-z0-9_-]*(?:\.[a-z0-9_-]+)*$/;
const OCTET = '(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
const PLAIN_ADDRESS = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);

/** Finds the class of a host; undefined when only ssh itself can tell how it is reached. Pure. */
export function findHostClass(target: Target, options: SshOptions, files: ConfigFiles): HostClass | undefined {
  const { destination } = target;
  if (!files.understood || !(PLAIN_NAME.test(destination) || PLAIN_ADDRESS.test(destination))) return undefined;
  const active = files.blocks.flatMap((block, index) =>
    block.conditions.every((line) => matchesHostLine(line, destination)) ? [{ ...block, index }] : [],
  );
  const effects = [...active, ...findOptionEffects(target, options)];
  if (effects.some(({ usesName }) => usesName)) return undefined;
  return {
    key: JSON.stringify([target.user, target.port, target.identityFiles, options, active.map(({ index }) => index)]),
    setsHostname: effects.some(({ setsHostname }) => setsHostname),
    paths: files.paths,
    applied: listApplied(active.map(({ conditions }) => conditions)),
  };
}

// As in ssh: one match of a negated pattern is the end of it, whatever else matches.
function matchesHostLine({ patterns }: HostLine, name: string): boolean {
  const matching = patterns.filter((pattern) => matchesWildcard(pattern.replace(/^!/, ''), name));
  return matching.length > 0 && !matching.some((pattern) => pattern.startsWith('!'));
}

function listApplied(conditions: readonly (readonly HostLine[])[]): string[] {
  return [...new Set(conditions.flatMap((lines) => lines.map(({ at }) => at)))];
}

const SECTIONS = ['host', 'match', 'include'];

function findOptionEffects(target: Target, options: SshOptions): ReturnType<typeof findLineEffect>[] {
  const odd = { setsHostname: false, usesName: true };
  return [
    ...listNamedIdentities(target, options).map((file) => ({ setsHostname: false, usesName: file.includes('%') })),
    ...options.options.map((option) => {
      const [line, ...more] = parseConfigLines(option) ?? [];
      const isPlain = line !== undefined && more.length === 0 && !SECTIONS.includes(line.keyword);
      return isPlain ? findLineEffect(line) : odd;
    }),
  ];
}
