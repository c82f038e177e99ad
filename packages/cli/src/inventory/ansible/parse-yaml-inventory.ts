import { formatSuggestion, quoteForMessage } from '@outlast/core';
import { formatLine, type Place } from '../../config/place.js';
import { addPattern } from './add-pattern.js';
import { type DraftGroup, type InventoryDraft, setVariable, type Value } from './inventory-draft.js';
import { LET_ANSIBLE_READ } from './parse-listing.js';
import { parseYamlTree, type TreeEntry, type TreeNode } from './yaml-tree.js';

const MOST_GROUPS_READ = 100_000;
const SECTIONS = ['hosts', 'vars', 'children'];

/**
 * Reads an inventory in Ansible's YAML format into the draft; what is wrong in it is reported there.
 *
 * @param file what places call the file.
 */
export function parseYamlInventory(text: string, file: string, draft: InventoryDraft): void {
  const { root, problems } = parseYamlTree(text, file, draft.warn);
  for (const { place, message } of problems) draft.report(place, message);
  if (problems.length > 0) return;
  const start = { file, line: 1, column: 1 };
  if (root.kind !== 'mapping' || root.entries.size === 0) {
    draft.report(start, 'an inventory in YAML is a mapping of groups');
    return;
  }
  const plugin = root.entries.get('plugin');
  if (plugin !== undefined && plugin.node.kind === 'plain') {
    draft.report(plugin.place, `this configures a plugin of Ansible, which only Ansible can run (${LET_ANSIBLE_READ})`);
    return;
  }
  const reader = new GroupReader(draft);
  for (const [name, entry] of root.entries) reader.readGroup(name, entry);
}

class GroupReader {
  readonly #draft: InventoryDraft;
  // What aliases stand for is shared, so that few lines can stand for more groups than anybody has.
  #read = 0;

  constructor(draft: InventoryDraft) {
    this.#draft = draft;
  }

  readGroup(name: string, { place, node }: TreeEntry): DraftGroup | undefined {
    if (++this.#read > MOST_GROUPS_READ) {
      if (this.#read === MOST_GROUPS_READ + 1) this.#draft.report(place, 'the aliases expand to too much');
      return undefined;
    }
    if (name === '') {
      this.#draft.report(place, 'the name of a group is empty');
      return undefined;
    }
    if (node.kind !== 'mapping' && node.kind !== 'empty') {
      this.#draft.report(place, `the group ${quoteForMessage(name)} must be a mapping of hosts, vars and children`);
      return undefined;
    }
    const group = this.#draft.addGroup(name, place);
    if (node.kind === 'mapping') {
      for (const [key, entry] of node.entries) this.#readSection(group, key, entry);
    }
    return group;
  }

  #readSection(group: DraftGroup, key: string, { place, node }: TreeEntry): void {
    if (!SECTIONS.includes(key)) {
      const suggestion = formatSuggestion(key, SECTIONS) || ': a group has hosts, vars and children';
      this.#draft.warn(
        `${formatLine(place)}: ${quoteForMessage(key)} in the group ${quoteForMessage(group.name)} is not followed${suggestion}`,
      );
      return;
    }
    const entries = readEntries(node, place);
    if (entries === undefined) {
      this.#draft.report(place, `\`${key}\` of the group ${quoteForMessage(group.name)} must be a mapping`);
      return;
    }
    for (const [name, entry] of entries) {
      if (key === 'hosts') this.#readHost(group, name, entry);
      else if (key === 'children') this.#readChild(group, name, entry);
      else this.#draft.setGroupVariable(group, name, { value: readValue(entry.node), place: entry.place });
    }
  }

  #readHost(group: DraftGroup, pattern: string, { place, node }: TreeEntry): void {
    const variables = readEntries(node, place);
    if (variables === undefined || node.kind === 'plain') {
      this.#draft.report(place, `the host ${quoteForMessage(pattern)} must have a mapping of variables, or nothing`);
      return;
    }
    for (const host of addPattern(this.#draft, pattern, group, place)) {
      for (const [name, entry] of variables) {
        setVariable(host.variables, name, { value: readValue(entry.node), place: entry.place });
      }
    }
  }

  #readChild(group: DraftGroup, name: string, entry: TreeEntry): void {
    const child = this.readGroup(name, entry);
    if (child !== undefined) this.#draft.addChild(group, child, entry.place);
  }
}

/** Reads a mapping; a name by itself is one with nothing behind it, and nothing at all is an empty one. */
function readEntries(node: TreeNode, place: Place): ReadonlyMap<string, TreeEntry> | undefined {
  if (node.kind === 'mapping') return node.entries;
  if (node.kind === 'empty') return new Map();
  return node.kind === 'plain' ? new Map([[node.text, { place, node: { kind: 'empty' } }]]) : undefined;
}

/** Reads what a variable holds. */
export function readValue(node: TreeNode): Value {
  switch (node.kind) {
    case 'plain':
      return node.text;
    case 'empty':
      return null;
    case 'vault':
      return { unusable: 'is encrypted with Ansible Vault' };
    default:
      return { unusable: 'is a list or a mapping' };
  }
}
