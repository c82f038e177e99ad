import type { SeededRandom } from '@outlast/test-fixtures';

/** The format of a generated inventory. */
export type Format = 'ini' | 'yaml' | 'json';

/** The files of a generated inventory, each by its path below a folder of its own; the first is the inventory. */
export type GeneratedFiles = readonly (readonly [path: string, text: string])[];

interface Group {
  readonly name: string;
  readonly hosts: readonly (readonly [pattern: string, variables: Settings])[];
  readonly children: readonly Group[];
  readonly variables: Settings;
}

type Settings = readonly (readonly [name: string, value: string | number | null])[];

const PATTERNS = [
  'web[1:4]',
  'web[01:03].example.com',
  'db-[a:c]',
  'n[0:8:3]',
  'r[1:2]s[a:b]',
  '10.0.0.[9:11]',
  'x[Y:Z]',
];
const NAMES = [
  'web1',
  'web2',
  'db-a',
  'n3',
  'alpha',
  'beta.example.com',
  '192.0.2.7',
  '2001:db8::5',
  'under_score',
  '10.0.0.9',
];
const HOST_NAMES = ['ansible_host', 'ansible_ssh_host'];
const PORT_NAMES = ['ansible_port', 'ansible_ssh_port'];
const USER_NAMES = ['ansible_user', 'ansible_ssh_user'];
const KEY_NAMES = ['ansible_ssh_private_key_file', 'ansible_private_key_file'];
const GROUP_NAMES = ['web', 'db', 'eu', 'us_1', 'Zeta', 'a', 'prod'];

/** Draws an inventory with what beside it gives variables. */
export function drawInventory(random: SeededRandom, format: Format): GeneratedFiles {
  const groups = drawGroups(random, format);
  const loose = format === 'json' ? [] : drawHosts(random, format, 3);
  const text = { ini: writeIni, yaml: writeYaml, json: writeJson }[format](random, groups, loose);
  const names = { ini: 'hosts', yaml: 'hosts.yml', json: 'inventory' };
  return [[names[format], text], ...drawVarsFiles(random)];
}

/** Each group may only contain those drawn before it, so that none contains itself. */
function drawGroups(random: SeededRandom, format: Format): Group[] {
  const groups: Group[] = [];
  for (const name of GROUP_NAMES.slice(0, random.integer(1, GROUP_NAMES.length))) {
    const children = groups.filter(() => random.chance(0.35));
    const priority: Settings = random.chance(0.5) ? [['ansible_group_priority', random.integer(0, 5)]] : [];
    const variables = [...drawSettings(random, 0.4), ...priority];
    groups.push({ name, hosts: drawHosts(random, format, 4), children, variables });
  }
  return groups;
}

function drawHosts(random: SeededRandom, format: Format, most: number): Group['hosts'] {
  return Array.from({ length: random.integer(0, most) }, () => {
    const name = format !== 'json' && random.chance(0.4) ? random.pick(PATTERNS) : random.pick(NAMES);
    const host = name.includes('::') ? `[${name}]` : name;
    const pattern = format !== 'json' && random.chance(0.2) ? `${host}:${random.integer(1, 65_535)}` : name;
    return [pattern, drawSettings(random, 0.3)] as const;
  });
}

function drawSettings(random: SeededRandom, probability: number): Settings {
  const draw = (names: readonly string[], value: () => string | number | null): Settings =>
    random.chance(probability) ? [[random.pick(names), value()]] : [];
  return [
    ...draw(HOST_NAMES, () => random.pick(['10.1.1.1', 'real.example.com', '2001:db8::9', null])),
    ...draw(PORT_NAMES, () => random.pick([22, 2222, 65_535, 1])),
    ...draw(USER_NAMES, () => random.pick(['deploy', 'ops.team', 'DOMAIN\\joe', null, 'root'])),
    ...draw(KEY_NAMES, () => random.pick(['~/.ssh/id', '/keys/with space', 'keys/rel#1', null])),
    ...(random.chance(0.2) ? ([['http_port', 80]] as const) : []),
  ];
}

