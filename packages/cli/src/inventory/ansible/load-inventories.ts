import { join } from 'node:path';
import { OutlastError } from '@outlast/core';
import pLimit from 'p-limit';
import type { ConfiguredGroup, ConfiguredHost } from '../../config/config.js';
import { throwProblems } from '../../config/problem.js';
import { readTextFile } from '../../config/read-text-file.js';
import { addPattern } from './add-pattern.js';
import { type FoundInventory, findInventory, type InventorySource } from './find-sources.js';
import { InventoryDraft } from './inventory-draft.js';
import { parseIniInventory } from './parse-ini.js';
import { isListing, LET_ANSIBLE_READ, parseHostAnswer, parseListing } from './parse-listing.js';
import { parseYamlInventory } from './parse-yaml-inventory.js';
import { resolveInventory, type VarsFiles } from './resolve-inventory.js';
import { runInventoryProgram } from './run-program.js';
import { settleGroups } from './settle-groups.js';
import { MOST_YAML_MEBIBYTES, readVarsFolder } from './vars-files.js';

/** Where inventories are looked for, and what they are run in. */
export interface InventoryContext {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Ends the programs. */
  readonly signal: AbortSignal;
  /** Told what is not followed, and is no mistake. */
  warn(message: string): void;
}

/** The hosts and groups of all inventories together, in the order in which Ansible lists them. */
export interface Inventory {
  readonly hosts: ReadonlyMap<string, ConfiguredHost>;
  readonly groups: ReadonlyMap<string, ConfiguredGroup>;
}

const MOST_INI_MEBIBYTES = 64;
const PROGRAMS_AT_ONCE = 8;
const YAML_START = /^(?:---(?:\s|$)|\{|(?:"[^"]*"|'[^']*'|[^\s[\]#=:]+):(?:\s|$))/;

/**
 * Reads Ansible inventories: files in INI or YAML, programs that print JSON, folders of both, lists of hosts with commas; with
 * the `group_vars` and `host_vars` beside them. Several make one, as for Ansible.
 *
 * @throws OutlastError `E_CONFIG` with one line `file:line:column: message` a problem, or when a file cannot be read or a program
 *   fails.
 */
export async function loadInventories(words: readonly string[], context: InventoryContext): Promise<Inventory> {
  const said = new Set<string>();
  const warn = (message: string): void => {
    if (!said.has(message)) context.warn(message);
    said.add(message);
  };
  const draft = new InventoryDraft(warn);
  const found: FoundInventory[] = [];
  for (const word of words) found.push(await findInventory(word, { cwd: context.cwd, warn }));
  for (const { sources } of found) {
    for (const source of sources) await readSource(source, draft, context);
  }
  settleGroups(draft);
  throwProblems(draft.problems);
  const files = await readVarsFiles(found, draft);
  throwProblems(draft.problems);
  if (draft.hosts.size === 0) warn(`${words.join(' ')}: there is no host in the inventory`);
  return resolveInventory(draft, files, found[0]?.sources[0]?.name ?? words[0] ?? '');
}

async function readSource(source: InventorySource, draft: InventoryDraft, context: InventoryContext): Promise<void> {
  if (source.kind === 'list') return readList(source, draft);
  if (source.kind === 'program') return readProgram(source, draft, context);
  if (source.path.endsWith('.toml')) {
    throw new OutlastError('E_CONFIG', `${source.name} is in TOML, which is not understood`, {
      hint: LET_ANSIBLE_READ,
    });
  }
  const mebibytes = source.kind === 'ini' ? MOST_INI_MEBIBYTES : MOST_YAML_MEBIBYTES;
  const text = await readTextFile(source.path, source.name, { mebibytes });
  const isYaml = source.kind === 'yaml' || (source.kind === 'unknown' && beginsAsYaml(text));
  if (!isYaml) parseIniInventory(text, source.name, draft);
  else if (isListing(text)) parseListing({ text, file: source.name }, draft);
  else parseYamlInventory(text.replace(/^\ufeff/, ''), source.name, draft);
}

/** Tells by the first line that says something: no host of an INI file ends in a colon. */
function beginsAsYaml(text: string): boolean {
  const first = text
    .replace(/^\ufeff/, '')
    .split(/\r\n|\n|\r/)
    .find((line) => !/^\s*(?:[#;]|$)/.test(line));
  return first !== undefined && YAML_START.test(first);
}

function readList({ path, name }: InventorySource, draft: InventoryDraft): void {
  const ungrouped = draft.addGroup('ungrouped', undefined);
  for (const word of path.split(',').map((text) => text.trim())) {
    if (word !== '') addPattern(draft, word, ungrouped, { file: name, line: 0, column: 0 });
  }
}

async function readProgram(source: InventorySource, draft: InventoryDraft, context: InventoryContext): Promise<void> {
  const ends = new AbortController();
  const program = { ...source, ...context, signal: AbortSignal.any([context.signal, ends.signal]) };
  const text = await runInventoryProgram(program, ['--list']);
  const toAsk = parseListing({ text, file: `${source.name} --list` }, draft);
  throwProblems(draft.problems);
  const limit = pLimit(PROGRAMS_AT_ONCE);
  try {
    const answers = await Promise.all(
      toAsk.map((host) =>
        limit(async () => ({ host, text: await runInventoryProgram(program, ['--host', host.name]) })),
      ),
    );
    for (const answer of answers) {
      parseHostAnswer(answer.host, { text: answer.text, file: `${source.name} --host ${answer.host.name}` }, draft);
    }
  } catch (error) {
    limit.clearQueue();
    ends.abort(error);
    throw error;
  }
}

/** As in Ansible the files of a later inventory count more. */
async function readVarsFiles(found: readonly FoundInventory[], draft: InventoryDraft): Promise<VarsFiles[]> {
  const folders = new Map(found.flatMap(({ folder }) => (folder === undefined ? [] : [[folder.path, folder]])));
  const files: VarsFiles[] = [];
  for (const folder of folders.values()) {
    const at = (name: string) => ({ path: join(folder.path, name), name: join(folder.name, name) });
    files.push({
      ofGroup: await readVarsFolder(at('group_vars'), draft.groups.keys(), draft),
      ofHost: await readVarsFolder(at('host_vars'), draft.hosts.keys(), draft),
    });
  }
  return files;
}
