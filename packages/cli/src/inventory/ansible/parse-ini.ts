import { formatSuggestion, quoteForMessage } from '@outlast/core';
import type { Place } from '../../config/place.js';
import { addPattern } from './add-pattern.js';
import { type DraftGroup, type InventoryDraft, setVariable } from './inventory-draft.js';
import { readPythonLiteral } from './python-literal.js';
import { splitPythonWords } from './python-words.js';

type Section = 'hosts' | 'children' | 'vars';

/** A group that is spoken of and not declared yet. */
interface Pending {
  readonly section: Section;
  readonly place: Place;
  /** The groups that want it as a child. */
  readonly parents: { readonly group: DraftGroup; readonly place: Place }[];
}

const SECTION = /^\[([^:\]\s]+)(?::([\p{L}\p{N}_]+))?\]\s*(?:#.*)?$/u;
const CHILD = /^([^:\]\s]+)\s*(?:#.*)?$/u;

/**
 * Reads an inventory in Ansible's INI format into the draft; what is wrong in it is reported there.
 *
 * @param file what places call the file.
 */
export function parseIniInventory(text: string, file: string, draft: InventoryDraft): void {
  const reader = new IniReader(draft);
  for (const [index, raw] of text
    .replace(/^\ufeff/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
    const column = raw.length - raw.trimStart().length + 1;
    reader.readLine(line, { file, line: index + 1, column });
  }
  reader.end();
}

class IniReader {
  readonly #draft: InventoryDraft;
  readonly #pending = new Map<string, Pending>();
  #group: DraftGroup;
  /** Undefined behind a header that was refused. */
  #section: Section | undefined = 'hosts';

  constructor(draft: InventoryDraft) {
    this.#draft = draft;
    this.#group = draft.addGroup('ungrouped', undefined);
  }

  readLine(line: string, place: Place): void {
    const header = SECTION.exec(line);
    if (header !== null) {
      this.#begin(header[1] ?? '', header[2] ?? 'hosts', place);
    } else if (line.startsWith('[') && line.endsWith(']')) {
      this.#section = undefined;
      this.#draft.report(
        place,
        `${quoteForMessage(line)} is not a section: write [group], [group:children] or [group:vars]`,
      );
    } else if (this.#section === 'hosts') {
      this.#readHosts(line, place);
    } else if (this.#section === 'children') {
      this.#readChild(line, place);
    } else if (this.#section === 'vars') {
      this.#readVariable(line, place);
    }
  }

  /** Reports the groups that were spoken of and never declared. */
  end(): void {
    const known = [...this.#draft.groups.keys()].filter((name) => !this.#pending.has(name));
    for (const [name, { section, place, parents }] of this.#pending) {
      const suggestion = formatSuggestion(name, known) || `; declare it with [${name}]`;
      const refuse = (where: Place): void =>
        this.#draft.report(where, `there is no group ${quoteForMessage(name)}${suggestion}`);
      if (section === 'vars') refuse(place);
      for (const parent of parents) refuse(parent.place);
    }
  }

  // As in Ansible a child is added when its own header comes, which decides the order of children.
  #begin(name: string, section: string, place: Place): void {
    this.#section = section === 'hosts' || section === 'children' || section === 'vars' ? section : undefined;
    if (this.#section === undefined) {
      const suggestion = formatSuggestion(section, ['hosts', 'children', 'vars']) || ': it is hosts, children or vars';
      this.#draft.report(place, `${quoteForMessage(section)} is not a kind of section${suggestion}`);
      return;
    }
    if (!this.#draft.groups.has(name) && section === 'vars' && !this.#pending.has(name)) {
      this.#pending.set(name, { section, place, parents: [] });
    }
    this.#group = this.#draft.addGroup(name, section === 'vars' ? undefined : place);
    if (section === 'vars') return;
    for (const parent of this.#pending.get(name)?.parents ?? []) {
      this.#draft.addChild(parent.group, this.#group, parent.place);
    }
    this.#pending.delete(name);
  }

  #readHosts(line: string, place: Place): void {
    const split = splitPythonWords(line);
    if ('problem' in split) {
      this.#draft.report(shift(place, split.start), split.problem);
      return;
    }
    const [first, ...rest] = split.words;
    if (first === undefined) return;
    const assignments = rest.flatMap(({ text, start }) => {
      const equals = text.indexOf('=');
      if (equals > 0)
        return [{ name: text.slice(0, equals), text: text.slice(equals + 1), place: shift(place, start) }];
      this.#draft.report(shift(place, start), `${quoteForMessage(text)} is not a variable: write name=value`);
      return [];
    });
    for (const host of addPattern(this.#draft, first.text, this.#group, place)) {
      for (const { name, text, place: at } of assignments) {
        if (name.startsWith('ansible_'))
          setVariable(host.variables, name, { value: readPythonLiteral(text), place: at });
      }
    }
  }

  #readChild(line: string, place: Place): void {
    const name = CHILD.exec(line)?.[1];
    const group = name === undefined ? undefined : this.#draft.groups.get(name);
    if (name === undefined) {
      this.#draft.report(place, `${quoteForMessage(line)} is not the name of a group`);
    } else if (group !== undefined) {
      this.#draft.addChild(this.#group, group, place);
    } else {
      const pending = this.#pending.get(name) ?? { section: 'children', place, parents: [] };
      pending.parents.push({ group: this.#group, place });
      this.#pending.set(name, pending);
    }
  }

  #readVariable(line: string, place: Place): void {
    const equals = line.indexOf('=');
    if (equals < 0) {
      this.#draft.report(place, `${quoteForMessage(line)} is not a variable: write name=value`);
      return;
    }
    const name = line.slice(0, equals).trim();
    if (!name.startsWith('ansible_')) return;
    const value = readPythonLiteral(line.slice(equals + 1).trim());
    this.#draft.setGroupVariable(this.#group, name, { value, place });
  }
}

function shift(place: Place, by: number): Place {
  return { ...place, column: place.column + by };
}
