import { OutlastError, quoteForMessage } from '@outlast/core';
import type { Config, ConfiguredHost } from '../config/config.js';
import { formatLine } from '../config/place.js';
import { throwProblems } from '../config/problem.js';
import { resolveGroup, resolveMembers } from './configured-members.js';
import { dropRepeated } from './drop-repeated.js';
import { excludeHosts } from './exclude-hosts.js';
import { expandHostLists, MOST_HOSTS, splitHostWords } from './host-ranges.js';
import { parseHostSpec, parseHostWord } from './host-spec.js';
import { parseHostsFile } from './hosts-file.js';
import { limitHosts } from './limit-hosts.js';
import type { SelectedHost } from './selected-host.js';

/** What the flags say about hosts; each string as written. */
export interface HostSelection {
  /** `-H`: words, ranges, comma separated. */
  readonly hosts: readonly string[];
  /** `-g`: groups and `tag:…`, comma separated. */
  readonly groups: readonly string[];
  /** `-a`: every host of the configuration. */
  readonly all: boolean;
  /** `-x`: host words, ranges, groups and `tag:…`, comma separated. */
  readonly exclude: readonly string[];
  /** `--limit`: each like `exclude`; only hosts of all of them are kept. */
  readonly limit?: readonly string[];
  /** The text of `--hosts-file`, and what messages call it. */
  readonly hostsFile?: { readonly name: string; readonly text: string };
}

/** The hosts that the configuration gives an app; used where no flag chooses any. */
export interface AppHosts {
  readonly app: string;
  readonly hosts: readonly string[];
}

/**
 * Chooses the hosts of a run: those of `-H`, the hosts file, `-g` and `-a` in this order, or else those of the apps;
 * of these those within every limit, less the excluded ones; each once, in the order written or configured.
 *
 * @throws OutlastError `E_USAGE` for a malformed word, an unknown group, limit or exclusion, over 100,000 hosts, and when
 *   nothing is chosen; `E_CONFIG` for a chosen host of which an inventory says what cannot be done.
 */
export function selectHosts(selection: HostSelection, config: Config, apps: readonly AppHosts[] = []): SelectedHost[] {
  const chosen = [
    ...selectWords(selection.hosts, config),
    ...selectFromFile(selection, config),
    ...selection.groups.flatMap(splitHostWords).flatMap((group) => selectGroup(group, config)),
    ...(selection.all ? selectAll(config) : []),
  ];
  const flagged = selection.hosts.length + selection.groups.length > 0 || selection.all || selection.hostsFile;
  const candidates = flagged ? chosen : apps.flatMap((app) => selectAppHosts(app, config));
  if (candidates.length === 0) {
    throw refuseNothing(selection, config);
  }
  const hosts = dropRepeated(candidates);
  if (hosts.length > MOST_HOSTS) {
    throw new OutlastError('E_USAGE', `${hosts.length} hosts are chosen, more than ${MOST_HOSTS}`, {
      hint: 'choose fewer with -g, -H or -x',
    });
  }
  const left = excludeHosts(limitHosts(hosts, selection.limit ?? [], config), selection.exclude, {
    config,
    chosen: hosts,
  });
  throwProblems(left.flatMap(({ problems = [] }) => problems));
  return left;
}

function selectWords(words: readonly string[], config: Config): SelectedHost[] {
  return expandHostLists(words).map((word) => selectWord(word, config, '-H'));
}

function selectFromFile({ hostsFile }: HostSelection, config: Config): SelectedHost[] {
  if (hostsFile === undefined) {
    return [];
  }
  return parseHostsFile(hostsFile.text, hostsFile.name).map(({ word, user, line }) => {
    const host = selectWord(word, config, `${hostsFile.name}:${line}`);
    return user === undefined ? host : { ...host, target: { ...host.target, user } };
  });
}

// A name of the configuration brings its address, user and port; what the word itself says wins.
function selectWord(word: string, config: Config, source: string): SelectedHost {
  const target = parseHostSpec(word);
  const { host } = parseHostWord(word);
  const configured = config.hosts.get(host);
  if (configured === undefined) {
    if (config.groups.has(word)) {
      throw new OutlastError('E_USAGE', `${quoteForMessage(word)} is a group, not a host`, { hint: `use -g ${word}` });
    }
    return { target, source };
  }
  const merged = { ...configured.target, ...target, destination: configured.target.destination };
  return buildSelected({ ...configured, target: merged }, source);
}

function selectGroup(name: string, config: Config): SelectedHost[] {
  const group = config.groups.get(name);
  return resolveGroup(config, name).map((host) =>
    buildSelected(
      host,
      group === undefined
        ? `${name.replace(':', ' ')} in ${formatLine(host.place)}`
        : `group ${name} in ${formatLine(group.place)}`,
    ),
  );
}

function selectAll(config: Config): SelectedHost[] {
  return [...config.hosts.values()].map((host) => buildSelected(host, formatLine(host.place)));
}

function selectAppHosts({ app, hosts }: AppHosts, config: Config): SelectedHost[] {
  return resolveMembers(config, hosts).map((host) => buildSelected(host, `hosts of app ${app}`));
}

function buildSelected(
  { target, env, transport, problems, notFollowed }: ConfiguredHost,
  source: string,
): SelectedHost {
  return {
    target,
    ...(Object.keys(env).length === 0 ? {} : { env }),
    ...(transport === undefined ? {} : { transport }),
    ...(problems === undefined ? {} : { problems }),
    ...(notFollowed === undefined ? {} : { notFollowed }),
    source,
  };
}

function refuseNothing(selection: HostSelection, config: Config): OutlastError {
  if (selection.hostsFile !== undefined) {
    return new OutlastError('E_USAGE', 'the hosts file names no host', { hint: 'write one host a line' });
  }
  if (selection.all) {
    const hint =
      config.files.length === 0 ? 'write outlast.yaml (outlast init) or choose with -H' : 'add them under `hosts:`';
    return new OutlastError('E_USAGE', 'the configuration has no hosts', { hint });
  }
  return new OutlastError('E_USAGE', 'no hosts are chosen', {
    hint: 'choose with -H host1,host2, -g group or -a, or give the app `hosts:` in outlast.yaml',
  });
}
