import { quoteForMessage } from '@outlast/core';
import type { Place } from '../../config/place.js';
import { isJsonObject, type JsonObject } from '../../input/json-object.js';
import { type DraftGroup, type DraftHost, type InventoryDraft, setVariable, type Value } from './inventory-draft.js';

/** The JSON that an inventory program prints with `--list`, and where it comes from. */
export interface Listing {
  readonly text: string;
  /** The program or the file; only that is known of what stands in it. */
  readonly file: string;
}

/** What to do about an inventory that only Ansible can read. */
export const LET_ANSIBLE_READ = 'name what Ansible makes of it: --inventory <(ansible-inventory -i FILE --list)';

/**
 * Reads what `--list` prints into the draft; what is wrong in it is reported there.
 *
 * @returns the hosts whose variables the listing does not have, so that each is to be asked for with `--host`.
 */
export function parseListing({ text, file }: Listing, draft: InventoryDraft): DraftHost[] {
  const place = { file, line: 0, column: 0 };
  const listing = parseObject(text, 'the inventory', place, draft);
  if (listing === undefined) return [];
  const reader = new ListingReader(draft, place);
  for (const [name, group] of Object.entries(listing)) {
    if (name !== '_meta') reader.readGroup(name, group);
  }
  const meta = listing._meta;
  const hostvars = isJsonObject(meta) ? meta.hostvars : undefined;
  if (hostvars === undefined) return [...reader.hosts];
  if (!isJsonObject(hostvars)) draft.report(place, '`_meta.hostvars` must be an object');
  else
    for (const host of reader.hosts)
      reader.readHostVariables(host, Object.hasOwn(hostvars, host.name) ? hostvars[host.name] : {});
  return [];
}

/** Reads what `--host` prints of one host; nothing at all is no variables. */
export function parseHostAnswer(host: DraftHost, { text, file }: Listing, draft: InventoryDraft): void {
  const place = { file, line: 0, column: 0 };
  if (text.trim() === '') return;
  const variables = parseObject(text, `what it says of ${quoteForMessage(host.name)}`, place, draft);
  new ListingReader(draft, place).readHostVariables(host, variables ?? {});
}

/** Tells whether a JSON text is such a listing rather than an inventory in YAML's shape. */
export function isListing(text: string): boolean {
  if (!/^\ufeff?\s*\{/.test(text)) return false;
  try {
    const value: unknown = JSON.parse(text.replace(/^\ufeff/, ''));
    return isJsonObject(value) && Object.hasOwn(value, '_meta');
  } catch {
    return false;
  }
}

class ListingReader {
  readonly hosts = new Set<DraftHost>();
  readonly #draft: InventoryDraft;
  readonly #place: Place;

  constructor(draft: InventoryDraft, place: Place) {
    this.#draft = draft;
    this.#place = place;
  }

  readGroup(name: string, data: unknown): void {
    if (name === '') {
      this.#draft.report(this.#place, `${quoteForMessage(name)} is not the name of a group`);
      return;
    }
    const group = this.#draft.addGroup(name, this.#place);
    if (!isJsonObject(data)) {
      this.#readHosts(group, data);
    } else if ('hosts' in data || 'vars' in data || 'children' in data) {
      if ('hosts' in data) this.#readHosts(group, data.hosts);
      if ('vars' in data) this.#readGroupVariables(group, data.vars);
      if ('children' in data) this.#readChildren(group, data.children);
    } else {
      // The short form: a host of that name with its variables.
      this.#readHosts(group, [name]);
      this.#readGroupVariables(group, data);
    }
  }

  readHostVariables(host: DraftHost, variables: unknown): void {
    if (!isJsonObject(variables)) {
      this.#draft.report(this.#place, `the variables of ${quoteForMessage(host.name)} must be an object`);
      return;
    }
    for (const [name, value] of Object.entries(variables)) {
      setVariable(host.variables, name, { value: readJsonValue(value), place: this.#place });
    }
  }

  #readHosts(group: DraftGroup, hosts: unknown): void {
    for (const name of this.#readNames(hosts, `the hosts of the group ${quoteForMessage(group.name)}`)) {
      const host = this.#draft.addHost(name, group, this.#place);
      if (host !== undefined) this.hosts.add(host);
    }
  }

  #readChildren(group: DraftGroup, children: unknown): void {
    for (const name of this.#readNames(children, `the children of the group ${quoteForMessage(group.name)}`)) {
      this.#draft.addChild(group, this.#draft.addGroup(name, this.#place), this.#place);
    }
  }

  #readGroupVariables(group: DraftGroup, variables: unknown): void {
    if (!isJsonObject(variables)) {
      this.#draft.report(this.#place, `the vars of the group ${quoteForMessage(group.name)} must be an object`);
      return;
    }
    for (const [name, value] of Object.entries(variables)) {
      this.#draft.setGroupVariable(group, name, { value: readJsonValue(value), place: this.#place });
    }
  }

  #readNames(names: unknown, what: string): string[] {
    const isList = Array.isArray(names) && names.every((name) => typeof name === 'string' && name !== '');
    if (!isList) this.#draft.report(this.#place, `${what} must be a list of names`);
    return isList ? names : [];
  }
}

function parseObject(text: string, what: string, place: Place, draft: InventoryDraft): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text.replace(/^\ufeff/, ''));
    if (isJsonObject(value)) return value;
    draft.report(place, `${what} must be a JSON object`);
  } catch {
    draft.report(place, `${what} is not JSON`);
  }
  return undefined;
}

function readJsonValue(value: unknown): Value {
  if (value === null || typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (!isJsonObject(value)) return { unusable: 'is a list or a mapping' };
  if (typeof value.__ansible_unsafe === 'string') return value.__ansible_unsafe;
  return { unusable: '__ansible_vault' in value ? 'is encrypted with Ansible Vault' : 'is a list or a mapping' };
}
