import { formatSuggestion, quoteForMessage } from '@outlast/core';
import { expandHostsWithin, MOST_HOSTS } from '../inventory/host-ranges.js';
import { type KnownNames, NO_NAMES } from './known-names.js';
import type { CheckedFile } from './parse-config-file.js';
import { describeRule, type Problem } from './problem.js';
import { parseHostKey } from './setting-values.js';

type Section = Readonly<Record<string, unknown>>;
type Complain = (path: readonly PropertyKey[], describe: () => string) => void;

interface Names {
  readonly hosts: Set<string>;
  readonly groups: Set<string>;
  readonly tags: Set<string>;
}

const MOST_PROBLEMS = 100;
const MOST_MEMBERS = 10 * MOST_HOSTS;

/**
 * Checks the names in all files together: each is defined once, and what groups and apps refer to exists. Works on what
 * the schema has not seen yet, so that a file which fails the schema has its names checked as well.
 *
 * @param others what the files may refer to besides.
 */
export function checkNames(files: readonly CheckedFile[], others: KnownNames = NO_NAMES): Problem[] {
  const problems: Problem[] = [];
  const names: Names = { hosts: new Set(), groups: new Set(), tags: new Set() };
  const complainIn =
    ({ yaml, interpolation }: CheckedFile): Complain =>
    (path, describe) => {
      const written = interpolation.findWritten(path);
      if (problems.length >= MOST_PROBLEMS || written?.isMistaken) return;
      problems.push({ place: yaml.findPlace(path), message: written ? describeUnfit(written.text) : describe() });
    };
  for (const file of files) collectNames(file, names, complainIn(file));
  for (const name of others.hosts.keys()) names.hosts.add(name);
  for (const name of others.groups.keys()) names.groups.add(name);
  for (const file of files) checkReferences(file, names, complainIn(file));
  return problems;
}

// The project's file comes first and wins over the user's, so only names that one file repeats are mistakes.
function collectNames({ yaml, location }: CheckedFile, names: Names, complain: Complain): void {
  const { hosts, groups, apps } = readMapping(yaml.value);
  const ownHosts = collectHosts(readMapping(hosts), names.tags, complain);
  for (const name of Object.keys(readMapping(groups))) {
    if (ownHosts.has(name)) {
      complain(['groups', name], () => `${quoteForMessage(name)} is both a host and a group`);
    }
    if (!names.hosts.has(name)) names.groups.add(name);
  }
  for (const name of ownHosts) {
    if (!names.groups.has(name)) names.hosts.add(name);
  }
  if (location.isUserFile && Object.keys(readMapping(apps)).length > 0) {
    complain(['apps'], () => "apps go into a project's outlast.yaml, not into the user's configuration");
  }
}

function collectHosts(hosts: Section, tags: Set<string>, complain: Complain): Set<string> {
  const found = new Set<string>();
  for (const [key, value] of Object.entries(hosts)) {
    try {
      const names = parseHostKey(key, MOST_HOSTS - found.size);
      const mistake = findHostMistake(key, names, value, found);
      if (mistake !== undefined) complain(['hosts', key], () => mistake);
      for (const name of names) found.add(name);
    } catch (error) {
      complain(['hosts', key], () => describeRule(error));
    }
    for (const tag of readStrings(readMapping(value).tags)) tags.add(tag);
  }
  return found;
}

function findHostMistake(
  key: string,
  names: readonly string[],
  value: unknown,
  found: ReadonlySet<string>,
): string | undefined {
  if (names.some((name) => found.has(name))) {
    return `${quoteForMessage(key)} repeats a host`;
  }
  const hasAddress = typeof value === 'string' || readMapping(value).address !== undefined;
  return names.length > 1 && hasAddress
    ? 'several hosts cannot share one address: write only user, port, tags and env'
    : undefined;
}

function checkReferences({ yaml }: CheckedFile, names: Names, complain: Complain): void {
  const { groups, apps } = readMapping(yaml.value);
  const room = { left: MOST_MEMBERS };
  for (const [name, members] of Object.entries(readMapping(groups))) {
    checkMembers(members, { path: ['groups', name], names, complain, room });
    const itself = readStrings(members).indexOf(name);
    if (itself >= 0) {
      complain(['groups', name, itself], () => `the group ${quoteForMessage(name)} contains itself`);
    }
  }
  for (const [name, app] of Object.entries(readMapping(apps))) {
    checkMembers(readMapping(app).hosts, { path: ['apps', name, 'hosts'], names, complain, room });
  }
}

interface MembersCheck {
  readonly path: readonly PropertyKey[];
  readonly names: Names;
  readonly complain: Complain;
  /** How many names all lists together may still have. */
  readonly room: { left: number };
}

function checkMembers(members: unknown, { path, names, complain, room }: MembersCheck): void {
  readStrings(members).forEach((member, index) => {
    if (member === '') return;
    try {
      const words = expandHostsWithin(member, Math.min(room.left, MOST_HOSTS));
      const unknown = words.find((word) => !isKnown(word, names));
      if (unknown !== undefined) complain([...path, index], () => describeUnknown(unknown, names));
      room.left -= words.length;
    } catch (error) {
      complain([...path, index], () => describeRule(error));
    }
  });
}

function isKnown(word: string, { hosts, groups, tags }: Names): boolean {
  return word.startsWith('tag:') ? tags.has(word.slice('tag:'.length)) : hosts.has(word) || groups.has(word);
}

// Of what variables have made only the text is shown as it is written.
function describeUnfit(written: string): string {
  return `what ${quoteForMessage(written)} stands for is not among the hosts, groups and tags of the configuration`;
}

function describeUnknown(word: string, { hosts, groups, tags }: Names): string {
  const known = [...hosts, ...groups, ...[...tags].map((tag) => `tag:${tag}`)];
  const suggestion = formatSuggestion(word, known) || '; add it under `hosts:`';
  return `there is no host or group ${quoteForMessage(word)}${suggestion}`;
}

function readMapping(value: unknown): Section {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Section) : {};
}

// What is no string stays as an empty one, so that the index is still that of the list.
function readStrings(value: unknown): string[] {
  return Array.isArray(value) ? value.map((item) => (typeof item === 'string' ? item : '')) : [];
}
