import { dirname } from 'node:path';
import { expandHostWords } from '../inventory/host-ranges.js';
import { parseHostAddress } from '../inventory/host-spec.js';
import type { Target } from '../ssh/transport.js';
import type { Config, ConfiguredApp, ConfiguredGroup, ConfiguredHost } from './config.js';
import type { CheckedFile } from './parse-config-file.js';
import type { Place } from './place.js';
import type { ParsedConfigFile } from './schema.js';

type HostSettings = NonNullable<ParsedConfigFile['hosts']>[string];

interface Draft {
  readonly hosts: Map<string, ConfiguredHost>;
  readonly groups: Map<string, ConfiguredGroup>;
  readonly apps: Map<string, ConfiguredApp>;
}

/** Merges files without problems; a name of an earlier file, be it of a host or a group, wins over a later one. */
export function buildConfig(files: readonly CheckedFile[]): Config {
  const draft: Draft = { hosts: new Map(), groups: new Map(), apps: new Map() };
  for (const file of files) addFile(draft, file);
  const transport = files.map(({ settings }) => settings?.transport).find((name) => name !== undefined);
  return {
    files: files.map(({ location }) => location.name),
    ...(transport === undefined ? {} : { transport }),
    ...draft,
  };
}

function addFile(draft: Draft, file: CheckedFile): void {
  const { hosts, groups, apps } = file.settings ?? {};
  const taken = new Set([...draft.hosts.keys(), ...draft.groups.keys()]);
  for (const [key, settings, place] of listEntries(file, 'hosts', hosts)) {
    for (const name of expandHostWords(key)) {
      if (!taken.has(name)) draft.hosts.set(name, buildHost(name, settings, place));
    }
  }
  for (const [name, members, place] of listEntries(file, 'groups', groups)) {
    if (!taken.has(name)) draft.groups.set(name, { members: members.flatMap(expandHostWords), place });
  }
  for (const [name, settings, place] of listEntries(file, 'apps', apps)) {
    const { path } = file.location;
    const hosts = (settings.hosts ?? []).flatMap(expandHostWords);
    draft.apps.set(name, { hosts, settings, folder: dirname(path), file: path, place });
  }
}

// An object puts keys such as `10` first, whatever the order in the file.
function listEntries<Value>(
  { yaml }: CheckedFile,
  section: string,
  entries: Readonly<Record<string, Value>> | null | undefined,
): [string, Value, Place][] {
  return Object.entries(entries ?? {})
    .map(([key, value]): [string, Value, Place] => [key, value, yaml.findPlace([section, key])])
    .sort(([, , a], [, , b]) => a.line - b.line || a.column - b.column);
}

function buildHost(name: string, settings: HostSettings, place: Place): ConfiguredHost {
  if (settings === null) {
    return { target: { name, destination: parseHostAddress(name) }, tags: [], env: buildEnv(undefined), place };
  }
  if ('destination' in settings) {
    return { target: { ...settings, name }, tags: [], env: buildEnv(undefined), place };
  }
  const { address, user, port, tags, env, transport } = settings;
  const target: Target = {
    name,
    destination: address ?? parseHostAddress(name),
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port }),
  };
  return { target, tags: tags ?? [], env: buildEnv(env), ...(transport === undefined ? {} : { transport }), place };
}

function buildEnv(env: Readonly<Record<string, string>> | null | undefined): Readonly<Record<string, string>> {
  return Object.assign(Object.create(null), env);
}
