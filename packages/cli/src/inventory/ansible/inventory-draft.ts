import { quoteForMessage } from '@outlast/core';
import type { Place } from '../../config/place.js';
import { describeRule, type Problem, throwProblems } from '../../config/problem.js';
import { MOST_HOSTS } from '../host-ranges.js';
import { checkHostName } from './host-pattern.js';

/** What a variable holds: text, nothing (which hides what less counts), or something that cannot be used as text. */
export type Value = string | null | { readonly unusable: string };

/** A variable and where it is set. */
export interface Variable {
  readonly value: Value;
  readonly place: Place;
}

/** Variables whose names begin with `ansible_`; what else an inventory sets is not ours. */
export type Variables = Map<string, Variable>;

/** A host, as far as it was read. */
export interface DraftHost {
  readonly name: string;
  /** Where it is first written. */
  readonly place: Place;
  /** The groups that list it themselves. */
  readonly groups: Set<DraftGroup>;
  readonly variables: Variables;
}

/** A group, as far as it was read. */
export interface DraftGroup {
  readonly name: string;
  /** Where it is first written; undefined for `all` and `ungrouped`, which are always there, until somebody writes them. */
  place: Place | undefined;
  readonly hosts: Set<DraftHost>;
  readonly children: Set<DraftGroup>;
  readonly parents: Set<DraftGroup>;
  readonly variables: Variables;
  /** Among groups of the same depth the higher one counts more. */
  priority: number;
}

const MOST_MENTIONS = 10 * MOST_HOSTS;
const MOST_PROBLEMS = 100;
const TOO_MANY_HOSTS = `with it there are more than ${MOST_HOSTS} hosts`;
const NOWHERE: Place = { file: 'the inventory', line: 0, column: 0 };

/** What all sources of an inventory say together, while they are read one after the other. */
export class InventoryDraft {
  readonly hosts = new Map<string, DraftHost>();
  readonly groups = new Map<string, DraftGroup>();
  readonly problems: Problem[] = [];
  /** Told what is not followed, and is no mistake. */
  readonly warn: (message: string) => void;
  #mentions = 0;

  constructor(warn: (message: string) => void) {
    this.warn = warn;
    this.addChild(this.addGroup('all', undefined), this.addGroup('ungrouped', undefined), NOWHERE);
  }

  report(place: Place, message: string): void {
    if (this.problems.length < MOST_PROBLEMS) this.problems.push({ place, message });
  }

  addGroup(name: string, place: Place | undefined): DraftGroup {
    const known = this.groups.get(name);
    if (known !== undefined) {
      known.place ??= place;
      return known;
    }
    const group = {
      name,
      place,
      hosts: new Set<DraftHost>(),
      children: new Set<DraftGroup>(),
      parents: new Set<DraftGroup>(),
      variables: new Map<string, Variable>(),
      priority: 1,
    };
    if (name === '__proto__') this.report(place ?? NOWHERE, 'a group cannot have the name `__proto__`');
    if (this.groups.size >= MOST_HOSTS) this.#stop(place, `with it there are more than ${MOST_HOSTS} groups`);
    this.groups.set(name, group);
    return group;
  }

  /** Adds a host to a group, if any; undefined for a name that no host can have, which is reported. */
  addHost(name: string, group: DraftGroup | undefined, place: Place): DraftHost | undefined {
    const host = this.hosts.get(name) ?? this.#createHost(name, place);
    if (host === undefined || group === undefined) return host;
    if (++this.#mentions > MOST_MENTIONS) this.#stop(place, `hosts are listed more than ${MOST_MENTIONS} times`);
    host.groups.add(group);
    group.hosts.add(host);
    return host;
  }

  /** Refuses hosts for which there is no room, before any of them is added. */
  checkRoom(names: readonly string[], place: Place): void {
    const added = names.filter((name) => !this.hosts.has(name)).length;
    if (this.hosts.size + added > MOST_HOSTS) this.#stop(place, TOO_MANY_HOSTS);
  }

  addChild(parent: DraftGroup, child: DraftGroup, place: Place): void {
    if (parent === child) {
      this.report(place, `the group ${quoteForMessage(parent.name)} contains itself`);
      return;
    }
    parent.children.add(child);
    child.parents.add(parent);
  }

  setGroupVariable(group: DraftGroup, name: string, variable: Variable): void {
    if (name !== 'ansible_group_priority') {
      setVariable(group.variables, name, variable);
    } else if (typeof variable.value === 'string' && /^\s*[+-]?[0-9]{1,15}\s*$/.test(variable.value)) {
      group.priority = Number(variable.value);
    } else {
      this.report(variable.place, 'ansible_group_priority must be a whole number');
    }
  }

  #createHost(name: string, place: Place): DraftHost | undefined {
    try {
      checkHostName(name);
    } catch (error) {
      this.report(place, describeRule(error));
      return undefined;
    }
    if (this.hosts.size >= MOST_HOSTS) this.#stop(place, TOO_MANY_HOSTS);
    const host = { name, place, groups: new Set<DraftGroup>(), variables: new Map<string, Variable>() };
    this.hosts.set(name, host);
    return host;
  }

  #stop(place: Place | undefined, message: string): void {
    throwProblems([{ place: place ?? NOWHERE, message }]);
  }
}

/** Sets a variable if it is one of those that can say how a host is reached. */
export function setVariable(variables: Variables, name: string, variable: Variable): void {
  if (name.startsWith('ansible_')) variables.set(name, variable);
}
