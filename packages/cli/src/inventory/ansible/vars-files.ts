import type { Stats } from 'node:fs';
import { extname, join } from 'node:path';
import { readTextFile } from '../../config/read-text-file.js';
import { type InventoryDraft, setVariable, type Variables } from './inventory-draft.js';
import { readValue } from './parse-yaml-inventory.js';
import { leadsBack, lookAt, readFolder } from './read-folder.js';
import { parseYamlTree } from './yaml-tree.js';

/** The largest YAML file that is read, in MiB. */
export const MOST_YAML_MEBIBYTES = 16;

const EXTENSIONS = ['.yml', '.yaml', '.json'];

/** Finds the variables that files give to a group or a host. */
export type VarsLookup = (name: string) => Variables | undefined;

/** A folder beside the inventory, and what its files are told in. */
export interface VarsFolder {
  readonly path: string;
  /** What messages call it. */
  readonly name: string;
}

/**
 * Reads `group_vars` or `host_vars`: for each of the names `NAME`, `NAME.yml`, `NAME.yaml` or `NAME.json`, the first that is
 * there, or the files of a folder `NAME`. What is wrong in them is reported to the draft.
 */
export async function readVarsFolder(
  folder: VarsFolder,
  names: Iterable<string>,
  draft: InventoryDraft,
): Promise<VarsLookup> {
  const present = new Set(await readFolder(folder.path, folder.name));
  const found = new Map<string, Variables>();
  if (present.size === 0) return () => undefined;
  for (const name of names) {
    const entry = ['', ...EXTENSIONS].map((extension) => name + extension).find((candidate) => present.has(candidate));
    if (entry === undefined) continue;
    const variables: Variables = new Map();
    for (const file of await listFiles({ path: join(folder.path, entry), name: join(folder.name, entry) })) {
      await readVarsFile(file, variables, draft);
    }
    found.set(name, variables);
  }
  return (name) => found.get(name);
}

async function listFiles(at: VarsFolder, above: readonly Stats[] = []): Promise<VarsFolder[]> {
  const found = await lookAt(at.path);
  if (!found?.isDirectory()) return [at];
  // Below the first one only folders without an extension count, as Ansible has it.
  if (leadsBack(found, above) || (above.length > 0 && extname(at.path) !== '')) return [];
  const entries = (await readFolder(at.path, at.name)).filter(isWanted).sort(compare);
  const inside = [...above, found];
  const lists = entries.map((name) => listFiles({ path: join(at.path, name), name: join(at.name, name) }, inside));
  return (await Promise.all(lists)).flat();
}

function isWanted(name: string): boolean {
  const extension = extname(name);
  return !name.startsWith('.') && !name.endsWith('~') && (extension === '' || EXTENSIONS.includes(extension));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

async function readVarsFile({ path, name }: VarsFolder, variables: Variables, draft: InventoryDraft): Promise<void> {
  const text = await readTextFile(path, name, { mebibytes: MOST_YAML_MEBIBYTES });
  if (text.startsWith('$ANSIBLE_VAULT;')) {
    draft.warn(`${name} is encrypted with Ansible Vault and not read`);
    return;
  }
  const { root, problems } = parseYamlTree(text.replace(/^\ufeff/, ''), name, draft.warn);
  for (const { place, message } of problems) draft.report(place, message);
  if (problems.length > 0 || root.kind === 'empty') return;
  if (root.kind !== 'mapping') {
    draft.report({ file: name, line: 1, column: 1 }, 'a file of variables must be a mapping');
    return;
  }
  for (const [variable, { node, place }] of root.entries) {
    setVariable(variables, variable, { value: readValue(node), place });
  }
}