function drawVarsFiles(random: SeededRandom): GeneratedFiles {
  const write = (settings: Settings): string =>
    `---\n${settings.map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`).join('')}`;
  const places = [
    'group_vars/all',
    'group_vars/all/10.yml',
    'group_vars/all/20.yaml',
    'group_vars/web.yml',
    'group_vars/web.json',
  ];
  const more = [
    'group_vars/db/main.yml',
    'group_vars/db/.hidden.yml',
    'group_vars/eu.yaml',
    'host_vars/web1',
    'host_vars/web2.yml',
    'host_vars/alpha/x.json',
    'group_vars/ungrouped.yml',
  ];
  const files = [...places, ...more].filter(() => random.chance(0.15));
  // A file and a folder cannot have one name.
  const isFree = (path: string): boolean => !files.some((other) => path.startsWith(`${other}/`));
  return files.filter(isFree).map((path) => {
    const settings = drawSettings(random, 0.5);
    return [path, path.endsWith('.json') ? JSON.stringify(Object.fromEntries(settings)) : write(settings)] as const;
  });
}

/** Puts the sections in any order, with comments, blank lines and every way to quote. */
function writeIni(random: SeededRandom, groups: readonly Group[], loose: Group['hosts']): string {
  const sections = groups.flatMap(({ name, hosts, children, variables }) => [
    `[${name}]${random.chance(0.2) ? '  # a comment' : ''}\n${hosts.map((host) => writeIniHost(random, host)).join('')}`,
    ...(children.length === 0 ? [] : [`[${name}:children]\n${children.map((child) => `${child.name}\n`).join('')}`]),
    ...(variables.length === 0
      ? []
      : [`[${name}:vars]\n${variables.map(([key, value]) => writeIniVariable(random, key, value)).join('')}`]),
  ]);
  const lines = [loose.map((host) => writeIniHost(random, host)).join(''), ...shuffle(random, sections)];
  const text = lines.join(random.pick(['', '\n', '; note\n', '# [web]\n']));
  return random.chance(0.2) ? text.replaceAll('\n', '\r\n') : text;
}

function writeIniHost(random: SeededRandom, [pattern, variables]: Group['hosts'][number]): string {
  const words = variables.map(([name, value]) => writeIniWord(random, name, value === null ? 'None' : String(value)));
  return `${random.pick(['', '', '  '])}${[pattern, ...words].join(random.pick([' ', '\t', '   ']))}${random.pick(['', '', ' # why', ' '])}\n`;
}

function writeIniWord(random: SeededRandom, name: string, value: string): string {
  const escaped = value.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
  const bare = value.replace(/[\\ #'"]/g, (character) => `\\${character}`);
  return random.pick([`${name}="${escaped}"`, `${name}='${value}'`, `"${name}=${escaped}"`, `${name}=${bare}`]);
}

function writeIniVariable(random: SeededRandom, name: string, value: string | number | null): string {
  const equals = random.pick(['=', ' = ', '= ']);
  const literal =
    typeof value === 'string'
      ? random.pick([value, `"${value.replaceAll('\\', '\\\\')}"`, `'${value.replaceAll('\\', '\\\\')}'`])
      : value;
  const number =
    typeof value === 'number'
      ? random.pick([String(value), `0x${value.toString(16)}`, `${value}  # comment`])
      : literal;
  return `${name}${equals}${number ?? 'None'}\n`;
}

/** Writes each group where it is first a child, and its name alone where it is one again. */
function writeYaml(random: SeededRandom, groups: readonly Group[], loose: Group['hosts']): string {
  const written = new Set<Group>();
  const lines: string[] = [...(random.chance(0.5) ? ['---'] : []), 'all:'];
  writeYamlHosts(lines, loose, '  ');
  const below = groups.filter(() => random.chance(0.7)).reverse();
  if (below.length > 0) lines.push('  children:');
  for (const group of below) writeYamlGroup(lines, group, '    ', written);
  for (const group of groups) if (!below.includes(group)) writeYamlGroup(lines, group, '', written);
  return `${lines.join('\n')}\n`;
}

function writeYamlGroup(lines: string[], group: Group, indent: string, written: Set<Group>): void {
  lines.push(`${indent}${group.name}:`);
  if (written.has(group)) return;
  written.add(group);
  writeYamlHosts(lines, group.hosts, `${indent}  `);
  if (group.children.length > 0) lines.push(`${indent}  children:`);
  for (const child of group.children) writeYamlGroup(lines, child, `${indent}    `, written);
  if (group.variables.length > 0) lines.push(`${indent}  vars:`);
  writeYamlSettings(lines, group.variables, `${indent}    `);
}

function writeYamlHosts(lines: string[], hosts: Group['hosts'], indent: string): void {
  const different = new Map(hosts);
  if (different.size > 0) lines.push(`${indent}hosts:`);
  for (const [pattern, variables] of different) {
    lines.push(`${indent}  ${/[[:]/.test(pattern) ? JSON.stringify(pattern) : pattern}:`);
    writeYamlSettings(lines, variables, `${indent}    `);
  }
}

function writeYamlSettings(lines: string[], settings: Settings, indent: string): void {
  for (const [name, value] of settings) lines.push(`${indent}${name}: ${JSON.stringify(value)}`);
}

/** Writes a program that prints it; of three, one has to be asked for each host. */
function writeJson(random: SeededRandom, groups: readonly Group[]): string {
  const asksHosts = random.chance(0.3);
  const hostvars = Object.fromEntries(
    groups.flatMap(({ hosts }) => hosts).map(([name, variables]) => [name, Object.fromEntries(variables)]),
  );
  const listing = Object.fromEntries(groups.map((group) => [group.name, writeJsonGroup(random, group)]));
  const list = JSON.stringify(asksHosts ? listing : { ...listing, _meta: { hostvars } });
  const answers = Object.entries(hostvars).map(
    ([name, variables]) => `"--host ${name}") cat <<'.'\n${JSON.stringify(variables)}\n.\n;;`,
  );
  return `#!/bin/sh\ncase "$*" in\n--list) cat <<'.'\n${list}\n.\n;;\n${answers.join('\n')}\n*) exit 9 ;;\nesac\n`;
}

function writeJsonGroup(random: SeededRandom, { hosts, children, variables }: Group): unknown {
  const names = hosts.map(([name]) => name);
  if (children.length === 0 && variables.length === 0 && random.chance(0.5)) return names;
  return { hosts: names, vars: Object.fromEntries(variables), children: children.map(({ name }) => name) };
}

function shuffle<T>(random: SeededRandom, items: readonly T[]): T[] {
  const left = [...items];
  return items.map(() => left.splice(random.integer(0, left.length - 1), 1)[0] as T);
}
