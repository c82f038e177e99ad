import type { Place } from '../../config/place.js';
import { describeRule } from '../../config/problem.js';
import { expandHostPattern, type HostPattern } from './host-pattern.js';
import { type DraftGroup, type DraftHost, type InventoryDraft, setVariable } from './inventory-draft.js';

/** Adds the hosts that a pattern stands for, with the port that it gives; what is wrong with it is reported. */
export function addPattern(draft: InventoryDraft, pattern: string, group: DraftGroup, place: Place): DraftHost[] {
  let expanded: HostPattern;
  try {
    expanded = expandHostPattern(pattern);
  } catch (error) {
    draft.report(place, describeRule(error));
    return [];
  }
  const { names, port } = expanded;
  draft.checkRoom(names, place);
  return names.flatMap((name) => {
    const isNew = !draft.hosts.has(name);
    const host = draft.addHost(name, group, place);
    if (host === undefined) return [];
    if (port !== undefined && isNew) setVariable(host.variables, 'ansible_port', { value: port, place });
    if (port !== undefined && !isNew) noteLaterPort(draft, host, port, place);
    return [host];
  });
}

// Ansible itself drops it without a word.
function noteLaterPort(draft: InventoryDraft, host: DraftHost, port: string, { file, line }: Place): void {
  if (host.variables.get('ansible_port')?.value === port) return;
  draft.warn(
    `${file}:${line}: the port ${port} of ${host.name} does not count, as in Ansible: it goes with the first mention`,
  );
}
